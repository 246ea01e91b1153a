import { createHash } from 'node:crypto';

/** JSON with the names of every object in order and without white space: the same content is the same text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, child]) => `${JSON.stringify(name)}:${canonicalJson(child)}`)
      .join(',')}}`;
  return JSON.stringify(value);
}

/**
 * SHA-256 (hex) of the canonical JSON of what was applied for. Kept for ever beside the source's number, so the normal form of an application may
 * gain optional fields (absent when not given) but never changes otherwise.
 */
export const digestOf = (canonical: string): string => createHash('sha256').update(canonical).digest('hex');
