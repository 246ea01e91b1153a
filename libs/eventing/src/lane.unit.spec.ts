import { describe, expect, it } from '@jest/globals';
import { laneOf } from './lane.js';

describe('lane', () => {
  it('is the same for ever: fixed vectors', () => {
    const vectors: Record<string, number> = {
      '': 3,
      a: 3,
      '01936f4e-7c00-7000-8000-000000000001': 6,
      '01936f4e-7c00-7000-8000-000000000002': 4,
      '430600-social-insurance': 2,
      'pension-transfer': 3,
      'window-430600/YY-2026-0001': 6,
      岳阳市: 0,
    };
    for (const [caseId, lane] of Object.entries(vectors)) expect([caseId, laneOf(caseId)]).toEqual([caseId, lane]);
  });

  it('spreads consecutive ids evenly', () => {
    const counts = new Array<number>(8).fill(0);
    for (let n = 0; n < 8_000; n++) counts[laneOf(`01936f4e-7c00-7000-8000-${n.toString(16).padStart(12, '0')}`)]!++;
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});
