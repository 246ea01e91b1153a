import { Injectable } from '@nestjs/common';
import type { BodyPublished, ItemPublished, ProcedurePublished } from '@lianban/contracts-catalog/events';
import type { BodyRef } from '@lianban/contracts-catalog/shapes';
import type { Tx } from '@lianban/eventing/database';
import { parseProcedure, type Procedure } from '@lianban/procedure/procedure';
import type { Application, Catalog } from '../application/application.js';

type Reader = Pick<Tx, 'query'>;

/** Intake's copies of what the catalog publishes. Parsed procedures are kept: a named version never changes. */
@Injectable()
export class CatalogCopy {
  private readonly procedures = new Map<string, Procedure>();

  /** As much of the catalog as these applications refer to. */
  async load(reader: Reader, applications: readonly Application[]): Promise<Catalog> {
    const items = await reader.query<{ document: ItemPublished }>({
      name: 'catalog-items',
      text: 'select document from item_copy where id = any($1::text[])',
      values: [[...new Set(applications.map(({ item }) => item))]],
    });
    const bodies = await reader.query<{ document: BodyRef }>({
      name: 'catalog-bodies',
      text: 'select document from body_copy where locality = any($1::text[]) order by id',
      values: [[...new Set(applications.flatMap((application) => [...localitiesNamedBy(application)]))]],
    });
    await this.loadProcedures(
      reader,
      items.map(({ document }) => document.procedure),
    );
    const found = (fn: string, locality: string) =>
      bodies.find(({ document }) => document.function === fn && document.locality.code === locality)?.document;
    return {
      item: (id) => items.find(({ document }) => document.id === id)?.document,
      procedure: (ref) => this.procedures.get(key(ref)),
      body: found,
      locality: (code) => bodies.find(({ document }) => document.locality.code === code)?.document.locality,
    };
  }

  private async loadProcedures(reader: Reader, refs: readonly { id: string; version: string }[]): Promise<void> {
    const missing = refs.filter((ref) => !this.procedures.has(key(ref)));
    if (missing.length === 0) return;
    const rows = await reader.query<{ id: string; version: string; document: unknown }>({
      name: 'catalog-procedures',
      text: `select id, version, document from procedure_copy where (id, version) in (select * from unnest($1::text[], $2::text[]))`,
      values: [missing.map(({ id }) => id), missing.map(({ version }) => version)],
    });
    for (const row of rows) this.procedures.set(key(row), parseProcedure(row.document));
  }
}

const key = (ref: { id: string; version: string }): string => `${ref.id} ${ref.version}`;

/** Which localities an application names: the receiving one, and every six-digit code in its form. */
function localitiesNamedBy({ receivingLocality, form }: Application): Set<string> {
  const codes = new Set([receivingLocality]);
  const open: unknown[] = [form];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'string' && /^[0-9]{6}$/.test(value)) codes.add(value);
    else if (typeof value === 'object' && value !== null) open.push(...(Object.values(value) as unknown[]));
  }
  return codes;
}

/** The last publication of each id counts. */
const latest = <T extends { id: string }>(published: readonly T[]): T[] => [
  ...new Map(published.map((entry) => [entry.id, entry])).values(),
];

/** @idempotent by id: the newest publication replaces the one before. */
export async function storeItems(tx: Tx, published: readonly ItemPublished[]): Promise<void> {
  const items = latest(published);
  await tx.query({
    name: 'catalog-items-store',
    text: `insert into item_copy (id, document) select * from unnest($1::text[], $2::jsonb[]) as new (id, document) order by id
      on conflict (id) do update set document = excluded.document`,
    values: [items.map(({ id }) => id), items.map((item) => JSON.stringify(item))],
  });
}

/** @idempotent by id: the newest publication replaces the one before. */
export async function storeBodies(tx: Tx, published: readonly BodyPublished[]): Promise<void> {
  const bodies = latest(published);
  await tx.query({
    name: 'catalog-bodies-store',
    text: `insert into body_copy (id, locality, document) select * from unnest($1::text[], $2::text[], $3::jsonb[]) as new (id, locality, document) order by id
      on conflict (id) do update set locality = excluded.locality, document = excluded.document`,
    values: [
      bodies.map(({ id }) => id),
      bodies.map(({ locality }) => locality.code),
      bodies.map((body) => JSON.stringify(body)),
    ],
  });
}

/** Throws on a document that is no procedure: the message is set aside, and the version never becomes usable here. @idempotent by (id, version): the first document stays. */
export async function storeProcedures(tx: Tx, published: readonly ProcedurePublished[]): Promise<void> {
  for (const { document } of published) parseProcedure(document);
  await tx.query({
    name: 'catalog-procedures-store',
    text: `insert into procedure_copy (id, version, document) select * from unnest($1::text[], $2::text[], $3::jsonb[]) as new (id, version, document) order by id, version
      on conflict do nothing`,
    values: [
      published.map(({ id }) => id),
      published.map(({ version }) => version),
      published.map(({ document }) => JSON.stringify(document)),
    ],
  });
}

/** Whether any item can be applied for: its procedure is here too. */
export async function hasUsableItem(reader: Reader): Promise<boolean> {
  const rows = await reader.query({
    name: 'catalog-usable',
    text: `select from item_copy as i join procedure_copy as p
             on p.id = i.document->'procedure'->>'id' and p.version = i.document->'procedure'->>'version' limit 1`,
  });
  return rows.length > 0;
}
