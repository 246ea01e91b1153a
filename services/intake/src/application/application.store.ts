import type { LocalityRef } from '@lianban/contracts-catalog/shapes';
import type { SourceRef } from '@lianban/contracts-intake/shapes';
import type { Tx } from '@lianban/eventing/database';
import type { Application, SoundApplication, UploadedMaterial } from './application.js';

/** What the submitter is told, the same each time the same content comes. */
export interface Receipt {
  caseId: string;
  caseNo: string;
  receiptNo: string;
  source: SourceRef;
  receivedAt: Date;
}

/** A number that is taken: by which content, and with which receipt. */
export interface TakenNumber {
  digest: string;
  receipt: Receipt;
}

export interface NewApplication {
  receipt: Receipt;
  digest: string;
  application: Application;
  sound: SoundApplication;
  submittedBy: string;
  correlationId: string;
}

export const sourceKey = ({ system, number }: SourceRef): string => `${system}\n${number}`;

/** Those of the numbers that are taken, by `sourceKey`. */
export async function loadTakenNumbers(tx: Tx, sources: readonly SourceRef[]): Promise<Map<string, TakenNumber>> {
  const rows = await tx.query<{ digest: string; receivedAt: Date } & SourceRef & Omit<Receipt, 'source'>>({
    name: 'submissions-taken',
    text: `select source_system as system, source_number as number, digest, case_id as "caseId", case_no as "caseNo", receipt_no as "receiptNo", received_at as "receivedAt"
      from submission join application using (source_system, source_number, case_id)
      where (source_system, source_number) in (select * from unnest($1::text[], $2::text[]))`,
    values: [sources.map(({ system }) => system), sources.map(({ number }) => number)],
  });
  return new Map(
    rows.map(({ system, number, digest, caseId, caseNo, receiptNo, receivedAt }) => {
      const source = { system, number };
      return [sourceKey(source), { digest, receipt: { caseId, caseNo, receiptNo, source, receivedAt } }];
    }),
  );
}

/**
 * Takes the numbers for these cases; answers with the ids of the cases that got theirs. Waits for a transaction that is taking the same number,
 * so a number that is not had afterwards is taken for good.
 */
export async function takeNumbers(
  tx: Tx,
  wanted: readonly { source: SourceRef; digest: string; caseId: string }[],
): Promise<Set<string>> {
  if (wanted.length === 0) return new Set();
  const rows = await tx.query<{ caseId: string }>({
    name: 'submissions-take',
    text: `insert into submission (source_system, source_number, digest, case_id)
      select * from unnest($1::text[], $2::text[], $3::text[], $4::uuid[]) as new (system, number, digest, case_id) order by system, number
      on conflict (source_system, source_number) do nothing returning case_id as "caseId"`,
    values: [
      wanted.map(({ source }) => source.system),
      wanted.map(({ source }) => source.number),
      wanted.map(({ digest }) => digest),
      wanted.map(({ caseId }) => caseId),
    ],
  });
  return new Set(rows.map(({ caseId }) => caseId));
}

/** Counts up by `count` per locality and day; answers with the last number of each. Locks the counters until the transaction ends, in one order. */
export async function countCases(
  tx: Tx,
  counts: readonly { locality: string; day: string; count: number }[],
): Promise<{ locality: string; day: string; last: number }[]> {
  if (counts.length === 0) return [];
  return tx.query({
    name: 'cases-count',
    text: `insert into case_counter (locality, day, last)
      select * from unnest($1::text[], $2::text[], $3::int[]) as new (locality, day, count) order by locality, day
      on conflict (locality, day) do update set last = case_counter.last + excluded.last returning locality, day, last`,
    values: [counts.map((c) => c.locality), counts.map((c) => c.day), counts.map((c) => c.count)],
  });
}

export async function insertApplications(tx: Tx, applications: readonly NewApplication[]): Promise<void> {
  if (applications.length === 0) return;
  const text = (pick: (one: NewApplication) => string) => applications.map(pick);
  const json = (pick: (one: NewApplication) => unknown) => applications.map((one) => JSON.stringify(pick(one)));
  await tx.query({
    name: 'applications-insert',
    text: `insert into application (case_id, case_no, receipt_no, source_system, source_number, item_id, item_name, procedure_id, procedure_version,
        receiving_locality, receiving_locality_name, party_localities, parties, applicant, form, materials, submitted_by, correlation_id, received_at, status)
      select case_id, case_no, receipt_no, source_system, source_number, item_id, item_name, procedure_id, procedure_version,
        receiving_locality, receiving_locality_name, array(select jsonb_array_elements_text(party_localities)), parties, applicant, form, materials,
        submitted_by, correlation_id, received_at, 'received'
      from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::text[], $9::text[], $10::text[], $11::jsonb[],
        $12::jsonb[], $13::jsonb[], $14::jsonb[], $15::jsonb[], $16::jsonb[], $17::text[], $18::text[], $19::timestamptz[])
        as new (case_id, case_no, receipt_no, source_system, source_number, item_id, item_name, procedure_id, procedure_version, receiving_locality,
          receiving_locality_name, party_localities, parties, applicant, form, materials, submitted_by, correlation_id, received_at)`,
    values: [
      text(({ receipt }) => receipt.caseId),
      text(({ receipt }) => receipt.caseNo),
      text(({ receipt }) => receipt.receiptNo),
      text(({ receipt }) => receipt.source.system),
      text(({ receipt }) => receipt.source.number),
      text(({ sound }) => sound.item.id),
      json(({ sound }) => sound.item.name),
      text(({ sound }) => sound.procedure.id),
      text(({ sound }) => sound.procedure.version),
      text(({ sound }) => sound.receivingLocality.code),
      json(({ sound }) => sound.receivingLocality.name),
      json(({ sound }) => localitiesOf(sound)),
      json(({ sound }) => sound.parties),
      json(({ application }) => application.applicant),
      json(({ application }) => application.form),
      json(({ sound }) => sound.materials),
      text(({ submittedBy }) => submittedBy),
      text(({ correlationId }) => correlationId),
      applications.map(({ receipt }) => receipt.receivedAt),
    ],
  });
  const uses = applications.flatMap(({ receipt, sound }) =>
    [...new Set(sound.materials.map(({ materialId }) => materialId))].map((materialId) => ({
      materialId,
      caseId: receipt.caseId,
    })),
  );
  await tx.query({
    name: 'application-materials-insert',
    text: `insert into application_material (material_id, case_id) select * from unnest($1::uuid[], $2::uuid[])`,
    values: [uses.map(({ materialId }) => materialId), uses.map(({ caseId }) => caseId)],
  });
}

/** Where the bodies are that work on the case. */
const localitiesOf = ({ parties }: SoundApplication): string[] => [
  ...new Set(Object.values(parties).flatMap((bodies) => bodies.map((body) => body.locality.code))),
];

/** The uploaded materials these applications name, by id. */
export async function loadUploaded(
  tx: Tx,
  applications: readonly Application[],
): Promise<Map<string, UploadedMaterial>> {
  const rows = await tx.query<Omit<UploadedMaterial, 'size'> & { size: string }>({
    name: 'materials-uploaded',
    text: `select id, locality, sha256, media_type as "mediaType", size from material where id = any($1::uuid[])`,
    values: [[...new Set(applications.flatMap(({ materials }) => materials.map(({ materialId }) => materialId)))]],
  });
  return new Map(rows.map((row) => [row.id, { ...row, size: Number(row.size) }]));
}

export interface Conclusion {
  caseId: string;
  outcome: 'approved' | 'refused';
  reason: string | null;
  at: Date;
}

/** Marks cases concluded; answers with those that were not yet. @idempotent by case: the first conclusion stays */
export async function concludeApplications(
  tx: Tx,
  conclusions: readonly Conclusion[],
): Promise<{ caseId: string; caseNo: string; source: SourceRef }[]> {
  if (conclusions.length === 0) return [];
  const rows = await tx.query<{ caseId: string; caseNo: string } & SourceRef>({
    name: 'applications-conclude',
    text: `update application set status = 'concluded', outcome = new.outcome, reason = new.reason, concluded_at = new.at
      from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[]) as new (case_id, outcome, reason, at)
      where application.case_id = new.case_id and application.status <> 'concluded'
      returning application.case_id as "caseId", case_no as "caseNo", source_system as system, source_number as number`,
    values: [
      conclusions.map(({ caseId }) => caseId),
      conclusions.map(({ outcome }) => outcome),
      conclusions.map(({ reason }) => reason),
      conclusions.map(({ at }) => at),
    ],
  });
  return rows.map(({ system, number, ...row }) => ({ ...row, source: { system, number } }));
}

/** What readers see of an application before it is masked. */
export interface ApplicationRow {
  caseId: string;
  caseNo: string;
  receiptNo: string;
  source: SourceRef;
  item: SoundApplication['item'];
  procedure: SoundApplication['procedure'];
  receivingLocality: LocalityRef;
  parties: SoundApplication['parties'];
  applicant: Application['applicant'];
  form: Application['form'];
  materials: SoundApplication['materials'];
  status: ApplicationStatus;
  outcome: 'approved' | 'refused' | null;
  reason: string | null;
  receivedAt: Date;
  concludedAt: Date | null;
}

export const APPLICATION_STATUSES = ['received', 'concluded'] as const;
export type ApplicationStatus = (typeof APPLICATION_STATUSES)[number];

export const applicationColumns = `case_id as "caseId", case_no as "caseNo", receipt_no as "receiptNo",
  jsonb_build_object('system', source_system, 'number', source_number) as source,
  jsonb_build_object('id', item_id, 'name', item_name) as item,
  jsonb_build_object('id', procedure_id, 'version', procedure_version) as procedure,
  jsonb_build_object('code', receiving_locality, 'name', receiving_locality_name) as "receivingLocality",
  parties, applicant, form, materials, status, outcome, reason, received_at as "receivedAt", concluded_at as "concludedAt"`;
