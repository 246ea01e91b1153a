import { describe, expect, it } from '@jest/globals';
import { caseNumber, chinaDay, receiptNumber } from './case-number.js';

describe('the case number', () => {
  it('names locality, day and count', () => {
    expect(caseNumber('430600', '20261124', 1)).toBe('LB-430600-20261124-000001');
    expect(receiptNumber('430600', '20261124', 1)).toBe('SJ-430600-20261124-000001');
  });
  it('grows when a day has more than a million cases', () =>
    expect(caseNumber('430600', '20261124', 1_234_567)).toBe('LB-430600-20261124-1234567'));
  it('has the day of China, which begins at 16:00 UTC of the day before', () => {
    expect(chinaDay(new Date('2026-11-24T15:59:59.999Z'))).toBe('20261124');
    expect(chinaDay(new Date('2026-11-24T16:00:00.000Z'))).toBe('20261125');
    expect(chinaDay(new Date('2026-12-31T16:00:00.000Z'))).toBe('20270101');
  });
});
