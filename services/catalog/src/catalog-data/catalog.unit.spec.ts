import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { BodyPublished, ItemPublished } from '@lianban/contracts-catalog/events';
import type { LocalityRef } from '@lianban/contracts-catalog/shapes';
import { readFolder } from '../import-folder/read-folder.js';
import { CatalogRefused, checkCatalog, type RawCatalog } from './catalog.js';

const data = new URL('../../data/', import.meta.url);
const read = <T>(file: string): T => JSON.parse(readFileSync(new URL(file, data), 'utf8')) as T;
/** The checked-in data, to be spoilt. */
const good = () => ({
  localities: read<LocalityRef[]>('localities.json'),
  bodies: read<BodyPublished[]>('bodies.json'),
  items: read<ItemPublished[]>('items.json'),
  procedures: ['pension-transfer', 'hpf-transfer', 'unemployment-transfer', 'company-move'].map((id) => ({
    file: `procedures/${id}.json`,
    document: read<Record<string, unknown>>(`procedures/${id}.json`),
  })),
});
function faultsOf(raw: RawCatalog): string[] {
  try {
    checkCatalog(raw);
    return [];
  } catch (error) {
    if (error instanceof CatalogRefused)
      return error.faults.map(({ file, path, message }) => `${file}${path}: ${message}`);
    throw error;
  }
}

describe('a folder of catalog data', () => {
  it('is taken as it is checked in', async () => {
    const catalog = checkCatalog(await readFolder(new URL(data).pathname));
    expect(catalog.procedures).toHaveLength(4);
    expect(catalog.localities).toHaveLength(6);
    // 三门峡 has no housing fund centre.
    expect(catalog.bodies).toHaveLength(6 * 4 - 1);
  });

  it('is refused with every fault at once', () => {
    const raw = good();
    raw.localities[0]!.code = '12';
    Object.assign(raw.bodies[1]!, { extra: true });
    Object.assign(raw.items[0]!, { name: undefined });
    delete raw.procedures[0]!.document.steps;
    const files = faultsOf(raw).map((text) => text.split(/[/:]/, 1)[0]);
    expect(new Set(files)).toEqual(new Set(['localities.json', 'bodies.json', 'items.json', 'procedures']));
  });

  it.each<[string, (raw: ReturnType<typeof good>) => void, RegExp]>([
    ['a file that is no list', (raw) => Object.assign(raw, { items: {} }), /items.json: must be a list/],
    ['a locality twice', (raw) => raw.localities.push(raw.localities[0]!), /locality 131000 is there twice/],
    ['a body twice', (raw) => raw.bodies.push(raw.bodies[0]!), /body 131000-social-insurance is there twice/],
    [
      'two bodies for one function',
      (raw) => raw.bodies.push({ ...raw.bodies[0]!, id: 'another' }),
      /two bodies are competent for 131000 social-insurance/,
    ],
    ['an item twice', (raw) => raw.items.push(raw.items[0]!), /item pension-transfer is there twice/],
    [
      'a body in an unknown place',
      (raw) => (raw.bodies[0]!.locality.code = '999999'),
      /lies in a locality that localities.json does not have so/,
    ],
    ['a body whose place has another name', (raw) => (raw.bodies[0]!.locality.name.zh = '别处'), /lies in a locality/],
    [
      'an item with an unknown procedure',
      (raw) => (raw.items[0]!.procedure.version = '1999.1'),
      /names procedure pension-transfer 1999.1, which is not there/,
    ],
    [
      'a procedure version twice',
      (raw) => raw.procedures.push({ ...raw.procedures[0]!, file: 'procedures/copy.json' }),
      /procedure pension-transfer 2026.1 is there twice/,
    ],
  ])('is refused with %s', (_, spoil, fault) => {
    const raw = good();
    spoil(raw);
    expect(faultsOf(raw).join('\n')).toMatch(fault);
  });
});
