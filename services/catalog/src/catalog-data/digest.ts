import { createHash } from 'node:crypto';

/** JSON with the keys of every object in order: the same content always gives the same text. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, child]) => `${JSON.stringify(key)}:${canonical(child)}`).join(',')}}`;
}

/** SHA-256 (hex) of a JSON value's content, whatever the order of its keys. */
export const digestOf = (value: unknown): string => createHash('sha256').update(canonical(value)).digest('hex');
