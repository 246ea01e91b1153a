import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { applicationReceived, applicationStream } from '@lianban/contracts-intake/events';
import { type BatchContext, OnEvents } from '@lianban/eventing/batch';
import { is, type ReceivedEvent } from '@lianban/eventing/envelope';
import { append } from '@lianban/eventing/outbox';
import { loadProcedures, lockCopies } from '../../catalog-copy/procedure.store.js';
import { awaitProcedure, open } from '../case.effects.js';
import { insertCases, insertTimeline } from '../case.store.js';
import { newCase } from '../joint-case.js';

/** Each application becomes a joint case: opened at once, or waiting for its procedure version to be published. */
@Controller()
export class OnApplicationEvents {
  @OnEvents(applicationStream.topic)
  async apply(@Payload() events: readonly ReceivedEvent[], @Ctx() { tx, now }: BatchContext): Promise<void> {
    const received = events.filter((event) => is(applicationReceived, event));
    const refs = received.map((event) => event.data.procedure);
    let procedures = await loadProcedures(tx, refs);
    if (refs.some((ref) => !procedures.find(ref))) {
      await lockCopies(tx, 'to-wait');
      procedures = await loadProcedures(tx, refs);
    }
    const outcomes = received.map((event) => {
      const { source: _, receivedAt, ...application } = event.data;
      const joint = newCase({
        ...application,
        id: event.caseid,
        correlationId: event.correlationid,
        receivedAt: new Date(receivedAt),
      });
      const procedure = procedures.find(joint.procedure);
      return procedure ? open(joint, procedure, now, event) : awaitProcedure(joint, now, event);
    });
    await insertCases(
      tx,
      outcomes.map(({ joint }) => joint),
    );
    await insertTimeline(
      tx,
      outcomes.flatMap(({ entries }) => entries),
    );
    append(
      tx,
      outcomes.flatMap((outcome) => outcome.events),
    );
  }
}
