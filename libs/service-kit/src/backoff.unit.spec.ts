import { describe, expect, it } from '@jest/globals';
import { backoffMs } from './backoff.js';

const pace = { baseMs: 500, maxMs: 60_000 };
describe('backoff', () => {
  it('doubles from the first failure on and stops at the maximum', () => {
    expect([1, 2, 3, 8, 500].map((failures) => backoffMs(failures, pace, 0))).toEqual([
      500, 1000, 2000, 60_000, 60_000,
    ]);
  });
  it('takes off at most half', () => {
    expect(backoffMs(3, pace, 0.999999)).toBe(1000);
  });
});
