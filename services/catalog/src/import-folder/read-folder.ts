import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CatalogRefused, type Fault, type RawCatalog } from '../catalog-data/catalog.js';

/** Reads and parses the files of a folder of catalog data. Throws `CatalogRefused` that names every file that is missing or no JSON. */
export async function readFolder(folder: string): Promise<RawCatalog> {
  const faults: Fault[] = [];
  const read = async (file: string): Promise<unknown> => {
    try {
      return JSON.parse(await readFile(join(folder, file), 'utf8'));
    } catch (error) {
      const missing = (error as { code?: string }).code === 'ENOENT';
      faults.push({ file, path: '', message: missing ? 'is missing' : `cannot be read: ${(error as Error).message}` });
      return undefined;
    }
  };
  const names = await readdir(join(folder, 'procedures')).catch((error: unknown) => {
    faults.push({ file: 'procedures', path: '', message: `cannot be read: ${(error as Error).message}` });
    return [];
  });
  const files = names
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => `procedures/${name}`);
  const [localities, bodies, items, ...documents] = await Promise.all(
    ['localities.json', 'bodies.json', 'items.json', ...files].map(read),
  );
  if (faults.length > 0) throw new CatalogRefused(faults);
  return { localities, bodies, items, procedures: files.map((file, index) => ({ file, document: documents[index] })) };
}
