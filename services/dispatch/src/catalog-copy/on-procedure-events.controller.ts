import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { procedurePublished, procedureStream } from '@lianban/contracts-catalog/events';
import { type BatchContext, OnEvents } from '@lianban/eventing/batch';
import { is, type ReceivedEvent } from '@lianban/eventing/envelope';
import { append } from '@lianban/eventing/outbox';
import { parseProcedure } from '@lianban/procedure/procedure';
import { open } from '../case/case.effects.js';
import { insertTimeline, loadAwaiting, saveCases } from '../case/case.store.js';
import { loadProcedures, lockCopies, storeProcedures } from './procedure.store.js';

/** Cases opened per statement when their procedure arrives. */
const CHUNK = 500;

/** Copies every version the catalog publishes, because a running case keeps the one it began with; opens the cases that waited for it. */
@Controller()
export class OnProcedureEvents {
  @OnEvents(procedureStream.topic)
  async apply(@Payload() events: readonly ReceivedEvent[], @Ctx() { tx, now }: BatchContext): Promise<void> {
    const published = events.filter((event) => is(procedurePublished, event));
    for (const { data } of published) {
      // A document no case could run by is a poison message here, not one in each of its cases.
      const { id, version } = parseProcedure(data.document);
      if (id !== data.id || version !== data.version)
        throw new Error(`procedure ${data.id} ${data.version} carries the document of ${id} ${version}`);
    }
    await lockCopies(tx, 'to-store');
    await storeProcedures(
      tx,
      published.map((event) => event.data),
    );
    const procedures = await loadProcedures(
      tx,
      published.map((event) => event.data),
    );
    for (const event of published) {
      const procedure = procedures.find(event.data)!;
      for (;;) {
        const waiting = await loadAwaiting(tx, event.data, CHUNK);
        const outcomes = waiting.map((joint) =>
          open(joint, procedure, now, { id: event.id, correlationid: joint.correlationId }),
        );
        await saveCases(
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
        if (waiting.length < CHUNK) break;
      }
    }
  }
}
