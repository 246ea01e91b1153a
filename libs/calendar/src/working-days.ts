/**
 * Which days are working days in mainland China: Monday to Friday, changed by the State Council's yearly notice, which also moves
 * working days to weekends (调休). Days are counted in China time (UTC+8, no summer time), whatever the machine's zone.
 */
import data from './notices.json' with { type: 'json' };

const DAY_MS = 86_400_000;
const CHINA_OFFSET_MS = 8 * 3_600_000;

/** A date of China time as the number of days since 1970-01-01. */
export type Day = number;

/** The day in China on which `instant` lies. Throws RangeError for an invalid date. */
export function dayOf(instant: Date): Day {
  const ms = instant.getTime();
  if (Number.isNaN(ms)) throw new RangeError('not a valid instant');
  return Math.floor((ms + CHINA_OFFSET_MS) / DAY_MS);
}

/** `YYYY-MM-DD` → day. Throws RangeError where there is no such date. */
export function dayFrom(date: string): Day {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : NaN;
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== date)
    throw new RangeError(`not a date: ${date.slice(0, 20)}`);
  return ms / DAY_MS;
}

export const dateOf = (day: Day): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

/** The instant `minutes` after midnight in China on `day`. */
export const instantAt = (day: Day, minutes: number): Date =>
  new Date(day * DAY_MS - CHINA_OFFSET_MS + minutes * 60_000);

/** Minutes since midnight in China, with fractions. */
export const minutesOfDay = (instant: Date): number =>
  (instant.getTime() + CHINA_OFFSET_MS - dayOf(instant) * DAY_MS) / 60_000;

const off = new Set(data.notices.flatMap((notice) => notice.off.map(dayFrom)));
const work = new Set(data.notices.flatMap((notice) => notice.work.map(dayFrom)));
const published = new Set(data.notices.map((notice) => notice.year));

/** The years whose notice is known here. */
export const publishedYears: readonly number[] = [...published].sort((a, b) => a - b);

/** By the notice of its year where there is one, otherwise by the weekend alone: see `isProvisional`. */
export function isWorking(day: Day): boolean {
  if (off.has(day)) return false;
  // 1970-01-01 was a Thursday.
  const weekday = (((day + 4) % 7) + 7) % 7;
  return (weekday !== 0 && weekday !== 6) || work.has(day);
}

/** Every notice so far arranged nothing of the year before earlier than 29 December; from here on it may. */
const NEXT_NOTICE_FROM = '12-25';

/** Whether a notice that is not known here may still change what `day` is. */
export function isProvisional(day: Day): boolean {
  const date = dateOf(day);
  const year = Number(date.slice(0, 4));
  return !published.has(year) || (date.slice(5) >= NEXT_NOTICE_FROM && !published.has(year + 1));
}

/** Takes an instant (its day in China) or a date `YYYY-MM-DD`. */
export const isWorkingDay = (date: Date | string): boolean =>
  isWorking(typeof date === 'string' ? dayFrom(date) : dayOf(date));
