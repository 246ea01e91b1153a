import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Compares a generated description with the file that is checked in; with UPDATE_CHECKED_IN=1 it writes the file instead. `file` is a URL so
 * that specs can say `new URL('../openapi.json', import.meta.url)`.
 */
export function expectCheckedIn(file: URL, actual: unknown): void {
  const path = fileURLToPath(file);
  const text = `${JSON.stringify(actual, null, 2)}\n`;
  if (process.env.UPDATE_CHECKED_IN === '1') {
    writeFileSync(path, text);
    return;
  }
  const stored = JSON.parse(readFileSync(path, 'utf8')) as unknown;
  const difference = firstDifference(stored, JSON.parse(text) as unknown, '');
  if (difference)
    throw new Error(
      `${path} is not what the code says now, first at ${difference}; UPDATE_CHECKED_IN=1 writes it anew`,
    );
}

/** JSON pointer of the first place where two JSON values differ. */
function firstDifference(a: unknown, b: unknown, path: string): string | undefined {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return a === b ? undefined : path || '/';
  if (Array.isArray(a) !== Array.isArray(b)) return path || '/';
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    if (!(key in left) || !(key in right)) return `${path}/${key}`;
    const found = firstDifference(left[key], right[key], `${path}/${key}`);
    if (found) return found;
  }
  return undefined;
}
