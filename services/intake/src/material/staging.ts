/** Receives an upload into a file: hashed while it streams, never larger than allowed, durable when done, gone when it fails. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { materialEmpty, materialTooLarge } from './material.errors.js';

/** Throws `material.too-large` as soon as more than `maxBytes` have come, `material.empty`, and whatever the stream or the disk throws. */
export async function stage(
  stream: Readable,
  folder: string,
  maxBytes: number,
): Promise<{ path: string; sha256: string; size: number }> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, randomUUID());
  const file = await open(path, 'wx', 0o600);
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw materialTooLarge({ limit: maxBytes });
      hash.update(chunk);
      for (let written = 0; written < chunk.length;) written += (await file.write(chunk, written)).bytesWritten;
    }
    if (size === 0) throw materialEmpty();
    await file.sync();
    return { path, sha256: hash.digest('hex'), size };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Removes what a crash left in the staging folder: files not written to since `before`. */
export async function sweepStaging(folder: string, before: Date): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() && found.mtime < before) await rm(path, { force: true });
  }
}
