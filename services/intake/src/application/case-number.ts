/** Day in China (UTC+8, no summer time since 1991) as `yyyymmdd`. */
export const chinaDay = (at: Date): string =>
  new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll('-', '');

const serial = (n: number): string => String(n).padStart(6, '0');

/** Number of a case: receiving locality, day in China, count of that locality and day from 1. */
export const caseNumber = (locality: string, day: string, n: number): string => `LB-${locality}-${day}-${serial(n)}`;

/** Number of the receipt (收件凭证) that goes with it. */
export const receiptNumber = (locality: string, day: string, n: number): string => `SJ-${locality}-${day}-${serial(n)}`;
