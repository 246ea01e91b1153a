import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  busyInstants,
  calendars,
  china,
  halfDayLimits,
  instants,
  limits,
  workingDayLimits,
} from '../test/arbitraries.js';
import { type Closure, NATIONAL, makeCalendar } from './calendar.js';
import { type Limit, type LimitUnit, deadline, deemedAcceptance } from './deadline.js';
import { dateOf, dayFrom, dayOf } from './working-days.js';

const working = (value: number): Limit => ({ value, unit: 'workingDay' });

describe('deadlines', () => {
  it.each<[string, number, LimitUnit, string, string]>([
    ['2026-03-02 10:00', 5, 'workingDay', '2026-03-09 17:00', 'the day of receipt does not count'],
    ['2026-03-02 17:00', 5, 'workingDay', '2026-03-09 17:00', 'closing time still belongs to the day'],
    ['2026-03-02 17:01', 5, 'workingDay', '2026-03-10 17:00', 'after closing time is the next working day'],
    ['2026-03-02 00:00', 5, 'workingDay', '2026-03-09 17:00', 'the day begins at midnight in China'],
    ['2026-03-07 10:00', 5, 'workingDay', '2026-03-16 17:00', 'a Saturday is the next Monday'],
    ['2026-02-13 10:00', 2, 'workingDay', '2026-02-24 17:00', 'a worked Saturday counts, the Spring Festival does not'],
    ['2024-09-30 10:00', 1, 'workingDay', '2024-10-08 17:00', 'over National Day'],
    ['2026-03-07 10:00', 0, 'workingDay', '2026-03-09 17:00', 'at once, but not on a Saturday'],
    ['2026-03-02 09:00', 0.5, 'workingDay', '2026-03-03 12:00', 'half a day: noon of the next'],
    ['2026-03-02 16:00', 0.5, 'workingDay', '2026-03-03 12:00', 'whenever it came in'],
    ['2026-03-06 18:00', 0.5, 'workingDay', '2026-03-10 12:00', 'after closing time on a Friday'],
    ['2026-03-06 15:00', 1.5, 'workingDay', '2026-03-10 12:00', 'one and a half'],
    ['2026-03-02 10:00', 10, 'calendarDay', '2026-03-12 17:00', 'plain days'],
    ['2026-03-02 10:00', 5, 'calendarDay', '2026-03-09 17:00', 'the last day is a Saturday'],
    ['2026-03-07 10:00', 1, 'calendarDay', '2026-03-10 17:00', 'received on a Saturday'],
    ['2026-09-24 10:00', 8, 'calendarDay', '2026-10-08 17:00', 'the last day lies in National Day'],
    ['2026-02-12 10:00', 2, 'calendarDay', '2026-02-14 17:00', 'the last day is a worked Saturday'],
    ['2026-01-30 10:00', 1, 'month', '2026-02-28 17:00', 'no 30 February: the last day, a worked Saturday'],
    ['2024-01-31 10:00', 1, 'month', '2024-02-29 17:00', 'nor a 31st, in a leap year'],
    ['2026-03-02 10:00', 3, 'month', '2026-06-02 17:00', 'the day of that number'],
    ['2025-11-10 10:00', 3, 'month', '2026-02-10 17:00', 'over the end of the year'],
    ['2016-01-29 10:00', 120, 'month', '2026-01-29 17:00', 'ten years'],
  ])('received %s, %d × %s: %s (%s)', (from, value, unit, due) => {
    expect(deadline(china(from), { value, unit })).toEqual({ dueAt: china(due), provisional: false });
  });

  it('are provisional as soon as they count over a day whose notice is not out', () => {
    const due = (from: string, limit: Limit) => deadline(china(from), limit);
    expect(due('2026-12-21 10:00', working(3)).provisional).toBe(false);
    expect(due('2026-12-21 10:00', working(4)).provisional).toBe(true);
    expect(due('2026-11-24 10:00', working(45))).toEqual({ dueAt: china('2027-01-26 17:00'), provisional: true });
    expect(due('2026-11-24 10:00', { value: 3, unit: 'month' }).provisional).toBe(true);
    expect(due('2009-12-30 10:00', working(10)).provisional).toBe(true);
  });

  it('change when the notice is known, and are final then', () => {
    const calendar = makeCalendar({
      notices: [{ year: 2027, notice: '2027', source: 'an example', off: ['2027-01-01'], work: ['2027-01-09'] }],
    });
    expect(deadline(china('2026-12-29 10:00'), working(3))).toEqual({
      dueAt: china('2027-01-01 17:00'),
      provisional: true,
    });
    expect(deadline(china('2026-12-29 10:00'), working(3), calendar)).toEqual({
      dueAt: china('2027-01-04 17:00'),
      provisional: false,
    });
  });

  const closure = (part: Closure['part'], from: string, to = from): Closure => ({
    id: `${part} ${from}`,
    from,
    to,
    part,
    reason: { zh: '停电检修', en: 'power works' },
    basis: 'an announcement',
  });
  const local = makeCalendar({
    closures: [
      closure('day', '2026-03-04', '2026-03-05'),
      closure('afternoon', '2026-03-09'),
      closure('morning', '2026-03-10'),
    ],
  });

  it.each<[string, Limit, string, string]>([
    ['2026-03-03 10:00', working(1), '2026-03-06 17:00', 'closed days do not count'],
    ['2026-03-04 10:00', working(1), '2026-03-09 12:00', 'nor does anything come in; a half-closed day ends at noon'],
    ['2026-03-06 10:00', working(0.5), '2026-03-09 12:00', 'half a day of it is all of it'],
    ['2026-03-09 12:00', working(1), '2026-03-10 17:00', 'until noon it is open'],
    ['2026-03-09 12:01', working(1), '2026-03-11 17:00', 'then it is closed'],
    ['2026-03-09 10:00', working(0.5), '2026-03-10 17:00', 'a closed morning cannot be the half day'],
    ['2026-03-09 10:00', working(1), '2026-03-10 17:00', 'and leaves a working day'],
    ['2026-03-10 09:00', working(1), '2026-03-11 17:00', 'on which things come in'],
    ['2026-03-02 10:00', { value: 2, unit: 'calendarDay' }, '2026-03-06 17:00', 'a last day that is closed moves'],
    ['2026-03-02 10:00', { value: 7, unit: 'calendarDay' }, '2026-03-09 12:00', 'a last day half closed does not'],
  ])('with local closures: received %s, %p: %s (%s)', (from, limit, due) => {
    expect(deadline(china(from), limit, local).dueAt).toEqual(china(due));
  });

  it('follow the office hours of the calendar', () => {
    const late = makeCalendar({ hours: { closesAt: '17:30', noon: '11:30' } });
    expect(deadline(china('2026-03-02 17:20'), working(1), late).dueAt).toEqual(china('2026-03-03 17:30'));
    expect(deadline(china('2026-03-02 17:20'), working(0.5), late).dueAt).toEqual(china('2026-03-03 11:30'));
  });

  it.each<[number, string]>([
    [-1, 'workingDay'],
    [0.25, 'workingDay'],
    [0.5, 'calendarDay'],
    [1.5, 'month'],
    [NaN, 'workingDay'],
    [Infinity, 'calendarDay'],
    [1e9, 'workingDay'],
    [2_500.5, 'workingDay'],
    [121, 'month'],
    [5, 'year'],
    [5, 'toString'],
  ])('refuse %p × %s as a limit', (value, unit) => {
    expect(() => deadline(china('2026-03-02 10:00'), { value, unit: unit as LimitUnit })).toThrow(
      new RangeError(`not a limit: ${value} ${unit}`),
    );
  });

  it.each([new Date(NaN), new Date(8.64e15), new Date(-8.64e15), china('1899-12-31 23:59'), china('2200-01-01 00:00')])(
    'refuse %p as a start',
    (from) => {
      expect(() => deadline(from, working(1))).toThrow(RangeError);
    },
  );

  it('never fall on a day without office, nor before their beginning', () => {
    fc.assert(
      fc.property(instants, limits, calendars, (from, limit, calendar) => {
        const { dueAt } = deadline(from, limit, calendar);
        expect(calendar.isWorking(dayOf(dueAt))).toBe(true);
        expect(dueAt.getTime()).toBeGreaterThanOrEqual(from.getTime());
      }),
    );
  });

  it('never come earlier for a later beginning or a longer limit', () => {
    fc.assert(
      fc.property(busyInstants, busyInstants, limits, calendars, (one, other, limit, calendar) => {
        const [first, second] = one <= other ? [one, other] : [other, one];
        const step = limit.unit === 'workingDay' ? 0.5 : 1;
        const due = (from: Date, value: number) => deadline(from, { ...limit, value }, calendar).dueAt.getTime();
        expect(due(first, limit.value)).toBeLessThanOrEqual(due(second, limit.value));
        expect(due(first, limit.value)).toBeLessThanOrEqual(due(first, limit.value + step));
      }),
      { numRuns: 300 },
    );
  });

  it('in working days add up when they are split after whole days', () => {
    fc.assert(
      fc.property(busyInstants, workingDayLimits, halfDayLimits, calendars, (from, first, rest, calendar) => {
        const between = deadline(from, first, calendar).dueAt;
        expect(deadline(between, rest, calendar)).toEqual(deadline(from, working(first.value + rest.value), calendar));
      }),
      { numRuns: 300 },
    );
  });

  it('in working days have exactly that many working days behind the day of receipt', () => {
    fc.assert(
      fc.property(instants, workingDayLimits, (from, limit) => {
        const received = dayOf(deadline(from, working(0)).dueAt);
        let counted = 0;
        for (let day = received + 1; day <= dayOf(deadline(from, limit).dueAt); day++)
          if (NATIONAL.isWorking(day)) counted++;
        expect(counted).toBe(limit.value);
      }),
    );
  });

  it('in calendar days lie that many days behind the day of receipt, or on the next working day', () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: 0, max: 90 }), (from, value) => {
        let day = dayOf(deadline(from, working(0)).dueAt) + value;
        while (!NATIONAL.isWorking(day)) day++;
        expect(dateOf(dayOf(deadline(from, { value, unit: 'calendarDay' }).dueAt))).toBe(dateOf(day));
      }),
    );
  });
});

describe('an application without a one-time notice', () => {
  it.each([
    ['2026-03-02 10:00', '2026-03-09 17:00', 'received on a Monday'],
    ['2026-02-12 16:00', '2026-02-26 17:00', 'before the Spring Festival'],
    ['2026-03-06 18:00', '2026-03-16 17:00', 'after closing time on a Friday'],
  ])('that came in %s counts as accepted from then on when %s has passed (%s)', (received, due) => {
    expect(deemedAcceptance(china(received))).toEqual({
      dueAt: china(due),
      provisional: false,
      acceptedAt: china(received),
    });
  });

  it('has part of its limit for the decision behind it then', () => {
    const { acceptedAt, dueAt } = deemedAcceptance(china('2026-03-02 10:00'));
    const decided = deadline(acceptedAt, working(20)).dueAt;
    expect(decided).toEqual(deadline(dueAt, working(15)).dueAt);
    expect(dayOf(decided)).toBe(dayFrom('2026-03-30'));
  });
});
