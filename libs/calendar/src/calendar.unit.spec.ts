import { describe, expect, it } from '@jest/globals';
import theirs from 'chinese-days/dist/chinese-days.json' with { type: 'json' };
import { NATIONAL } from './calendar.js';
import { dateOf, dayFrom, isWeekday, isWorkingDay, notices, publishedYears } from './working-days.js';

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
    expect(NATIONAL.isWorking(dayFrom(date))).toBe(works);
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
      if (NATIONAL.isWorking(day) !== isWorkday(dateOf(day))) differing.push(dateOf(day));
    expect(differing).toEqual([]);
  });

  it('names a notice for every year, and lists only what differs from the plain week', () => {
    expect(publishedYears).toEqual(Array.from({ length: 17 }, (_, i) => 2010 + i));
    for (const notice of notices) {
      expect(notice.notice).toMatch(new RegExp(`〔${notice.year - 1}〕\\d+号$`));
      expect(notice.off.filter((date) => !isWeekday(dayFrom(date)))).toEqual([]);
      expect(notice.work.filter((date) => isWeekday(dayFrom(date)))).toEqual([]);
    }
  });

  it('knows that a year without a notice, and the last days of December before it, may still change', () => {
    expect(NATIONAL.isProvisional(dayFrom('2027-03-01'))).toBe(true);
    expect(NATIONAL.isProvisional(dayFrom('2009-03-02'))).toBe(true);
    expect(NATIONAL.isProvisional(dayFrom('2026-12-24'))).toBe(false);
    expect(NATIONAL.isProvisional(dayFrom('2026-12-28'))).toBe(true);
    expect(NATIONAL.isProvisional(dayFrom('2025-12-31'))).toBe(false);
  });

  it.each(['2026-02-30', '2026-2-3', 'tomorrow', ''])('refuses %p as a date', (date) => {
    expect(() => isWorkingDay(date)).toThrow(RangeError);
  });
});
