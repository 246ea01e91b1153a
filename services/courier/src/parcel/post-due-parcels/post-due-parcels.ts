import type { Database, Tx } from '@lianban/eventing/database';
import { inGroups } from '@lianban/service-kit/outside-call';
import type { Carrier, Handover } from '../../carrier/carrier.js';
import { insertWaybills, loadWaiting, lockEvents, setStates } from '../../carrier/carrier-event.store.js';
import type { CarrierConfig } from '../../config.js';
import { applyCarrierEvent, claimPosting, type Outcome, type Parcel, posted, postingFailed } from '../parcel.js';
import { write } from '../parcel.effects.js';
import { loadParcels, saveParcels } from '../parcel.store.js';

/** Parcels handed over side by side by one instance. */
const AT_ONCE = 16;

/** The parcel as it was when it was claimed, and what the carrier said. */
export interface Answered {
  parcel: Parcel;
  handover: Handover;
}

/**
 * Hands parcels in state `posting` to the carrier: claim (committed), call (outside any transaction), mark. A crash in between leaves
 * the claim, whose time runs out; the parcel is then handed over again under the same key, and the carrier gives the same waybill.
 */
export async function postDueParcels(
  database: Database,
  carrier: Carrier,
  config: Pick<CarrierConfig, 'timeoutMs' | 'backoff'>,
): Promise<number> {
  const claimed = await database.transaction((tx) => claimDue(tx, config.timeoutMs, new Date()));
  const calls = claimed.map(async (parcel) => ({ parcel, handover: await carrier.handOver(parcel) }));
  for await (const answered of inGroups(calls)) {
    await database.transaction((tx) => markAnswered(tx, answered, config.backoff, new Date()));
  }
  return claimed.length;
}

/** Nobody else takes a claimed parcel before twice the longest call has passed. */
export async function claimDue(tx: Tx, timeoutMs: number, now: Date): Promise<Parcel[]> {
  const due = await tx.query<{ id: string }>({
    name: 'posting-claim',
    text: `select parcel_id as id from posting_due where due_at <= $1 order by due_at limit ${AT_ONCE} for update skip locked`,
    values: [now],
  });
  if (due.length === 0) return [];
  const until = new Date(now.getTime() + timeoutMs * 2 + 1_000);
  const parcels = await loadParcels(
    tx,
    due.map(({ id }) => id),
  );
  const claimed = [...parcels.values()].map((parcel) => claimPosting(parcel, until));
  await saveParcels(tx, claimed);
  return claimed.filter((parcel) => parcel.status === 'posting');
}

export async function markAnswered(
  tx: Tx,
  answered: readonly Answered[],
  pace: CarrierConfig['backoff'],
  now: Date,
): Promise<void> {
  await lockEvents(tx, 'to-store-waybill');
  const parcels = await loadParcels(
    tx,
    answered.map(({ parcel }) => parcel.id),
  );
  const outcomes: Outcome[] = [];
  const failed: Parcel[] = [];
  const waybills: { waybill: string; parcelId: string; attempt: number }[] = [];
  for (const { parcel: claimed, handover } of answered) {
    const parcel = parcels.get(claimed.id)!;
    if ('error' in handover) {
      const next = postingFailed(parcel, claimed.attempt, handover.error, pace, Math.random(), now);
      if (next !== parcel) failed.push(next);
      continue;
    }
    waybills.push({ waybill: handover.waybill, parcelId: parcel.id, attempt: claimed.attempt });
    const outcome = posted(parcel, claimed.attempt, handover.waybill, now);
    if (outcome.parcel === parcel) continue;
    parcels.set(parcel.id, outcome.parcel);
    outcomes.push(outcome);
  }
  await insertWaybills(tx, waybills);
  // The carrier may have told of the parcel before we stored its waybill.
  const early = await loadWaiting(
    tx,
    waybills.map(({ waybill }) => waybill),
  );
  const idOf = new Map(waybills.map(({ waybill, parcelId }) => [waybill, parcelId]));
  const states = early.map((event) => {
    const outcome = applyCarrierEvent(parcels.get(idOf.get(event.waybill)!)!, event);
    if (!outcome) return { n: event.n, state: 'ignored' as const };
    parcels.set(outcome.parcel.id, outcome.parcel);
    outcomes.push(outcome);
    return { n: event.n, state: 'applied' as const };
  });
  await setStates(tx, states);
  await saveParcels(tx, failed);
  await write(tx, outcomes, now);
}
