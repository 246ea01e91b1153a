import type { Tx } from '@lianban/eventing/database';
import type { CustodyEntry, Incident, Parcel } from './parcel.js';

const columns = `id, case_id as "caseId", case_no as "caseNo", step_id as "stepId", contents, things, sender, receiver, payer,
  correlation_id as "correlationId", requested_at as "requestedAt", status, attempt, custody_steps as "custodySteps",
  seal_no as "sealNo", waybill, changed_at as "changedAt", posting`;

/** The parcels among `ids` that exist, locked until the transaction ends; always in the order of their ids, so that instances do not deadlock. */
export async function loadParcels(tx: Tx, ids: Iterable<string>): Promise<Map<string, Parcel>> {
  const rows = await tx.query<Parcel>({
    name: 'parcels-lock',
    text: `select ${columns} from parcel where id = any($1::uuid[]) order by id for update`,
    values: [[...new Set(ids)]],
  });
  return new Map(rows.map((row) => [row.id, row]));
}

const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));

/** @idempotent by the parcel's id. */
export async function insertParcels(tx: Tx, parcels: readonly Parcel[]): Promise<void> {
  if (parcels.length === 0) return;
  await tx.query({
    name: 'parcels-insert',
    text: `insert into parcel (id, case_id, case_no, step_id, contents, things, sender, receiver, sender_locality, receiver_locality,
        payer, correlation_id, requested_at, status, attempt, custody_steps, changed_at)
      select *, 'requested', 1, 0, requested_at
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::jsonb[], $8::jsonb[], $9::text[], $10::text[],
          $11::text[], $12::text[], $13::timestamptz[])
          as new (id, case_id, case_no, step_id, contents, things, sender, receiver, sender_locality, receiver_locality, payer, correlation_id, requested_at)
      on conflict (id) do nothing`,
    values: [
      parcels.map((p) => p.id),
      parcels.map((p) => p.caseId),
      parcels.map((p) => p.caseNo),
      parcels.map((p) => p.stepId),
      parcels.map((p) => p.contents),
      parcels.map((p) => json(p.things)),
      parcels.map((p) => json(p.sender)),
      parcels.map((p) => json(p.receiver)),
      parcels.map((p) => p.sender.locality.code),
      parcels.map((p) => p.receiver.locality.code),
      parcels.map((p) => p.payer),
      parcels.map((p) => p.correlationId),
      parcels.map((p) => p.requestedAt),
    ],
  });
}

/** Writes back how far the parcels are; what was ordered is never rewritten. Keeps `posting_due` in step. */
export async function saveParcels(tx: Tx, parcels: readonly Parcel[]): Promise<void> {
  if (parcels.length === 0) return;
  await tx.query({
    name: 'parcels-save',
    text: `update parcel set status = new.status, attempt = new.attempt, custody_steps = new.custody_steps, seal_no = new.seal_no,
        waybill = new.waybill, changed_at = new.changed_at, posting = new.posting
      from unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::text[], $6::text[], $7::timestamptz[], $8::jsonb[])
        as new (id, status, attempt, custody_steps, seal_no, waybill, changed_at, posting)
      where parcel.id = new.id`,
    values: [
      parcels.map((p) => p.id),
      parcels.map((p) => p.status),
      parcels.map((p) => p.attempt),
      parcels.map((p) => p.custodySteps),
      parcels.map((p) => p.sealNo),
      parcels.map((p) => p.waybill),
      parcels.map((p) => p.changedAt),
      parcels.map((p) => json(p.posting)),
    ],
  });
  const waiting = parcels.filter((p) => p.status === 'posting');
  const settled = parcels.filter((p) => p.status !== 'posting');
  if (waiting.length > 0)
    await tx.query({
      name: 'posting-due-set',
      text: `insert into posting_due (parcel_id, due_at) select * from unnest($1::uuid[], $2::timestamptz[])
        on conflict (parcel_id) do update set due_at = excluded.due_at`,
      values: [waiting.map((p) => p.id), waiting.map((p) => p.posting.nextAt)],
    });
  if (settled.length > 0)
    await tx.query({
      name: 'posting-due-clear',
      text: `delete from posting_due where parcel_id = any($1::uuid[])`,
      values: [settled.map((p) => p.id)],
    });
}

export async function insertCustody(tx: Tx, entries: readonly CustodyEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await tx.query({
    name: 'custody-insert',
    text: `insert into custody (parcel_id, n, attempt, at, what, by_whom, giver, taker, seal_no, waybill, note)
      select * from unnest($1::uuid[], $2::int[], $3::int[], $4::timestamptz[], $5::text[], $6::text[], $7::jsonb[], $8::jsonb[], $9::text[], $10::text[], $11::text[])`,
    values: [
      entries.map((e) => e.parcelId),
      entries.map((e) => e.n),
      entries.map((e) => e.attempt),
      entries.map((e) => e.at),
      entries.map((e) => e.what),
      entries.map((e) => e.byWhom),
      entries.map((e) => json(e.giver)),
      entries.map((e) => json(e.taker)),
      entries.map((e) => e.sealNo),
      entries.map((e) => e.waybill),
      entries.map((e) => e.note),
    ],
  });
}

export async function insertIncidents(tx: Tx, incidents: readonly Incident[]): Promise<void> {
  if (incidents.length === 0) return;
  await tx.query({
    name: 'incidents-insert',
    text: `insert into incident (parcel_id, attempt, kind, at) select * from unnest($1::uuid[], $2::int[], $3::text[], $4::timestamptz[])`,
    values: [
      incidents.map((i) => i.parcelId),
      incidents.map((i) => i.attempt),
      incidents.map((i) => i.kind),
      incidents.map((i) => i.at),
    ],
  });
}

export const resolveIncidents = (tx: Tx, parcelId: string, resolution: string, now: Date): Promise<object[]> =>
  tx.query({
    name: 'incidents-resolve',
    text: `update incident set resolved_at = $2, resolution = $3 where parcel_id = $1 and resolved_at is null`,
    values: [parcelId, now, resolution],
  });
