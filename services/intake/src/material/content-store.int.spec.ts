import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type S3Stub, startS3Stub } from '../../test/s3-stub.js';
import { ContentMissing } from './content-missing.js';
import { type ContentStore, createContentStore } from './content-store.js';
import { stage } from './staging.js';
import { Readable } from 'node:stream';

const MIB = 1024 * 1024;
const credentials = { accessKeyId: 'test-key', secretAccessKey: 'test-secret' };
let folder: string;
let s3: S3Stub;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lianban-materials-'));
  s3 = await startS3Stub({ bucket: 'materials', ...credentials });
  process.env.AWS_ACCESS_KEY_ID = credentials.accessKeyId;
  process.env.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey;
});
afterAll(async () => {
  await s3.stop();
  await rm(folder, { recursive: true });
});

const stageBytes = async (store: ContentStore, bytes: Buffer) => ({
  ...(await stage(Readable.from([bytes.subarray(0, 10), bytes.subarray(10)]), store.stagingFolder, 100 * MIB)),
  mediaType: 'application/pdf',
});
const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe.each<[string, () => string]>([
  ['a folder', () => `${pathToFileURL(join(folder, 'ok')).href}`],
  ['an S3-compatible store', () => `s3://materials?endpoint=${s3.endpoint}&region=cn-north-1`],
  ['a prefix of an S3-compatible store', () => `s3://materials/lianban/2026?endpoint=${s3.endpoint}`],
])('%s', (_, url) => {
  let store: ContentStore;
  beforeAll(() => {
    store = createContentStore(url());
  });
  afterAll(() => store.close());

  it.each([
    ['one byte', 1],
    ['a scan', 300_000],
    ['a file that goes up in parts', 11 * MIB + 17],
  ])('gives back %s as it was put in', async (_size, size) => {
    const bytes = randomBytes(size);
    const staged = await stageBytes(store, bytes);
    expect(staged).toMatchObject({ sha256: hashOf(bytes), size });
    await store.put(staged);
    expect((await buffer(await store.open(staged.sha256))).equals(bytes)).toBe(true);
  });

  it('leaves nothing in the staging folder', async () => {
    const staged = await stageBytes(store, randomBytes(100));
    await store.put(staged);
    expect(await readdir(store.stagingFolder)).not.toContain(staged.path.split('/').at(-1));
  });

  it('takes the same content many times, also at the same time, and has it once', async () => {
    const bytes = randomBytes(5000);
    await Promise.all(Array.from({ length: 8 }, async () => store.put(await stageBytes(store, bytes))));
    expect((await buffer(await store.open(hashOf(bytes)))).equals(bytes)).toBe(true);
  });

  it('says so when it does not have a content', async () =>
    expect(store.open('0'.repeat(64))).rejects.toBeInstanceOf(ContentMissing));

  it('finds no fault with itself', async () => expect(await store.faults()).toEqual([]));
});

describe('an S3-compatible store', () => {
  const open = (query = '') => createContentStore(`s3://materials?endpoint=${s3.endpoint}${query}`);

  it('gets large files in parts and keeps their type', async () => {
    const store = open();
    const staged = await stageBytes(store, randomBytes(6 * MIB));
    await store.put(staged);
    expect(s3.objects.get(staged.sha256)).toMatchObject({ contentType: 'application/pdf' });
    expect(s3.log.filter((line) => line.includes(staged.sha256) && line.includes('partNumber'))).toHaveLength(2);
    store.close();
  });

  it('is asked again when it is slow for a moment, and leaves no half upload when it stays away', async () => {
    const store = open();
    const staged = await stageBytes(store, randomBytes(6 * MIB));
    s3.failNext(/partNumber=2/, 1);
    await store.put(staged);
    expect(s3.objects.get(staged.sha256)?.body).toHaveLength(6 * MIB);
    const other = await stageBytes(store, randomBytes(6 * MIB));
    s3.failNext(/partNumber=2/, 100);
    await expect(store.put(other)).rejects.toThrow();
    s3.failNext(/never/, 0);
    expect(s3.objects.has(other.sha256)).toBe(false);
    expect(s3.openUploads.size).toBe(0);
    await rm(other.path);
    store.close();
  });

  it('refuses a wrong key, and the store says it cannot be used', async () => {
    process.env.AWS_SECRET_ACCESS_KEY = 'wrong';
    const store = open();
    expect(await store.faults()).toEqual([expect.stringContaining('does not answer')]);
    const staged = await stageBytes(store, randomBytes(10));
    await expect(store.put(staged)).rejects.toThrow();
    expect(s3.objects.has(staged.sha256)).toBe(false);
    process.env.AWS_SECRET_ACCESS_KEY = credentials.secretAccessKey;
    await rm(staged.path);
    store.close();
  });
});

describe('a folder', () => {
  it('that cannot be made is a fault', async () => {
    await writeFile(join(folder, 'file'), 'x');
    const store = createContentStore(pathToFileURL(join(folder, 'file', 'below')).href);
    expect(await store.faults()).toEqual([expect.stringContaining('cannot be written')]);
  });
});

describe('MATERIALS_URL', () => {
  it.each(['', 'materials', 'http://host/x', 's3://', 's3:?endpoint=x'])('“%s” is refused', (url) =>
    expect(() => createContentStore(url)).toThrow('MATERIALS_URL'),
  );
});
