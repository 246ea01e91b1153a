import { createHash } from 'node:crypto';

/** UUIDv5 (RFC 9562) of the parts in the name space of the case: the same question gets the same id, however often it is asked. */
export function uuidOf(caseId: string, ...parts: (string | number)[]): string {
  const name = createHash('sha1')
    .update(Buffer.from(caseId.replaceAll('-', ''), 'hex'))
    .update(JSON.stringify(parts))
    .digest();
  name[6] = (name[6]! & 0x0f) | 0x50;
  name[8] = (name[8]! & 0x3f) | 0x80;
  const hex = name.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
