/** How limits are counted when there are stretches in between that do not count. What it means is told in `deadline.ts` and `clock.ts`. */
import { type Calendar, FIRST_YEAR, LAST_YEAR } from './calendar.js';
import type { Deadline, Limit, LimitUnit } from './deadline.js';
import { type Day, dateOf, dayFrom, dayOf, instantAt, minutesOfDay } from './working-days.js';

/** The ends of days after `from`, up to and including `to` (`Infinity` while it lasts), do not count. Milliseconds since 1970. */
export interface Standstill {
  from: number;
  to: number;
}

/** What runs: limits one after the other from the day of receipt. The standstills are disjoint and ascending. */
export interface Course {
  from: Date;
  limits: readonly Limit[];
  standstills: readonly Standstill[];
}

/** Ten years: far beyond any limit. */
const MOST: Record<LimitUnit, number> = { workingDay: 2_500, calendarDay: 3_660, month: 120 };

/** Throws RangeError unless `limit` is one. */
export function checkLimit({ value, unit }: Limit): void {
  const whole = Number.isInteger(unit === 'workingDay' ? value * 2 : value);
  if (!whole || !(value >= 0 && value <= MOST[unit]))
    throw new RangeError(`not a limit: ${String(value).slice(0, 20)} ${String(unit).slice(0, 20)}`);
}

const FIRST_DAY = dayFrom(`${FIRST_YEAR}-01-01`);
const LAST_DAY = dayFrom(`${LAST_YEAR}-12-31`);

/** Throws RangeError for an invalid date and for one outside the years of a calendar. */
export function checkInstant(instant: Date): void {
  const day = dayOf(instant);
  if (day < FIRST_DAY || day > LAST_DAY) throw new RangeError(`not an instant from ${FIRST_YEAR} to ${LAST_YEAR}`);
}

/** The end of the last limit; null where a standstill that still lasts comes before it. */
export function endOf(course: Course, calendar: Calendar): Deadline | null {
  const half = lastHalf(course, calendar);
  if (half === null) return null;
  const dueAt = endOfHalf(half, calendar);
  // The days with a known notice are one stretch, so its two ends tell.
  const provisional = [course.from, dueAt].some((instant) => calendar.isProvisional(dayOf(instant)));
  return { dueAt, provisional };
}

/** When a fifth of the last limit is left, or half a day if that is earlier, but not before the course begins; null as in `endOf`. */
export function nearEndOf(course: Course, calendar: Calendar): Date | null {
  const half = lastHalf(course, calendar);
  if (half === null) return null;
  // What ends is reached at four fifths too.
  const near = Math.min(lastHalf(course, calendar, 1 / 5)!, halfBefore(half, course.standstills, calendar));
  const begins = Math.max(course.from.getTime(), instantAt(receivedOn(course.from, calendar), 0).getTime());
  return new Date(Math.max(endOfHalf(near, calendar).getTime(), begins));
}

/** The day on which something counts as received: after closing time or without office the next working day. */
function receivedOn(instant: Date, calendar: Calendar): Day {
  const late = minutesOfDay(instant) > calendar.closesAt(dayOf(instant));
  return calendar.numbered(calendar.numberAt(late ? dayOf(instant) : dayOf(instant) - 1) + 1);
}

/**
 * Three lines of moments that can count, each numbered one after the other: the ends of all days, of the working days, of their halves. An
 * instant has the number of the last moment up to and including it. The halves of working day n are numbered 2n-1 and 2n.
 */
type Line = (instant: Date, calendar: Calendar) => number;

const days: Line = (instant, calendar) => {
  const day = dayOf(instant);
  return minutesOfDay(instant) >= calendar.closesAt(day) ? day : day - 1;
};

const workingDays: Line = (instant, calendar) => calendar.numberAt(days(instant, calendar));

const halves: Line = (instant, calendar) => {
  const day = dayOf(instant);
  const past = workingDays(instant, calendar);
  const officeDay = past < calendar.numberAt(day);
  return 2 * past + (officeDay && minutesOfDay(instant) >= calendar.halfEndsAt(day) ? 1 : 0);
};

/** The instant at which a half ends. */
function endOfHalf(half: number, calendar: Calendar): Date {
  const day = calendar.numbered(Math.ceil(half / 2));
  return instantAt(day, half % 2 === 0 ? calendar.closesAt(day) : calendar.halfEndsAt(day));
}

/** The half with whose end the last limit ends, or of which only `spare` is left (whole days, rounded down). */
function lastHalf({ from, limits, standstills }: Course, calendar: Calendar, spare = 0): number | null {
  /** The n-th moment after number `start` that counts. */
  const advance = (line: Line, start: number, n: number): number | null => {
    let [reached, end] = [start, start + n];
    for (const standstill of standstills) {
      reached = Math.max(reached, line(new Date(standstill.from), calendar));
      if (reached >= end) break;
      if (standstill.to === Infinity) return null;
      const resumed = Math.max(reached, line(new Date(standstill.to), calendar));
      [reached, end] = [resumed, end + resumed - reached];
    }
    return end;
  };

  let day = receivedOn(from, calendar);
  let half: number | null = null;
  for (const [i, { value, unit }] of limits.entries()) {
    const all = unit === 'month' ? monthsLater(day, value) - day : value;
    const count = i === limits.length - 1 ? all - Math.floor(all * spare) : all;
    if (unit === 'workingDay') {
      const last = advance(workingDays, calendar.numberAt(day), Math.floor(count));
      const wanted = count > Math.floor(count) ? 1 : 0;
      half = last === null ? null : advance(halves, 2 * last - 1 + wanted, 1);
    } else {
      const last = advance(days, day, count);
      const office = last === null ? null : advance(workingDays, calendar.numberAt(last - 1), 1);
      half = office === null ? null : 2 * office;
    }
    if (half === null) return null;
    day = calendar.numbered(Math.ceil(half / 2));
  }
  return half;
}

/** The last half before that counts and ends earlier. */
function halfBefore(half: number, standstills: readonly Standstill[], calendar: Calendar): number {
  // Where the office has but one half of a day, both end at once.
  const together = endOfHalf(half - 1, calendar).getTime() === endOfHalf(half, calendar).getTime();
  let before = half - (together ? 2 : 1);
  for (const { from, to } of standstills.toReversed())
    if (to !== Infinity && before <= halves(new Date(to), calendar))
      before = Math.min(before, halves(new Date(from), calendar));
  return before;
}

/** The day of the same number some months later, or that month's last. */
function monthsLater(day: Day, months: number): Day {
  const [year, month, number] = dateOf(day).split('-').map(Number) as [number, number, number];
  const first = (m: number): Day => Date.UTC(year, m, 1) / 86_400_000;
  return Math.min(first(month - 1 + months) + number - 1, first(month + months) - 1);
}
