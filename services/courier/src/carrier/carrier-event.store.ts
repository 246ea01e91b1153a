import type { Tx } from '@lianban/eventing/database';
import type { CarrierEvent } from '../parcel/parcel.js';

/**
 * A waybill may be stored only while no events are being applied, and the other way round: otherwise each transaction would miss
 * the other's row, and an event that came before its waybill was stored would wait for ever.
 */
export const lockEvents = (tx: Tx, mode: 'to-apply' | 'to-store-waybill'): Promise<object[]> =>
  tx.query({
    text: `select ${mode === 'to-apply' ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared'}(hashtext('courier:carrier-events'))`,
  });

/** Number of the last event taken in. */
export async function lastEvent(tx: Pick<Tx, 'query'>): Promise<number> {
  const [row] = await tx.query<{ n: string }>({
    name: 'carrier-cursor',
    text: 'select last_n as n from carrier_cursor',
  });
  return Number(row!.n);
}

export const moveCursor = (tx: Tx, n: number): Promise<object[]> =>
  tx.query({ name: 'carrier-cursor-move', text: 'update carrier_cursor set last_n = $1', values: [n] });

export type EventState = 'waiting' | 'applied' | 'ignored';

/** @idempotent by the carrier's number. */
export async function insertEvents(
  tx: Tx,
  events: readonly { event: CarrierEvent; state: EventState }[],
): Promise<void> {
  if (events.length === 0) return;
  await tx.query({
    name: 'carrier-events-insert',
    text: `insert into carrier_event (n, waybill, kind, place, at, signed_by, state)
      select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[])
      on conflict (n) do nothing`,
    values: [
      events.map(({ event }) => event.n),
      events.map(({ event }) => event.waybill),
      events.map(({ event }) => event.kind),
      events.map(({ event }) => event.place),
      events.map(({ event }) => event.at),
      events.map(({ event }) => event.signedBy),
      events.map(({ state }) => state),
    ],
  });
}

/** Events of these waybills that came before the waybill was stored, in order. */
export async function loadWaiting(tx: Tx, waybills: readonly string[]): Promise<CarrierEvent[]> {
  const rows = await tx.query<Omit<CarrierEvent, 'n'> & { n: string }>({
    name: 'carrier-events-waiting',
    text: `select n, waybill, kind, place, at, signed_by as "signedBy" from carrier_event
      where waybill = any($1::text[]) and state = 'waiting' order by n`,
    values: [waybills],
  });
  return rows.map((row) => ({ ...row, n: Number(row.n) }));
}

export async function setStates(tx: Tx, states: readonly { n: number; state: EventState }[]): Promise<void> {
  if (states.length === 0) return;
  await tx.query({
    name: 'carrier-events-state',
    text: `update carrier_event set state = new.state from unnest($1::bigint[], $2::text[]) as new (n, state) where carrier_event.n = new.n`,
    values: [states.map(({ n }) => n), states.map(({ state }) => state)],
  });
}

export async function insertWaybills(
  tx: Tx,
  waybills: readonly { waybill: string; parcelId: string; attempt: number }[],
): Promise<void> {
  if (waybills.length === 0) return;
  await tx.query({
    name: 'waybills-insert',
    text: `insert into waybill (waybill, parcel_id, attempt) select * from unnest($1::text[], $2::uuid[], $3::int[]) on conflict (waybill) do nothing`,
    values: [
      waybills.map(({ waybill }) => waybill),
      waybills.map(({ parcelId }) => parcelId),
      waybills.map(({ attempt }) => attempt),
    ],
  });
}

/** Parcel ids by waybill, of all attempts. */
export async function findParcelIds(tx: Tx, waybills: readonly string[]): Promise<Map<string, string>> {
  const rows = await tx.query<{ waybill: string; parcelId: string }>({
    name: 'waybills-find',
    text: `select waybill, parcel_id as "parcelId" from waybill where waybill = any($1::text[])`,
    values: [[...new Set(waybills)]],
  });
  return new Map(rows.map(({ waybill, parcelId }) => [waybill, parcelId]));
}
