import type { Database, Tx } from '@lianban/eventing/database';
import { backoffMs, type Pace } from '@lianban/service-kit/backoff';
import type { Carrier } from '../../carrier/carrier.js';
import {
  type EventState,
  findParcelIds,
  insertEvents,
  lastEvent,
  lockEvents,
  moveCursor,
} from '../../carrier/carrier-event.store.js';
import { applyCarrierEvent, type CarrierEvent, type Outcome } from '../parcel.js';
import { write } from '../parcel.effects.js';
import { loadParcels } from '../parcel.store.js';

const AT_ONCE = 200;

/** Asks the carrier what happened since the stored cursor and applies it. Resolves with the number of events. */
export async function followCarrier(database: Database, carrier: Carrier): Promise<number> {
  const events = await carrier.eventsAfter(await lastEvent(database), AT_ONCE);
  if (events.length > 0) await database.transaction((tx) => takeEvents(tx, events, new Date()));
  return events.length;
}

/** The same work, which after a failure does nothing for a growing while: an absent carrier is not asked, and complained about, at full pace. */
export function withPauses(
  work: () => Promise<number>,
  pace: Pace,
  clock: () => number = Date.now,
): () => Promise<number> {
  let failures = 0;
  let notBefore = 0;
  return async () => {
    if (clock() < notBefore) return 0;
    try {
      const done = await work();
      failures = 0;
      return done;
    } catch (error) {
      notBefore = clock() + backoffMs(++failures, pace, Math.random());
      throw error;
    }
  };
}

/** @idempotent by the carrier's number: what lies at or under the cursor was taken already, perhaps by another instance. */
export async function takeEvents(tx: Tx, told: readonly CarrierEvent[], now: Date): Promise<void> {
  await lockEvents(tx, 'to-apply');
  const cursor = await lastEvent(tx);
  const events = told.filter((event) => event.n > cursor);
  const newest = events.at(-1);
  if (!newest) return;
  const ids = await findParcelIds(
    tx,
    events.map(({ waybill }) => waybill),
  );
  const parcels = await loadParcels(tx, ids.values());
  const outcomes: Outcome[] = [];
  const stateOf = (event: CarrierEvent): EventState => {
    const id = ids.get(event.waybill);
    // The waybill is not stored yet: whoever stores it applies the event.
    if (id === undefined) return 'waiting';
    const outcome = applyCarrierEvent(parcels.get(id)!, event);
    if (!outcome) return 'ignored';
    parcels.set(id, outcome.parcel);
    outcomes.push(outcome);
    return 'applied';
  };
  await insertEvents(
    tx,
    events.map((event) => ({ event, state: stateOf(event) })),
  );
  await write(tx, outcomes, now);
  await moveCursor(tx, newest.n);
}
