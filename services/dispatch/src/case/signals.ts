import { Logger } from '@nestjs/common';
import type { BatchContext } from '@lianban/eventing/batch';
import type { ReceivedEvent } from '@lianban/eventing/envelope';
import { append, type NewEvent } from '@lianban/eventing/outbox';
import { loadProcedures } from '../catalog-copy/procedure.store.js';
import { advance, type Occurrence } from './case.effects.js';
import { insertTimeline, loadCases, saveCases } from './case.store.js';
import type { TimelineEntry } from './joint-case.js';

const logger = new Logger('signals');

/**
 * Applies a batch of signals: every case touched is read once, folded in memory and written once.
 * A signal nobody here can use never stops the batch: about a known case it becomes a line of the timeline, otherwise of the log.
 */
export async function applyOccurrences(
  batch: BatchContext,
  occurrences: readonly { event: ReceivedEvent; occurrence: Occurrence }[],
): Promise<void> {
  const { tx, now } = batch;
  const cases = await loadCases(
    tx,
    occurrences.map(({ event }) => event.caseid),
  );
  const procedures = await loadProcedures(
    tx,
    [...cases.values()].map((joint) => joint.procedure),
  );
  const changed = new Set<string>();
  const entries: TimelineEntry[] = [];
  const events: NewEvent[] = [];
  for (const { event, occurrence } of occurrences) {
    const joint = cases.get(event.caseid);
    const procedure = joint?.state ? procedures.find(joint.procedure) : undefined;
    if (!joint || !procedure) {
      logger.warn(
        `${event.type} ${event.id} ignored: ${joint ? 'the case waits for its procedure' : 'unknown case'} ${event.caseid}`,
      );
      continue;
    }
    const outcome = advance(joint, procedure, occurrence, now, event);
    cases.set(joint.id, outcome.joint);
    changed.add(joint.id);
    entries.push(...outcome.entries);
    events.push(...outcome.events);
  }
  await saveCases(
    tx,
    [...changed].map((id) => cases.get(id)!),
  );
  await insertTimeline(tx, entries);
  append(tx, events);
}
