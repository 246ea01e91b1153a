/** What a folder of catalog data must be before any of it is taken: complete, well-formed, and in agreement with itself. */
import {
  bodyPublished,
  type BodyPublished,
  itemPublished,
  type ItemPublished,
} from '@lianban/contracts-catalog/events';
import type { LocalityRef } from '@lianban/contracts-catalog/shapes';
import { parseProcedure, type Procedure, ProcedureInvalid } from '@lianban/procedure/procedure';

/** A fault in a file; `path` is a JSON pointer inside it. */
export interface Fault {
  file: string;
  path: string;
  message: string;
}

/** The parsed files of a folder; `file` of a procedure is its path inside the folder. */
export interface RawCatalog {
  localities: unknown;
  bodies: unknown;
  items: unknown;
  procedures: readonly { file: string; document: unknown }[];
}

export interface Catalog {
  localities: LocalityRef[];
  bodies: BodyPublished[];
  items: ItemPublished[];
  procedures: Procedure[];
}

/** The folder is refused as a whole; nothing of it was taken. */
export class CatalogRefused extends Error {
  override readonly name = 'CatalogRefused';
  constructor(readonly faults: readonly Fault[]) {
    super(faults.map(({ file, path, message }) => `${file}${path}: ${message}`).join('; '));
  }
}

/** Throws `CatalogRefused` with every fault found. */
export function checkCatalog(raw: RawCatalog): Catalog {
  const faults: Fault[] = [];
  const localities = listOf('localities.json', raw.localities, localityFaults, faults) as LocalityRef[];
  const bodies = listOf(
    'bodies.json',
    raw.bodies,
    (body) => bodyPublished.validateStrictly(body),
    faults,
  ) as BodyPublished[];
  const items = listOf(
    'items.json',
    raw.items,
    (item) => itemPublished.validateStrictly(item),
    faults,
  ) as ItemPublished[];
  const procedures = raw.procedures.flatMap(({ file, document }) => {
    try {
      return [{ file, procedure: parseProcedure(document) }];
    } catch (error) {
      if (!(error instanceof ProcedureInvalid)) throw error;
      faults.push(...error.findings.map(({ path, message }) => ({ file, path, message: message.en })));
      return [];
    }
  });
  // Who refers to whom is only worth asking where all parts are well-formed.
  if (faults.length === 0) {
    repeated(localities, ({ code }) => code).forEach((code) =>
      faults.push(fault('localities.json', `locality ${code} is there twice`)),
    );
    repeated(bodies, ({ id }) => id).forEach((id) => faults.push(fault('bodies.json', `body ${id} is there twice`)));
    repeated(items, ({ id }) => id).forEach((id) => faults.push(fault('items.json', `item ${id} is there twice`)));
    const keyOf = ({ id, version }: { id: string; version: string }) => `${id} ${version}`;
    repeated(procedures, ({ procedure }) => keyOf(procedure)).forEach((key) =>
      faults.push(fault('procedures', `procedure ${key} is there twice`)),
    );
    repeated(bodies, (body) => `${body.locality.code} ${body.function}`).forEach((place) =>
      faults.push(fault('bodies.json', `two bodies are competent for ${place}: nobody could tell which`)),
    );
    const known = new Map(localities.map((locality) => [locality.code, locality.name]));
    bodies.forEach(({ id, locality }, index) => {
      const name = known.get(locality.code);
      if (name?.zh !== locality.name.zh || name.en !== locality.name.en)
        faults.push({
          file: 'bodies.json',
          path: `/${index}/locality`,
          message: `body ${id} lies in a locality that localities.json does not have so`,
        });
    });
    const versions = new Set(procedures.map(({ procedure }) => keyOf(procedure)));
    items.forEach(({ id, procedure }, index) => {
      if (!versions.has(keyOf(procedure)))
        faults.push({
          file: 'items.json',
          path: `/${index}/procedure`,
          message: `item ${id} names procedure ${keyOf(procedure)}, which is not there`,
        });
    });
  }
  if (faults.length > 0) throw new CatalogRefused(faults);
  return { localities, bodies, items, procedures: procedures.map(({ procedure }) => procedure) };
}

const fault = (file: string, message: string): Fault => ({ file, path: '', message });

/** The elements of a list that have no faults; the faults of the others, and of what is no list, are added. */
function listOf(file: string, value: unknown, faultsOf: (element: unknown) => string[], faults: Fault[]): unknown[] {
  if (!Array.isArray(value)) {
    faults.push(fault(file, 'must be a list'));
    return [];
  }
  return value.filter((element, index) => {
    const found = faultsOf(element);
    faults.push(...found.map((message) => ({ file, path: `/${index}`, message })));
    return found.length === 0;
  });
}

/** A locality has the shape the bodies' contract gives it; a body around it is checked. */
const localityFaults = (locality: unknown): string[] =>
  bodyPublished
    .validateStrictly({ ...bodyPublished.example, locality })
    .map((text) => text.replace(/^\/locality\b/, ''));

/** Keys that occur more than once, each named once. */
function repeated<T>(elements: readonly T[], keyOf: (element: T) => string): string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const element of elements) {
    const key = keyOf(element);
    if (seen.has(key)) twice.add(key);
    seen.add(key);
  }
  return [...twice];
}
