/** `baseMs` after the first failure, doubled after each further one, at most `maxMs`. */
export interface Pace {
  baseMs: number;
  maxMs: number;
}

/**
 * Milliseconds to wait after `failures` failures in a row (≥ 1). `random` in [0, 1) takes off up to half,
 * so that what failed together does not come back together.
 */
export function backoffMs(failures: number, { baseMs, maxMs }: Pace, random: number): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(full * (1 - random / 2));
}
