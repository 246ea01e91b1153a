import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import theirs from 'chinese-days/dist/chinese-days.json' with { type: 'json' };
import { addWorkingDays, deadline, type LimitUnit } from './deadline.js';
import { dateOf, dayFrom, dayOf, isProvisional, isWorking, isWorkingDay, publishedYears } from './working-days.js';
import data from './notices.json' with { type: 'json' };

/** A wall clock in China. */
const china = (text: string): Date => new Date(`${text.replace(' ', 'T')}:00+08:00`);
const instants = fc.date({ min: china('2010-01-01 00:00'), max: china('2026-06-30 00:00'), noInvalidDate: true });

describe('working days', () => {
  it.each([
    ['2024-02-04', true, 'a Sunday worked for the Spring Festival'],
    ['2024-10-01', false, 'National Day'],
    ['2024-10-12', true, 'a Saturday worked for National Day'],
    ['2024-10-13', false, 'a plain Sunday'],
    ['2024-10-14', true, 'a plain Monday'],
    ['2026-02-14', true, 'the Saturday before the Spring Festival'],
    ['2026-02-16', false, 'the Spring Festival'],
    ['2026-02-23', false, 'its last day'],
    ['2026-02-24', true, 'the day after'],
    ['2026-02-28', true, 'the Saturday that makes up for it'],
    ['2018-12-29', true, 'a Saturday of 2018 that the notice for 2019 arranged'],
    ['2018-12-31', false, 'and the Monday it made free'],
    ['2015-09-03', false, 'the day added in mid-2015'],
    ['2019-05-03', false, 'Labour Day as extended in 2019'],
    ['2020-01-31', false, 'the Spring Festival as extended in 2020'],
  ])('%s: working day %s (%s)', (date, works) => {
    expect(isWorkingDay(date)).toBe(works);
  });

  it('takes the day an instant lies on in China, not on the machine', () => {
    expect(isWorkingDay(new Date('2024-09-30T15:59:59Z'))).toBe(true);
    expect(isWorkingDay(new Date('2024-09-30T16:00:00Z'))).toBe(false);
  });

  it('agrees with another table on every day of every published year', () => {
    // Their data, not their functions, which go by the zone of the machine.
    const isWorkday = (date: string): boolean =>
      date in theirs.workdays ||
      (![0, 6].includes(new Date(`${date}T00:00:00Z`).getUTCDay()) && !(date in theirs.holidays));
    const differing: string[] = [];
    for (let day = dayFrom(`${publishedYears[0]}-01-01`); day <= dayFrom(`${publishedYears.at(-1)}-12-31`); day++)
      if (isWorking(day) !== isWorkday(dateOf(day))) differing.push(dateOf(day));
    expect(differing).toEqual([]);
  });

  it('names a notice for every year, and lists only what differs from the plain week', () => {
    expect(publishedYears).toEqual(Array.from({ length: 17 }, (_, i) => 2010 + i));
    for (const notice of data.notices) {
      expect(notice.notice).toMatch(new RegExp(`〔${notice.year - 1}〕\\d+号$`));
      const weekday = (date: string) => new Date(`${date}T00:00:00Z`).getUTCDay();
      expect(notice.off.filter((date) => [0, 6].includes(weekday(date)))).toEqual([]);
      expect(notice.work.filter((date) => ![0, 6].includes(weekday(date)))).toEqual([]);
    }
  });

  it('knows that a year without a notice, and the last days of December before it, may still change', () => {
    expect(isProvisional(dayFrom('2027-03-01'))).toBe(true);
    expect(isProvisional(dayFrom('2009-03-02'))).toBe(true);
    expect(isProvisional(dayFrom('2026-12-24'))).toBe(false);
    expect(isProvisional(dayFrom('2026-12-28'))).toBe(true);
    expect(isProvisional(dayFrom('2025-12-31'))).toBe(false);
  });

  it.each(['2026-02-30', '2026-2-3', 'tomorrow', ''])('refuses %p as a date', (date) => {
    expect(() => isWorkingDay(date)).toThrow(RangeError);
  });
});

describe('deadlines', () => {
  it.each([
    ['2026-03-02 10:00', 5, '2026-03-09 17:00', 'the day of receipt does not count'],
    ['2026-03-02 17:00', 5, '2026-03-09 17:00', 'closing time still belongs to the day'],
    ['2026-03-02 17:01', 5, '2026-03-10 17:00', 'after closing time is the next working day'],
    ['2026-03-07 10:00', 5, '2026-03-16 17:00', 'a Saturday is the next Monday'],
    ['2026-02-13 10:00', 2, '2026-02-24 17:00', 'a worked Saturday counts, the Spring Festival does not'],
    ['2024-09-30 10:00', 1, '2024-10-08 17:00', 'over National Day'],
    ['2026-03-07 10:00', 0, '2026-03-09 17:00', 'at once, but not on a Saturday'],
  ])('received %s, %d working days: %s (%s)', (from, n, due) => {
    expect(addWorkingDays(china(from), n)).toEqual({ dueAt: china(due), provisional: false });
  });

  it.each<[string, number, LimitUnit, string, string]>([
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
    expect(addWorkingDays(china('2026-12-21 10:00'), 3).provisional).toBe(false);
    expect(addWorkingDays(china('2026-12-21 10:00'), 4).provisional).toBe(true);
    expect(addWorkingDays(china('2026-11-24 10:00'), 45)).toEqual({
      dueAt: china('2027-01-26 17:00'),
      provisional: true,
    });
    expect(deadline(china('2026-11-24 10:00'), { value: 3, unit: 'month' }).provisional).toBe(true);
  });

  it('follow the office hours they are given', () => {
    expect(addWorkingDays(china('2026-03-02 17:20'), 1, { closesAt: '17:30' }).dueAt).toEqual(
      china('2026-03-03 17:30'),
    );
    expect(() => addWorkingDays(china('2026-03-02 10:00'), 1, { closesAt: '25:00' })).toThrow(RangeError);
  });

  it.each([-1, 0.5, NaN, Infinity, 1e9])('refuse %p as a limit', (n) => {
    expect(() => addWorkingDays(china('2026-03-02 10:00'), n)).toThrow(RangeError);
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

  it('in working days add up when they are split', () => {
    const days = fc.integer({ min: 0, max: 60 });
    fc.assert(
      fc.property(instants, days, days, (from, a, b) => {
        expect(addWorkingDays(addWorkingDays(from, a).dueAt, b).dueAt).toEqual(addWorkingDays(from, a + b).dueAt);
      }),
    );
  });

  it('in working days have exactly that many working days behind the day of receipt', () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: 0, max: 60 }), (from, n) => {
        const received = dayOf(addWorkingDays(from, 0).dueAt);
        let counted = 0;
        for (let day = received + 1; day <= dayOf(addWorkingDays(from, n).dueAt); day++) if (isWorking(day)) counted++;
        expect(counted).toBe(n);
      }),
    );
  });
});
