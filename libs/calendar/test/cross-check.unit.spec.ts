import { describe, expect, it } from '@jest/globals';
import { NATIONAL, isWorkingDay } from '../src/calendar.js';
import { crossCheck } from './cross-check.mjs';

describe('the calendar beside those of others', () => {
  it('agrees on every day of every published year, but where the notice says they are wrong', () => {
    const { days, packages, faults } = crossCheck(NATIONAL.years, isWorkingDay);
    expect(faults).toEqual([]);
    expect(days).toBe(6209);
    expect(packages).toHaveLength(3);
  });

  it('reports a day that is wrong here, once for each package', () => {
    const { faults } = crossCheck(NATIONAL.years, (date) => date === '2026-02-16' || isWorkingDay(date));
    expect(faults).toEqual(
      ['chinese-days', 'holiday-calendar', 'tyme4ts'].map(
        (name) => `not explained: 2026-02-16 is a working day here, not in ${name}`,
      ),
    );
  });

  it('reports an explanation that explains nothing any more', () => {
    const { faults } = crossCheck(NATIONAL.years, (date) => date !== '2013-10-12' && isWorkingDay(date));
    expect(faults).toEqual([
      'not explained: 2013-10-12 is a day off here, not in chinese-days',
      'not explained: 2013-10-12 is a day off here, not in holiday-calendar',
      'explained, but no difference: 2013-10-12 is a working day here, not in tyme4ts',
    ]);
  });
});
