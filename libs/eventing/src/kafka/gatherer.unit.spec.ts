import { describe, expect, it } from '@jest/globals';
import { Gatherer } from './gatherer.js';

describe('parts of a fetch', () => {
  it('that come in one go are flushed in one go; those that come meanwhile make up the next one', async () => {
    const flushes: number[][] = [];
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const gatherer = new Gatherer<number>(async (parts) => {
      flushes.push(parts);
      if (flushes.length === 1) await opened;
    });
    const first = [gatherer.add(1), gatherer.add(2)];
    await new Promise((resolve) => setImmediate(resolve));
    const second = [gatherer.add(3), gatherer.add(4)];
    open();
    await Promise.all([...first, ...second]);
    expect(flushes).toEqual([
      [1, 2],
      [3, 4],
    ]);
    await gatherer.idle();
  });

  it('fail with their flush and with no other', async () => {
    const gatherer = new Gatherer<number>((parts) =>
      parts.includes(1) ? Promise.reject(new Error('no')) : Promise.resolve(),
    );
    const [one, two] = [gatherer.add(1), gatherer.add(2)];
    await expect(one).rejects.toThrow('no');
    await expect(two).rejects.toThrow('no');
    await expect(gatherer.add(3)).resolves.toBeUndefined();
  });
});
