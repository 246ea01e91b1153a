/**
 * Ends of time limits. The day of the event does not count (民法典 201); a limit in months ends on the day of that number, or on the month's
 * last (民法典 202); a last day without office moves to the next working day (民法典 203). What comes in after closing time or on a day
 * without office counts as received on the next working day. A deadline is the closing time of its last day.
 */
import { type Day, dateOf, dayFrom, dayOf, instantAt, isProvisional, isWorking, minutesOfDay } from './working-days.js';

export type LimitUnit = 'workingDay' | 'calendarDay' | 'month';

export interface Deadline {
  dueAt: Date;
  /** A notice that is not published yet may move it: it counts on weekends alone for the days the notice is about. */
  provisional: boolean;
}

export interface OfficeHours {
  /** `HH:MM` in China time. */
  closesAt: string;
}
export const OFFICE_HOURS: OfficeHours = { closesAt: '17:00' };

/** Ten years: far beyond any limit, and a bound on the work of a wrong one. */
const MOST = { workingDay: 2_500, calendarDay: 3_660, month: 120 } as const;

/** When a limit that starts at `from` ends. Throws RangeError unless the value is a whole number from 0 to ten years. */
export function deadline(
  from: Date,
  limit: { value: number; unit: LimitUnit },
  hours: OfficeHours = OFFICE_HOURS,
): Deadline {
  if (!Number.isInteger(limit.value) || limit.value < 0 || limit.value > MOST[limit.unit])
    throw new RangeError(`not a limit: ${limit.value} ${limit.unit}`);
  const closing = minutesFrom(hours.closesAt);
  const start = receivedOn(from, closing);
  const last = workingFrom(lastDay(start, limit));
  let provisional = false;
  for (let day = dayOf(from); day <= last && !provisional; day++) provisional = isProvisional(day);
  return { dueAt: instantAt(last, closing), provisional };
}

/** The closing time of the n-th working day after `from`. */
export const addWorkingDays = (from: Date, n: number, hours: OfficeHours = OFFICE_HOURS): Deadline =>
  deadline(from, { value: n, unit: 'workingDay' }, hours);

function lastDay(start: Day, { value, unit }: { value: number; unit: LimitUnit }): Day {
  switch (unit) {
    case 'workingDay': {
      let day = start;
      for (let left = value; left > 0; left--) day = workingFrom(day + 1);
      return day;
    }
    case 'calendarDay':
      return start + value;
    case 'month':
      return monthsLater(start, value);
  }
}

const workingFrom = (day: Day): Day => {
  let next = day;
  while (!isWorking(next)) next++;
  return next;
};

const receivedOn = (from: Date, closing: number): Day =>
  workingFrom(minutesOfDay(from) > closing ? dayOf(from) + 1 : dayOf(from));

function monthsLater(start: Day, months: number): Day {
  const date = dateOf(start);
  const month = Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7)) - 1 + months;
  const first = (m: number): Day =>
    dayFrom(`${String(Math.floor(m / 12)).padStart(4, '0')}-${String((m % 12) + 1).padStart(2, '0')}-01`);
  return Math.min(first(month) + Number(date.slice(8)) - 1, first(month + 1) - 1);
}

function minutesFrom(time: string): number {
  const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time) ?? [];
  if (hour === undefined || minute === undefined) throw new RangeError(`not a time of day: ${time.slice(0, 20)}`);
  return Number(hour) * 60 + Number(minute);
}
