/** How limits are counted, with stretches in between that do not count. `deadline.ts` and `clock.ts` say what it means. */
import { type Calendar, FIRST_YEAR, LAST_YEAR } from './calendar.js';
import { type Day, dateOf, dayFrom, dayOf, instantAt, minutesOfDay } from './working-days.js';

export type LimitUnit = 'workingDay' | 'calendarDay' | 'month';

/** Working days also in halves, the other units whole; from 0 to ten years. */
export interface Limit {
  value: number;
  unit: LimitUnit;
}

/** The ends of days between `from` (excluded) and `to` (included, `Infinity` while it lasts) do not count. Milliseconds since 1970. */
export interface Standstill {
  from: number;
  to: number;
}

/** Ten years: far beyond any limit, and a bound on the work of a wrong one. */
const MOST = { workingDay: 2_500, calendarDay: 3_660, month: 120 } as const satisfies Record<LimitUnit, number>;

/** Throws RangeError unless `limit` is one. */
export function checkLimit({ value, unit }: Limit): void {
  const most = Object.hasOwn(MOST, unit) ? MOST[unit] : NaN;
  const counted = unit === 'workingDay' ? value * 2 : value;
  if (!Number.isInteger(counted) || value < 0 || !(value <= most))
    throw new RangeError(`not a limit: ${String(value).slice(0, 20)} ${String(unit).slice(0, 20)}`);
}

const FIRST_DAY = dayFrom(`${FIRST_YEAR}-01-01`);
const LAST_DAY = dayFrom(`${LAST_YEAR}-12-31`);

/** Throws RangeError for an invalid date and for one outside the years 1900 to 2199. */
export function checkInstant(instant: Date): void {
  const day = dayOf(instant);
  if (day < FIRST_DAY || day > LAST_DAY) throw new RangeError(`not an instant from ${FIRST_YEAR} to ${LAST_YEAR}`);
}

/**
 * A line of moments that count, numbered one after the other: the ends of all days, of working days, or of their halves. The ends of working day
 * number n have the numbers 2n-1 (its first half) and 2n among the halves.
 */
interface Line {
  /** The number of the last moment up to and including `instant`. */
  numberAt(instant: Date): number;
}

const closed = (calendar: Calendar, instant: Date): boolean =>
  minutesOfDay(instant) >= calendar.closesAt(dayOf(instant));

const days = (calendar: Calendar): Line => ({
  numberAt: (instant) => (closed(calendar, instant) ? dayOf(instant) : dayOf(instant) - 1),
});

const workingDays = (calendar: Calendar): Line => ({
  numberAt: (instant) => calendar.numberAt(days(calendar).numberAt(instant)),
});

const halves = (calendar: Calendar): Line => ({
  numberAt(instant) {
    const past = 2 * workingDays(calendar).numberAt(instant);
    const day = dayOf(instant);
    const halfPast =
      calendar.isWorking(day) && !closed(calendar, instant) && minutesOfDay(instant) >= calendar.halfEndsAt(day);
    return halfPast ? past + 1 : past;
  },
});

/** The n-th moment after number `base` that counts; null where a standstill that still lasts comes before it. */
function advance(line: Line, base: number, n: number, standstills: readonly Standstill[]): number | null {
  let [from, to] = [base, base + n];
  for (const standstill of standstills) {
    from = Math.max(from, line.numberAt(new Date(standstill.from)));
    if (from >= to) break;
    if (standstill.to === Infinity) return null;
    const end = line.numberAt(new Date(standstill.to));
    if (end > from) [from, to] = [end, to + end - from];
  }
  return to;
}

/** The day on which something counts as received: after closing time or without office the next working day. */
export function receivedOn(instant: Date, calendar: Calendar): Day {
  const day = minutesOfDay(instant) > calendar.closesAt(dayOf(instant)) ? dayOf(instant) + 1 : dayOf(instant);
  return calendar.numbered(calendar.numberAt(day - 1) + 1);
}

/**
 * The half of a working day, by its number, with which limits end that run one after the other from the end of day `received`. `fifth`: where
 * only a fifth of the last one is left. Standstills must be disjoint and ascending. Null: it stands still before.
 */
export function lastHalf(
  limits: readonly Limit[],
  received: Day,
  calendar: Calendar,
  standstills: readonly Standstill[],
  fifth = false,
): number | null {
  let half: number | null = 2 * calendar.numberAt(received);
  for (const [i, { value, unit }] of limits.entries()) {
    const start = calendar.numbered(Math.ceil(half / 2));
    const all: number = unit === 'month' ? monthsLater(start, value) - start : value;
    const count = fifth && i === limits.length - 1 ? all - Math.floor(all / 5) : all;
    const line = unit === 'workingDay' ? workingDays(calendar) : days(calendar);
    const base = unit === 'workingDay' ? calendar.numberAt(start) : start;
    const whole = Math.floor(count);
    const last = advance(line, base, whole, standstills);
    if (last === null) return null;
    if (unit === 'workingDay')
      half = advance(halves(calendar), count > whole ? 2 * last : 2 * last - 1, 1, standstills);
    else {
      const office = advance(workingDays(calendar), calendar.numberAt(last - 1), 1, standstills);
      half = office === null ? null : 2 * office;
    }
    if (half === null) return null;
  }
  return half;
}

/** The last half before number `half` that counts and ends earlier. */
export function halfBefore(half: number, calendar: Calendar, standstills: readonly Standstill[]): number {
  const line = halves(calendar);
  let before = half - 1;
  if (halfEnd(before, calendar).getTime() === halfEnd(half, calendar).getTime()) before--;
  for (const { from, to } of standstills.toReversed())
    if (to !== Infinity && before <= line.numberAt(new Date(to)))
      before = Math.min(before, line.numberAt(new Date(from)));
  return before;
}

/** The instant at which a half, by its number, ends. */
export function halfEnd(half: number, calendar: Calendar): Date {
  const day = calendar.numbered(Math.ceil(half / 2));
  return instantAt(day, half % 2 === 0 ? calendar.closesAt(day) : calendar.halfEndsAt(day));
}

/** The day of the same number some months later, or that month's last (民法典 202). */
function monthsLater(day: Day, months: number): Day {
  const [year, month, number] = dateOf(day).split('-').map(Number) as [number, number, number];
  const first = (m: number): Day => Date.UTC(year, m, 1) / 86_400_000;
  return Math.min(first(month - 1 + months) + number - 1, first(month + months) - 1);
}
