import type { Tx } from '@lianban/eventing/database';
import type { ProcedureRef } from '@lianban/contracts-catalog/shapes';
import type { Procedure } from '@lianban/procedure/procedure';

const key = (ref: ProcedureRef): string => `${ref.id} ${ref.version}`;

/** Procedure versions found, by reference. A named version never changes. */
export class Procedures {
  private readonly byKey: Map<string, Procedure>;

  constructor(rows: readonly { id: string; version: string; document: Procedure }[]) {
    this.byKey = new Map(rows.map((row) => [key(row), row.document]));
  }

  find(ref: ProcedureRef): Procedure | undefined {
    return this.byKey.get(key(ref));
  }
}

export async function loadProcedures(tx: Tx, refs: readonly ProcedureRef[]): Promise<Procedures> {
  const wanted = [...new Map(refs.map((ref) => [key(ref), ref])).values()];
  return new Procedures(
    await tx.query({
      name: 'procedures',
      text: `select id, version, document from procedure_copy where (id, version) in (select * from unnest($1::text[], $2::text[]))`,
      values: [wanted.map((ref) => ref.id), wanted.map((ref) => ref.version)],
    }),
  );
}

/**
 * A case may start to wait for a version only while no version is being stored, and the other way round:
 * otherwise each transaction would miss the other's row and the case would wait for ever.
 */
export const lockCopies = (tx: Tx, mode: 'to-store' | 'to-wait'): Promise<object[]> =>
  tx.query({
    text: `select ${mode === 'to-store' ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared'}(hashtext('dispatch:procedure-copy'))`,
  });

/** @idempotent by (id, version): the first document of a version stays. */
export async function storeProcedures(
  tx: Tx,
  published: readonly { id: string; version: string; document: unknown }[],
): Promise<void> {
  await tx.query({
    name: 'procedures-store',
    text: `insert into procedure_copy (id, version, document) select * from unnest($1::text[], $2::text[], $3::jsonb[]) on conflict do nothing`,
    values: [
      published.map((p) => p.id),
      published.map((p) => p.version),
      published.map((p) => JSON.stringify(p.document)),
    ],
  });
}
