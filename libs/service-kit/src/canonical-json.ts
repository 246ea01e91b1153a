import { createHash } from 'node:crypto';

/**
 * JSON with the names of every object in order and without white space: the same content is the same text.
 * Digests of it are kept for ever, so it never changes.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, child]) => `${JSON.stringify(name)}:${canonicalJson(child)}`)
      .join(',')}}`;
  return JSON.stringify(value);
}

/** SHA-256 (hex) of a text, such as the canonical JSON of a value. */
export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');
