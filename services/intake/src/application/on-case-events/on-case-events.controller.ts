import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { caseConcluded, caseStream } from '@lianban/contracts-dispatch/events';
import { receiptConcluded } from '@lianban/contracts-intake/events';
import { type BatchContext, OnEvents } from '@lianban/eventing/batch';
import { is, type ReceivedEvent } from '@lianban/eventing/envelope';
import { append, newEvent } from '@lianban/eventing/outbox';
import { concludeApplications } from '../application.store.js';

/** The end of a case ends its application, and the window is told (办结). */
@Controller()
export class OnCaseEvents {
  @OnEvents(caseStream.topic)
  async apply(@Payload() events: readonly ReceivedEvent[], @Ctx() { tx, now }: BatchContext): Promise<void> {
    const concluded = new Map(
      events.filter((event) => is(caseConcluded, event)).map((event) => [event.caseid, event] as const),
    );
    const applications = await concludeApplications(
      tx,
      [...concluded.values()].map(({ caseid, data }) => ({
        caseId: caseid,
        outcome: data.outcome,
        reason: data.reason,
        at: new Date(data.concludedAt),
      })),
    );
    append(
      tx,
      applications.map(({ caseId, caseNo, source }) => {
        const cause = concluded.get(caseId)!;
        const { outcome, reason, concludedAt: at } = cause.data;
        return newEvent(receiptConcluded, {
          caseId,
          cause,
          time: now,
          data: { caseNo, source, outcome, reason, at },
        });
      }),
    );
  }
}
