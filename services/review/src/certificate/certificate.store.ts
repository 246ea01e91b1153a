import type { Database, Tx } from '@lianban/eventing/database';
import { Filter, mapPage, selectPage } from '@lianban/service-kit/list';
import type { Page, PageQuery } from '@lianban/service-kit/paging';
import type { Certificate } from './certificate.js';
import { numberOf } from './certificate.js';

const columns = `id, task_id as "taskId", case_id as "caseId", case_no as "caseNo", kind, name, number, item, body, holder,
  verification_code as "verificationCode", template, document, sha256, issued_at as "issuedAt",
  case when revoked_at is null then null else jsonb_build_object('reason', revoke_reason, 'at', revoked_at) end as revoked`;

type CertificateRow = Omit<Certificate, 'revoked'> & { revoked: { reason: string; at: string } | null };
const fromRow = (row: CertificateRow): Certificate => ({
  ...row,
  revoked: row.revoked && { reason: row.revoked.reason, at: new Date(row.revoked.at) },
});

/**
 * One number per entry of `series`, in that order. The counters belong to this transaction until it ends, so a rollback leaves no gap;
 * they are locked in the order of their names, after the tasks, so that instances do not deadlock.
 */
export async function allotNumbers(tx: Tx, series: readonly string[]): Promise<string[]> {
  if (series.length === 0) return [];
  const wanted = new Map<string, number>();
  for (const name of series) wanted.set(name, (wanted.get(name) ?? 0) + 1);
  const rows = await tx.query<{ series: string; last: number }>({
    name: 'certificate-numbers',
    text: `insert into certificate_counter as counter (series, last)
      select * from unnest($1::text[], $2::int[]) as wanted (series, count) order by series
      on conflict (series) do update set last = counter.last + excluded.last
      returning series, last`,
    values: [[...wanted.keys()], [...wanted.values()]],
  });
  const next = new Map(rows.map((row) => [row.series, row.last - wanted.get(row.series)! + 1]));
  return series.map((name) => {
    const count = next.get(name)!;
    next.set(name, count + 1);
    return numberOf(name, count);
  });
}

export async function insertCertificates(tx: Tx, certificates: readonly Certificate[]): Promise<void> {
  if (certificates.length === 0) return;
  const text = (pick: (c: Certificate) => string) => certificates.map(pick);
  const json = (pick: (c: Certificate) => object) => certificates.map((c) => JSON.stringify(pick(c)));
  await tx.query({
    name: 'certificates-insert',
    text: `insert into certificate (id, task_id, case_id, case_no, kind, name, number, item, body, locality, holder, verification_code, template, document, sha256, issued_at)
      select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::jsonb[], $7::text[], $8::jsonb[], $9::jsonb[], $10::text[], $11::jsonb[],
        $12::text[], $13::int[], $14::text[], $15::text[], $16::timestamptz[])`,
    values: [
      text((c) => c.id),
      text((c) => c.taskId),
      text((c) => c.caseId),
      text((c) => c.caseNo),
      text((c) => c.kind),
      json((c) => c.name),
      text((c) => c.number),
      json((c) => c.item),
      json((c) => c.body),
      text((c) => c.body.locality.code),
      json((c) => c.holder),
      text((c) => c.verificationCode),
      certificates.map((c) => c.template),
      text((c) => c.document),
      text((c) => c.sha256),
      certificates.map((c) => c.issuedAt),
    ],
  });
}

/** Certificates by the task they were issued for. */
export async function loadCertificates(
  source: Pick<Tx, 'query'>,
  taskIds: readonly string[],
): Promise<Map<string, Certificate>> {
  if (taskIds.length === 0) return new Map();
  const rows = await source.query<CertificateRow>({
    name: 'certificates-by-task',
    text: `select ${columns} from certificate where task_id = any($1::uuid[])`,
    values: [taskIds],
  });
  return new Map(rows.map((row) => [row.taskId, fromRow(row)]));
}

export async function findCertificate(source: Pick<Tx, 'query'>, id: string): Promise<Certificate | undefined> {
  const rows = await source.query<CertificateRow>({
    name: 'certificate-find',
    text: `select ${columns} from certificate where id = $1`,
    values: [id],
  });
  return rows[0] && fromRow(rows[0]);
}

/** Marks the certificates of these tasks as revoked. @idempotent: one that is revoked keeps its first reason and is not given back. */
export async function revokeCertificates(
  tx: Tx,
  revocations: readonly { taskId: string; reason: string; at: Date }[],
): Promise<Certificate[]> {
  if (revocations.length === 0) return [];
  const rows = await tx.query<CertificateRow>({
    name: 'certificates-revoke',
    text: `update certificate set revoked_at = revocation.at, revoke_reason = revocation.reason
        from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as revocation (revoked_task, reason, at)
       where task_id = revoked_task and revoked_at is null
      returning ${columns}`,
    values: [revocations.map((r) => r.taskId), revocations.map((r) => r.reason), revocations.map((r) => r.at)],
  });
  return rows.map(fromRow);
}

/** Newest first. `locality` null: of every place. */
export async function listCertificates(
  source: Pick<Database, 'query'>,
  wanted: { locality: string | null; caseNo?: string; number?: string },
  query: PageQuery,
): Promise<Page<Certificate>> {
  const filter = new Filter()
    .by(wanted.locality, (p) => `locality = ${p}`)
    .by(wanted.caseNo, (p) => `case_no = ${p}`)
    .by(wanted.number, (p) => `number = ${p}`);
  const from = { columns, from: 'certificate', order: 'issued_at desc, id' };
  return mapPage(await selectPage<CertificateRow>(source, from, filter, query), fromRow);
}
