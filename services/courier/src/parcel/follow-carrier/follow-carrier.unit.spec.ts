import { describe, expect, it } from '@jest/globals';
import { withPauses } from './follow-carrier.js';

describe('work with pauses', () => {
  it('asks an absent carrier ever more seldom, and at full pace again once it answers', async () => {
    let now = 0;
    let calls = 0;
    let absent = true;
    const work = withPauses(
      () => {
        calls++;
        return absent ? Promise.reject(new Error('absent')) : Promise.resolve(1);
      },
      { baseMs: 1_000, maxMs: 4_000 },
      () => now,
    );
    for (const [advance, expected] of [
      [0, 1],
      [400, 1],
      [700, 2],
      [900, 2],
      [1_200, 3],
    ] as const) {
      now += advance;
      await work().catch(() => 0);
      expect(calls).toBe(expected);
    }
    now += 4_001;
    absent = false;
    expect([await work(), await work(), await work()]).toEqual([1, 1, 1]);
  });
});
