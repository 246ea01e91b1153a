/** Ends of time limits; `clock.ts` adds what happens in between. */
import { type Calendar, NATIONAL } from './calendar.js';
import { checkInstant, checkLimit, endOf } from './counting.js';

export type LimitUnit = 'workingDay' | 'calendarDay' | 'month';

/** Working days also in halves, the other units whole; from 0 to ten years. */
export interface Limit {
  value: number;
  unit: LimitUnit;
}

export interface Deadline {
  dueAt: Date;
  /** A notice that is not published yet may move it: it counts on weekends alone for the days the notice is about. */
  provisional: boolean;
}

/**
 * When a limit that starts at `from` ends: at closing time of its last day.
 *
 * - What comes in after closing time or on a day without office counts as received on the next working day. The day of receipt does not count
 *   (民法典 201).
 * - `workingDay`: working days alone count, as in every limit of the licensing law (行政许可法 82). Half a working day ends with the first
 *   half of the next working day: at noon, or at closing time if its morning is closed.
 * - `calendarDay`, `month`: every day counts; a limit in months ends on the day of the same number, or on the month's last (民法典 202). A last
 *   day without office moves to the next working day (民法典 203).
 * - A limit of 0 ends on the day of receipt.
 *
 * Throws RangeError for an instant outside 1900 to 2199 and for a limit that is none.
 */
export function deadline(from: Date, limit: Limit, calendar: Calendar = NATIONAL): Deadline {
  checkInstant(from);
  checkLimit(limit);
  // Nothing stands still, so there is an end.
  return endOf({ from, limits: [limit], standstills: [] }, calendar)!;
}

/** The one-time notice (一次性告知) is due within five working days of the application (行政许可法 32). */
const ONE_TIME_NOTICE: Limit = { value: 5, unit: 'workingDay' };

/**
 * What silence does (行政许可法 32): with no one-time notice up to `dueAt`, the application counts as accepted, and not from then on but from the day the
 * material was received, `acceptedAt`. The limit for the decision (行政许可法 42) starts there, so part of it has run already.
 */
export function deemedAcceptance(received: Date, calendar: Calendar = NATIONAL): Deadline & { acceptedAt: Date } {
  return { ...deadline(received, ONE_TIME_NOTICE, calendar), acceptedAt: received };
}
