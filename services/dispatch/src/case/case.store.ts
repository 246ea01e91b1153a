import type { Tx } from '@lianban/eventing/database';
import { type JointCase, localitiesOf, type TimelineEntry } from './joint-case.js';

const columns = `id, case_no as "caseNo", item, jsonb_build_object('id', procedure_id, 'version', procedure_version) as procedure,
  receiving_locality as "receivingLocality", parties, applicant, form, materials, correlation_id as "correlationId", received_at as "receivedAt",
  status, changes, state, waiting_on as "waitingOn", certificates, due_at as "dueAt", provisional,
  opened_at as "openedAt", applicant_done_at as "applicantDoneAt", concluded_at as "concludedAt"`;

/** The cases among `ids` that exist, locked until the transaction ends; always in the order of their ids, so that instances do not deadlock. */
export async function loadCases(tx: Tx, ids: Iterable<string>): Promise<Map<string, JointCase>> {
  const rows = await tx.query<JointCase>({
    name: 'cases-lock',
    text: `select ${columns} from joint_case where id = any($1::uuid[]) order by id for update`,
    values: [[...new Set(ids)]],
  });
  return new Map(rows.map((row) => [row.id, row]));
}

/** Up to `limit` cases that wait for this procedure version, locked. */
export const loadAwaiting = (tx: Tx, procedure: { id: string; version: string }, limit: number): Promise<JointCase[]> =>
  tx.query<JointCase>({
    name: 'cases-awaiting',
    text: `select ${columns} from joint_case where status = 'awaiting-procedure' and procedure_id = $1 and procedure_version = $2 order by id limit $3 for update`,
    values: [procedure.id, procedure.version, limit],
  });

const column = <T>(rows: readonly T[], pick: (row: T) => unknown): unknown[] => rows.map(pick);
const jsonColumn = <T>(rows: readonly T[], pick: (row: T) => unknown): (string | null)[] =>
  rows.map((row) => {
    const value = pick(row);
    return value === null ? null : JSON.stringify(value);
  });

const progress = (cases: readonly JointCase[]): unknown[] => [
  column(cases, (c) => c.id),
  column(cases, (c) => c.status),
  column(cases, (c) => c.changes),
  jsonColumn(cases, (c) => c.state),
  jsonColumn(cases, (c) => c.waitingOn),
  jsonColumn(cases, (c) => c.certificates),
  column(cases, (c) => c.dueAt),
  column(cases, (c) => c.provisional),
  column(cases, (c) => c.openedAt),
  column(cases, (c) => c.applicantDoneAt),
  column(cases, (c) => c.concludedAt),
];
const progressColumns =
  'id, status, changes, state, waiting_on, certificates, due_at, provisional, opened_at, applicant_done_at, concluded_at';
const progressArrays =
  '$1::uuid[], $2::text[], $3::int[], $4::jsonb[], $5::jsonb[], $6::jsonb[], $7::timestamptz[], $8::boolean[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[]';

/** Inserts new cases in one statement. */
export async function insertCases(tx: Tx, cases: readonly JointCase[]): Promise<void> {
  if (cases.length === 0) return;
  await tx.query({
    name: 'cases-insert',
    text: `insert into joint_case (${progressColumns}, case_no, item, procedure_id, procedure_version, receiving_locality, parties, localities, applicant, form, materials, correlation_id, received_at)
      select ${progressColumns}, case_no, item, procedure_id, procedure_version, receiving_locality, parties,
             array(select jsonb_array_elements_text(localities)), applicant, form, materials, correlation_id, received_at
        from unnest(${progressArrays}, $12::text[], $13::jsonb[], $14::text[], $15::text[], $16::jsonb[], $17::jsonb[], $18::jsonb[], $19::jsonb[], $20::jsonb[], $21::jsonb[], $22::text[], $23::timestamptz[])
          as new (${progressColumns}, case_no, item, procedure_id, procedure_version, receiving_locality, parties, localities, applicant, form, materials, correlation_id, received_at)`,
    values: [
      ...progress(cases),
      column(cases, (c) => c.caseNo),
      jsonColumn(cases, (c) => c.item),
      column(cases, (c) => c.procedure.id),
      column(cases, (c) => c.procedure.version),
      jsonColumn(cases, (c) => c.receivingLocality),
      jsonColumn(cases, (c) => c.parties),
      jsonColumn(cases, localitiesOf),
      jsonColumn(cases, (c) => c.applicant),
      jsonColumn(cases, (c) => c.form),
      jsonColumn(cases, (c) => c.materials),
      column(cases, (c) => c.correlationId),
      column(cases, (c) => c.receivedAt),
    ],
  });
}

/** Writes back how far the cases are, in one statement; what the applicant handed in is never rewritten. */
export async function saveCases(tx: Tx, cases: readonly JointCase[]): Promise<void> {
  if (cases.length === 0) return;
  const assignments = progressColumns
    .split(', ')
    .slice(1)
    .map((name) => `${name} = new.${name}`);
  await tx.query({
    name: 'cases-save',
    text: `update joint_case set ${assignments.join(', ')} from unnest(${progressArrays}) as new (${progressColumns}) where joint_case.id = new.id`,
    values: progress(cases),
  });
}

export async function insertTimeline(tx: Tx, entries: readonly TimelineEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await tx.query({
    name: 'timeline-insert',
    text: `insert into case_timeline (case_id, n, at, change, status, step, body, text)
      select * from unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::text[], $5::text[], $6::jsonb[], $7::jsonb[], $8::jsonb[])`,
    values: [
      column(entries, (e) => e.caseId),
      column(entries, (e) => e.n),
      column(entries, (e) => e.at),
      column(entries, (e) => e.change),
      column(entries, (e) => e.status),
      jsonColumn(entries, (e) => e.step),
      jsonColumn(entries, (e) => e.body),
      jsonColumn(entries, (e) => e.text),
    ],
  });
}
