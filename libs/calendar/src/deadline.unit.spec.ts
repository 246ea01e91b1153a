import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NATIONAL, makeCalendar } from './calendar.js';
import { type LimitUnit, deadline } from './deadline.js';
import { dayOf, isWorkingDay } from './working-days.js';

/** A wall clock in China. */
const china = (text: string): Date => new Date(`${text.replace(' ', 'T')}:00+08:00`);
const instants = fc.date({ min: china('2010-01-01 00:00'), max: china('2026-06-30 00:00'), noInvalidDate: true });

describe('deadlines', () => {
  it.each<[string, number, LimitUnit, string, string]>([
    ['2026-03-02 10:00', 5, 'workingDay', '2026-03-09 17:00', 'the day of receipt does not count'],
    ['2026-03-02 17:00', 5, 'workingDay', '2026-03-09 17:00', 'closing time still belongs to the day'],
    ['2026-03-02 17:01', 5, 'workingDay', '2026-03-10 17:00', 'after closing time is the next working day'],
    ['2026-03-07 10:00', 5, 'workingDay', '2026-03-16 17:00', 'a Saturday is the next Monday'],
    ['2026-02-13 10:00', 2, 'workingDay', '2026-02-24 17:00', 'a worked Saturday counts, the Spring Festival does not'],
    ['2024-09-30 10:00', 1, 'workingDay', '2024-10-08 17:00', 'over National Day'],
    ['2026-03-07 10:00', 0, 'workingDay', '2026-03-09 17:00', 'at once, but not on a Saturday'],
    ['2026-03-02 10:00', 0.5, 'workingDay', '2026-03-03 12:00', 'half a day: noon of the next'],
    ['2026-03-06 15:00', 1.5, 'workingDay', '2026-03-10 12:00', 'one and a half'],
    ['2026-03-02 10:00', 10, 'calendarDay', '2026-03-12 17:00', 'plain days'],
    ['2026-03-02 10:00', 5, 'calendarDay', '2026-03-09 17:00', 'the last day is a Saturday'],
    ['2026-09-24 10:00', 8, 'calendarDay', '2026-10-08 17:00', 'the last day lies in National Day'],
    ['2026-01-30 10:00', 1, 'month', '2026-02-28 17:00', 'no 30 February: the last day, a worked Saturday'],
    ['2026-03-02 10:00', 3, 'month', '2026-06-02 17:00', 'the day of that number'],
    ['2025-11-10 10:00', 3, 'month', '2026-02-10 17:00', 'over the end of the year'],
  ])('received %s, %d × %s: %s (%s)', (from, value, unit, due) => {
    expect(deadline(china(from), { value, unit })).toEqual({ dueAt: china(due), provisional: false });
  });

  it('are provisional as soon as they count over a day whose notice is not out', () => {
    const working = (from: string, value: number) => deadline(china(from), { value, unit: 'workingDay' });
    expect(working('2026-12-21 10:00', 3).provisional).toBe(false);
    expect(working('2026-12-21 10:00', 4).provisional).toBe(true);
    expect(working('2026-11-24 10:00', 45)).toEqual({ dueAt: china('2027-01-26 17:00'), provisional: true });
    expect(deadline(china('2026-11-24 10:00'), { value: 3, unit: 'month' }).provisional).toBe(true);
  });

  it('follow the office hours of the calendar', () => {
    const late = makeCalendar({ hours: { closesAt: '17:30', noon: '11:30' } });
    expect(deadline(china('2026-03-02 17:20'), { value: 1, unit: 'workingDay' }, late).dueAt).toEqual(
      china('2026-03-03 17:30'),
    );
  });

  const limits = fc.record({
    value: fc.integer({ min: 0, max: 60 }),
    unit: fc.constantFrom<LimitUnit>('workingDay', 'calendarDay', 'month'),
  });

  it('never fall on a day without office, nor before their beginning', () => {
    fc.assert(
      fc.property(instants, limits, (from, limit) => {
        const { dueAt } = deadline(from, limit);
        expect(isWorkingDay(dueAt)).toBe(true);
        expect(dueAt.getTime()).toBeGreaterThanOrEqual(from.getTime());
      }),
    );
  });

  it('never come earlier for a later beginning or a longer limit', () => {
    fc.assert(
      fc.property(instants, instants, limits, (one, other, { value, unit }) => {
        const [first, second] = one <= other ? [one, other] : [other, one];
        const due = (from: Date, n: number) => deadline(from, { value: n, unit }).dueAt.getTime();
        expect(due(first, value)).toBeLessThanOrEqual(due(second, value));
        expect(due(first, value)).toBeLessThanOrEqual(due(first, value + 1));
      }),
    );
  });

  it('in working days have exactly that many working days behind the day of receipt', () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: 0, max: 60 }), (from, n) => {
        const received = dayOf(deadline(from, { value: 0, unit: 'workingDay' }).dueAt);
        const last = dayOf(deadline(from, { value: n, unit: 'workingDay' }).dueAt);
        let counted = 0;
        for (let day = received + 1; day <= last; day++) if (NATIONAL.isWorking(day)) counted++;
        expect(counted).toBe(n);
      }),
    );
  });
});
