/** What the specs of the calendar draw their examples from. */
import fc from 'fast-check';
import { type Calendar, NATIONAL, makeCalendar } from '../src/calendar.js';
import type { Limit, LimitUnit } from '../src/deadline.js';
import { dateOf, dayFrom } from '../src/working-days.js';

/** A wall clock in China: `YYYY-MM-DD HH:MM`. */
export const china = (text: string): Date => new Date(`${text.replace(' ', 'T')}:00+08:00`);

const HALF_HOUR = 1_800_000;

/** Whole half hours, so that noon and closing time are often met exactly. */
export const instants = fc
  .integer({
    min: china('2010-01-01 00:00').getTime() / HALF_HOUR,
    max: china('2026-06-30 00:00').getTime() / HALF_HOUR,
  })
  .map((halfHours) => new Date(halfHours * HALF_HOUR));

export const later = (instant: Date, halfHours: number): Date => new Date(instant.getTime() + halfHours * HALF_HOUR);

const limitOf = (value: fc.Arbitrary<number>, unit: LimitUnit): fc.Arbitrary<Limit> =>
  fc.record({ value, unit: fc.constant(unit) });

export const workingDayLimits = limitOf(fc.integer({ min: 0, max: 60 }), 'workingDay');
export const halfDayLimits = limitOf(
  fc.integer({ min: 0, max: 60 }).map((halves) => halves / 2),
  'workingDay',
);
export const dayLimits = fc.oneof(halfDayLimits, limitOf(fc.integer({ min: 0, max: 90 }), 'calendarDay'));
export const monthLimits = limitOf(fc.integer({ min: 0, max: 6 }), 'month');
export const limits = fc.oneof(dayLimits, monthLimits);

const reason = { zh: '停电检修', en: 'power works' };

/** A closure of two weeks, and of single days and halves of them, many of them side by side. */
const closedDays: fc.Arbitrary<Calendar> = fc
  .uniqueArray(
    fc.record({
      day: fc
        .integer({ min: dayFrom('2016-01-01'), max: dayFrom('2016-07-08') })
        .filter((day) => NATIONAL.isWorking(day)),
      part: fc.constantFrom('day', 'morning', 'afternoon'),
    }),
    { selector: ({ day }) => day, maxLength: 60 },
  )
  .map((days) =>
    makeCalendar({
      closures: [
        { id: 'flood', from: '2016-07-11', to: '2016-07-24', part: 'day', reason, basis: 'announcement' },
        ...days.map(({ day, part }, i) => {
          const date = dateOf(day);
          return { id: `c${i}`, from: date, to: date, part, reason, basis: 'announcement' };
        }),
      ],
    }),
  );

// Drawn once: a calendar takes longer to make than to try.
export const calendars = fc.constantFrom(NATIONAL, ...fc.sample(closedDays, { seed: 45, numRuns: 30 }));

/** Instants of the year in which `calendars` has closures. */
export const busyInstants = fc
  .integer({
    min: china('2015-12-01 00:00').getTime() / HALF_HOUR,
    max: china('2016-12-31 00:00').getTime() / HALF_HOUR,
  })
  .map((halfHours) => new Date(halfHours * HALF_HOUR));
