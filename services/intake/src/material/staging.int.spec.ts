import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { files } from '../../test/fixtures.js';
import { mediaTypeOf } from './media-type.js';
import { stage, sweepStaging } from './staging.js';

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'lianban-staging-'))));
afterAll(() => rm(folder, { recursive: true }));

describe('staging', () => {
  it('takes a file of exactly the allowed size', async () => {
    const { path, size } = await stage(Readable.from([Buffer.alloc(60), Buffer.alloc(40)]), folder, 100);
    expect(size).toBe(100);
    await rm(path);
  });

  it.each<[string, () => Readable, string]>([
    ['too much by one byte', () => Readable.from([Buffer.alloc(60), Buffer.alloc(41)]), 'material.too-large'],
    ['nothing', () => Readable.from([]), 'material.empty'],
    ['a stream that breaks', () => Readable.from(breaking()), 'broken'],
  ])('leaves nothing behind of %s', async (_, stream, text) => {
    await expect(stage(stream(), folder, 100)).rejects.toThrow(text);
    expect(await readdir(folder)).toEqual([]);
  });

  it('stops reading as soon as there is too much', async () => {
    let read = 0;
    const endless = Readable.from(
      (function* () {
        for (;;) {
          read++;
          yield Buffer.alloc(1000);
        }
      })(),
    );
    await expect(stage(endless, folder, 5000)).rejects.toThrow('material.too-large');
    expect(read).toBeLessThan(50);
  });

  it('sweeps away what a crash left, and nothing an upload is working on', async () => {
    await writeFile(join(folder, 'old'), 'x');
    await writeFile(join(folder, 'fresh'), 'x');
    await utimes(join(folder, 'old'), new Date(0), new Date(0));
    await sweepStaging(folder, new Date(Date.now() - 60_000));
    expect(await readdir(folder)).toEqual(['fresh']);
    await rm(join(folder, 'fresh'));
  });
});

function* breaking() {
  yield Buffer.alloc(10);
  throw new Error('broken');
}

describe('the type of a material', () => {
  const typeOf = async (bytes: Buffer) => {
    const path = join(folder, 'file');
    await writeFile(path, bytes);
    return mediaTypeOf(path);
  };

  it.each([
    ['pdf', 'application/pdf'],
    ['png', 'image/png'],
    ['jpeg', 'image/jpeg'],
    ['ofd', 'application/ofd'],
  ] as const)('%s is told from its content', async (name, type) => expect(await typeOf(files[name])).toBe(type));

  it.each(['zip', 'html', 'exe', 'text'] as const)('%s is none of the allowed ones', async (name) =>
    expect(await typeOf(files[name])).toBeNull(),
  );

  it('is none where the archive’s directory lies', async () => {
    for (let at = 0; at < files.ofd.length; at++) {
      const broken = Buffer.from(files.ofd);
      broken[at] = 0xff;
      expect([null, 'application/ofd']).toContain(await typeOf(broken));
    }
    expect(await typeOf(files.ofd.subarray(0, 40))).toBeNull();
  });
});
