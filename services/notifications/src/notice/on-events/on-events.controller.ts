import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { parcelStream } from '@lianban/contracts-courier/events';
import { caseStream } from '@lianban/contracts-dispatch/events';
import { applicationReceived, applicationStream } from '@lianban/contracts-intake/events';
import { type BatchContext, OnEvents } from '@lianban/eventing/batch';
import { is, type ReceivedEvent } from '@lianban/eventing/envelope';
import { v7 as uuidv7 } from 'uuid';
import { contactOf, decideNotice } from '../notice.decide.js';
import { newNotice } from '../notice.js';
import { insertContacts, insertNotices } from '../notice.store.js';

/** Turns what happens to a case into what its applicant must hear. */
@Controller()
export class OnEventsController {
  @OnEvents(applicationStream.topic)
  async application(@Payload() events: readonly ReceivedEvent[], @Ctx() batch: BatchContext): Promise<void> {
    await insertContacts(
      batch.tx,
      events.flatMap((event) => (is(applicationReceived, event) ? contactOf(event.caseid, event.data) : [])),
    );
    await orderNotices(events, batch);
  }

  @OnEvents(caseStream.topic)
  async jointCase(@Payload() events: readonly ReceivedEvent[], @Ctx() batch: BatchContext): Promise<void> {
    await orderNotices(events, batch);
  }

  @OnEvents(parcelStream.topic)
  async parcel(@Payload() events: readonly ReceivedEvent[], @Ctx() batch: BatchContext): Promise<void> {
    await orderNotices(events, batch);
  }
}

async function orderNotices(events: readonly ReceivedEvent[], { tx, now }: BatchContext): Promise<void> {
  await insertNotices(
    tx,
    events.flatMap((event) => {
      const decision = decideNotice(event);
      if (!decision) return [];
      return newNotice({
        ...decision,
        id: uuidv7(),
        caseId: event.caseid,
        correlationId: event.correlationid,
        causeId: event.id,
        createdAt: now,
      });
    }),
  );
}
