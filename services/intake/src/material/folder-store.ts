import { createReadStream } from 'node:fs';
import { access, constants, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ContentMissing } from './content-missing.js';
import type { ContentStore, StagedContent } from './content-store.js';

/** A folder of this machine, or of a file system all instances mount: `ab/cd/abcd…`. */
export class FolderStore implements ContentStore {
  private readonly folder: string;
  readonly stagingFolder: string;

  constructor(url: URL) {
    this.folder = fileURLToPath(url);
    // In the same file system, so that a rename takes the file over whole.
    this.stagingFolder = join(this.folder, 'incoming');
  }

  async put({ path, sha256 }: StagedContent): Promise<void> {
    const target = this.pathOf(sha256);
    await mkdir(dirname(target), { recursive: true });
    if (await exists(target)) {
      await rm(path);
      return;
    }
    await rename(path, target);
    // The names themselves become durable with their folders.
    for (let folder = dirname(target); folder.startsWith(this.folder); folder = dirname(folder)) await sync(folder);
  }

  async open(sha256: string): Promise<Readable> {
    const stream = createReadStream(this.pathOf(sha256));
    await new Promise<void>((resolve, reject) => {
      stream.once('open', () => resolve());
      stream.once('error', (error: NodeJS.ErrnoException) =>
        reject(error.code === 'ENOENT' ? new ContentMissing(sha256) : error),
      );
    });
    return stream;
  }

  async faults(): Promise<string[]> {
    try {
      await mkdir(this.stagingFolder, { recursive: true });
      await access(this.stagingFolder, constants.W_OK);
      return [];
    } catch (error) {
      return [`the material folder cannot be written: ${(error as Error).message}`];
    }
  }

  close(): void {}

  private pathOf(sha256: string): string {
    return join(this.folder, sha256.slice(0, 2), sha256.slice(2, 4), sha256);
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function sync(folder: string): Promise<void> {
  const handle = await open(folder);
  await handle.sync().finally(() => handle.close());
}
