import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/**
 * The memory of a simulator: JSON lines, appended and synced before anything is acknowledged, so that a kill forgets nothing it
 * confirmed. Without a file it keeps nothing. Appends that arrive together share one sync.
 */
export class Journal<T> {
  private waiting: { lines: string; done: () => void; failed: (error: unknown) => void }[] = [];
  private writing: Promise<void> | undefined;

  private constructor(private readonly handle: FileHandle | undefined) {}

  /** Hands every stored record to `replay`, oldest first. A last line that a kill cut short was never acknowledged and is dropped. */
  static async open<T>(file: string | undefined, replay: (record: T) => void): Promise<Journal<T>> {
    if (!file) return new Journal<T>(undefined);
    const handle = await open(file, 'a+');
    let whole = 0;
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      rest = Buffer.concat([rest, chunk]);
      const end = rest.lastIndexOf(10) + 1;
      for (const line of rest.toString('utf8', 0, end).split('\n')) if (line) replay(JSON.parse(line) as T);
      whole += end;
      rest = rest.subarray(end);
    }
    if (rest.length > 0) await handle.truncate(whole);
    return new Journal<T>(handle);
  }

  /** Resolves when the records are on disk. */
  append(records: readonly T[]): Promise<void> {
    if (!this.handle || records.length === 0) return Promise.resolve();
    const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');
    return new Promise((done, failed) => {
      this.waiting.push({ lines, done, failed });
      this.writing ??= this.write(this.handle!).finally(() => (this.writing = undefined));
    });
  }

  async close(): Promise<void> {
    await this.writing;
    await this.handle?.close();
  }

  private async write(handle: FileHandle): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      try {
        await handle.appendFile(batch.map(({ lines }) => lines).join(''));
        await handle.datasync();
        batch.forEach(({ done }) => done());
      } catch (error) {
        batch.forEach(({ failed }) => failed(error));
      }
    }
  }
}
