import { bodyPublished, itemPublished, procedurePublished } from '@lianban/contracts-catalog/events';
import type { Tx } from '@lianban/eventing/database';
import { append, newEvent } from '@lianban/eventing/outbox';
import { canonicalJson, digestOf } from '@lianban/service-kit/canonical-json';
import { type Catalog, CatalogRefused } from '../catalog-data/catalog.js';

/** How many entries were new or changed. */
export interface Imported {
  localities: number;
  bodies: number;
  items: number;
  procedures: number;
}

interface Entry<T> {
  key: string;
  value: T;
  digest: string;
}

/**
 * Stores what is new or changed and publishes each such entry once. Throws `CatalogRefused` where a published version of a procedure has other
 * content now: cases run by it. What is no longer in the folder stays.
 * @idempotent by content digest
 */
export async function importCatalog(tx: Tx, catalog: Catalog, now: Date): Promise<Imported> {
  // One importer at a time, or two instances would both find an entry new.
  await tx.query({ text: `select pg_advisory_xact_lock(hashtext('catalog:import'))` });
  const stored = new Map(
    (
      await tx.query<{ key: string; digest: string }>({
        text: `select 'locality ' || code as key, digest from locality union all select 'body ' || id, digest from body
          union all select 'item ' || id, digest from item union all select 'procedure ' || id || ' ' || version, digest from procedure`,
      })
    ).map(({ key, digest }) => [key, digest]),
  );
  const changed = <T>(values: readonly T[], keyOf: (value: T) => string): Entry<T>[] =>
    values
      .map((value) => ({ key: keyOf(value), value, digest: digestOf(canonicalJson(value)) }))
      .filter(({ key, digest }) => stored.get(key) !== digest);

  const procedures = changed(catalog.procedures, ({ id, version }) => `procedure ${id} ${version}`);
  const altered = procedures.filter(({ key }) => stored.has(key));
  if (altered.length > 0)
    throw new CatalogRefused(
      altered.map(({ key }) => ({
        file: 'procedures',
        path: '',
        message: `${key} is published with other content; a changed procedure needs a new version`,
      })),
    );
  const localities = changed(catalog.localities, ({ code }) => `locality ${code}`);
  const bodies = changed(catalog.bodies, ({ id }) => `body ${id}`);
  const items = changed(catalog.items, ({ id }) => `item ${id}`);

  const json = (entries: readonly Entry<unknown>[]) => entries.map(({ value }) => JSON.stringify(value));
  const digests = (entries: readonly Entry<unknown>[]) => entries.map(({ digest }) => digest);
  await tx.query({
    text: `insert into locality (code, name, digest) select * from unnest($1::text[], $2::jsonb[], $3::text[])
      on conflict (code) do update set name = excluded.name, digest = excluded.digest`,
    values: [
      localities.map(({ value }) => value.code),
      localities.map(({ value }) => JSON.stringify(value.name)),
      digests(localities),
    ],
  });
  await tx.query({
    text: `insert into body (id, function, locality, document, digest) select * from unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::text[])
      on conflict (id) do update set function = excluded.function, locality = excluded.locality, document = excluded.document, digest = excluded.digest`,
    values: [
      bodies.map(({ value }) => value.id),
      bodies.map(({ value }) => value.function),
      bodies.map(({ value }) => value.locality.code),
      json(bodies),
      digests(bodies),
    ],
  });
  await tx.query({
    text: `insert into procedure (id, version, document, digest, imported_at) select *, $5::timestamptz from unnest($1::text[], $2::text[], $3::jsonb[], $4::text[])`,
    values: [
      procedures.map(({ value }) => value.id),
      procedures.map(({ value }) => value.version),
      json(procedures),
      digests(procedures),
      now,
    ],
  });
  await tx.query({
    text: `insert into item (id, procedure_id, procedure_version, document, digest) select * from unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::text[])
      on conflict (id) do update set procedure_id = excluded.procedure_id, procedure_version = excluded.procedure_version, document = excluded.document, digest = excluded.digest`,
    values: [
      items.map(({ value }) => value.id),
      items.map(({ value }) => value.procedure.id),
      items.map(({ value }) => value.procedure.version),
      json(items),
      digests(items),
    ],
  });
  append(tx, [
    // Every version has a key of its own: on a compacted topic the newest one would otherwise drive out those that cases still run by.
    ...procedures.map(({ value }) =>
      newEvent(procedurePublished, {
        caseId: `${value.id}@${value.version}`,
        data: { id: value.id, version: value.version, document: value as unknown as Record<string, unknown> },
        time: now,
      }),
    ),
    ...bodies.map(({ value }) =>
      newEvent(bodyPublished, { caseId: value.id, data: value, locality: value.locality.code, time: now }),
    ),
    ...items.map(({ value }) => newEvent(itemPublished, { caseId: value.id, data: value, time: now })),
  ]);
  return { localities: localities.length, bodies: bodies.length, items: items.length, procedures: procedures.length };
}
