/** Ends of time limits; `clock.ts` adds what happens in between. The rules are told in docs/calendar.md. */
import { type Calendar, NATIONAL } from './calendar.js';
import { type Limit, checkInstant, checkLimit, halfEnd, lastHalf, receivedOn } from './counting.js';
import { dayOf } from './working-days.js';

export type { Limit, LimitUnit } from './counting.js';

export interface Deadline {
  dueAt: Date;
  /** A notice that is not published yet may move it: it counts on weekends alone for the days the notice is about. */
  provisional: boolean;
}

/**
 * When a limit that starts at `from` ends: the closing time of its last day.
 *
 * - What comes in after closing time or on a day without office counts as received on the next working day. The day of receipt does not count
 *   (民法典 201).
 * - `workingDay`: working days alone count (行政许可法 82). Half a working day ends with the first half of the next working day, at noon; where
 *   its morning is closed, at closing time.
 * - `calendarDay`, `month`: every day counts; a limit in months ends on the day of that number, or on the month's last (民法典 202). A last day
 *   without office moves to the next working day (民法典 203).
 * - A limit of 0 ends on the day of receipt.
 *
 * Throws RangeError for an instant outside 1900 to 2199 and for a value that is negative, above ten years, or not whole (working days: halves).
 */
export function deadline(from: Date, limit: Limit, calendar: Calendar = NATIONAL): Deadline {
  checkInstant(from);
  checkLimit(limit);
  // Nothing stands still, so there is an end.
  const dueAt = halfEnd(lastHalf([limit], receivedOn(from, calendar), calendar, [])!, calendar);
  return { dueAt, provisional: isProvisional(from, dueAt, calendar) };
}

/** The days with a known notice form one stretch, so the two ends tell. */
export const isProvisional = (from: Date, dueAt: Date, calendar: Calendar): boolean =>
  calendar.isProvisional(dayOf(from)) || calendar.isProvisional(dayOf(dueAt));

/** The one-time notice of what is missing is due within five working days (行政许可法 32). */
const ONE_TIME_NOTICE: Limit = { value: 5, unit: 'workingDay' };

/**
 * What silence does (行政许可法 32): with no one-time notice (一次性告知) up to `dueAt`, the application counts as accepted, and not from then but from
 * `acceptedAt`, when the material was received. The limit for the decision starts there.
 */
export function deemedAcceptance(received: Date, calendar: Calendar = NATIONAL): Deadline & { acceptedAt: Date } {
  return { ...deadline(received, ONE_TIME_NOTICE, calendar), acceptedAt: received };
}
