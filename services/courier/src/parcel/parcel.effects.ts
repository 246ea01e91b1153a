/** Writes what a step of a parcel leaves behind: its state, its custody chain, its incidents and its events, in one transaction. */
import {
  parcelDelivered,
  parcelLost,
  parcelMoved,
  parcelPosted,
  parcelResent,
  parcelReturned,
  parcelSealed,
  type ParcelStation,
} from '@lianban/contracts-courier/events';
import type { Tx } from '@lianban/eventing/database';
import { append, type NewEvent, newEvent } from '@lianban/eventing/outbox';
import type { Notable, Outcome, Parcel, Station } from './parcel.js';
import { insertCustody, insertIncidents, resolveIncidents, saveParcels } from './parcel.store.js';

const definitions = {
  sealed: parcelSealed,
  posted: parcelPosted,
  moved: parcelMoved,
  delivered: parcelDelivered,
  lost: parcelLost,
  returned: parcelReturned,
  resent: parcelResent,
} satisfies Record<Station, unknown>;

/** Who did it, where a person did. */
export interface Doer {
  subject: string;
  locality?: string;
}

export const stationOf = (parcel: Parcel, { place, at }: Notable): ParcelStation => ({
  parcelId: parcel.id,
  caseNo: parcel.caseNo,
  stepId: parcel.stepId,
  contents: parcel.contents,
  from: parcel.sender,
  to: parcel.receiver,
  waybill: parcel.waybill,
  sealNo: parcel.sealNo,
  attempt: parcel.attempt,
  place,
  at: at.toISOString(),
});

export function eventsOf({ parcel, published }: Outcome, doer?: Doer): NewEvent[] {
  return published.map((notable) =>
    newEvent(definitions[notable.station], {
      caseId: parcel.caseId,
      data: stationOf(parcel, notable),
      correlationId: parcel.correlationId,
      ...(doer ? { actor: doer.subject } : {}),
      ...(doer?.locality ? { locality: doer.locality } : {}),
    }),
  );
}

/** `outcomes` in the order they happened; several may be about one parcel. */
export async function write(tx: Tx, outcomes: readonly Outcome[], now: Date, doer?: Doer): Promise<void> {
  const last = new Map(outcomes.map(({ parcel }) => [parcel.id, parcel]));
  await saveParcels(tx, [...last.values()]);
  await insertCustody(
    tx,
    outcomes.flatMap(({ custody }) => custody),
  );
  await insertIncidents(
    tx,
    outcomes.flatMap(({ incident }) => incident ?? []),
  );
  for (const { parcel, resolves } of outcomes)
    if (resolves !== null) await resolveIncidents(tx, parcel.id, resolves, now);
  append(
    tx,
    outcomes.flatMap((outcome) => eventsOf(outcome, doer)),
  );
}
