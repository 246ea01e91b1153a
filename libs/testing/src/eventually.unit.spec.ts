import { describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';

describe('eventually', () => {
  it('resolves with the first answer that is neither undefined nor false, also after throws', async () => {
    const answers = [() => undefined, () => false as const, () => fail('not yet'), () => 0, () => 1];
    await expect(eventually(() => answers.shift()?.(), { everyMs: 1 })).resolves.toBe(0);
  });

  it('says what it saw last when it gives up', async () => {
    await expect(eventually(() => fail('3 of 4 arrived'), { timeoutMs: 5, everyMs: 1 })).rejects.toThrow(
      /the last try threw 3 of 4 arrived/,
    );
    await expect(eventually(() => false, { timeoutMs: 5, everyMs: 1 })).rejects.toThrow(/the last try gave false/);
  });
});

function fail(message: string): never {
  throw new Error(message);
}
