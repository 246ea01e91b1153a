/**
 * Days and working days of mainland China. A plain week works from Monday to Friday; the State Council's yearly notice changes that, and
 * moves working days to weekends too (调休). Days are counted in China time (UTC+8, no summer time), whatever the machine's zone.
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

/** Monday to Friday. */
export const isWeekday = (day: Day): boolean => sinceMonday(day) < 5;

// 1970-01-01 was a Thursday: the Monday of its week is day -3.
const sinceMonday = (day: Day): number => (((day + 3) % 7) + 7) % 7;
const weekdaysTo = (day: Day): number => 5 * Math.floor((day + 3) / 7) + Math.min(sinceMonday(day) + 1, 5);
const weekday = (n: number): Day => 7 * Math.floor((n - 1) / 5) + ((((n - 1) % 5) + 5) % 5) - 3;

/** Working days as a numbered line; every question costs a binary search over the exceptions, however far the days are apart. */
export interface WorkingDays {
  isWorking(day: Day): boolean;
  /** The number of the last working day up to and including `day`. Numbers are consecutive; only their differences mean something. */
  numberAt(day: Day): number;
  /** The working day of that number. */
  numbered(n: number): Day;
}

/** `exceptions`: days that do not follow the plain week, with whether they work. What follows the week anyway may be listed too. */
export function workingDays(exceptions: ReadonlyMap<Day, boolean>): WorkingDays {
  const real = new Map([...exceptions].filter(([day, works]) => works !== isWeekday(day)).sort(([a], [b]) => a - b));
  const days = [...real.keys()];
  /** `shifts[i]`: by how much the first `i` exceptions change the number of a later day. */
  const shifts = [0];
  for (const works of real.values()) shifts.push(shifts.at(-1)! + (works ? 1 : -1));
  const numbers = days.map((day, i) => weekdaysTo(day) + shifts[i + 1]!);
  return {
    isWorking: (day) => real.get(day) ?? isWeekday(day),
    numberAt: (day) => weekdaysTo(day) + shifts[firstIndex(days, (known) => known > day)]!,
    numbered(n) {
      const next = firstIndex(numbers, (known) => known >= n);
      const plain = weekday(n - shifts[next]!);
      const exception = days[next];
      return exception !== undefined && real.get(exception) ? Math.min(plain, exception) : plain;
    },
  };
}

/** Where in an ascending list the first value lies that is `reached`; the list's length if none is. */
function firstIndex(list: readonly number[], reached: (value: number) => boolean): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (reached(list[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The notices that are checked in: see `reading` in notices.json for what their lists hold. */
export const notices: typeof data.notices = data.notices;
