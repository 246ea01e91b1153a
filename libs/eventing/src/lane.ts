/** Lanes: events of one case share one, and with it one partition and one sequence (ADR 2). */

/** Partitions of every topic. Changing it means new topics: cases would change their lane in mid-life. */
export const LANES = 8;

/**
 * Stable over versions and languages: FNV-1a (32 bit) over the UTF-8 bytes, then the finalizer of MurmurHash3, since the low bits of FNV-1a
 * depend on the low bits of the input alone. Fixed vectors are in the unit spec.
 */
export function laneOf(caseId: string, lanes: number = LANES): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(caseId, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % lanes;
}
