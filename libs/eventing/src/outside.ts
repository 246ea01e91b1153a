/** Plays a stock client of the log, for simulators, the demo and tests. */
import { createEventLog } from './event-log.js';
import type { LogRecord } from './log.js';

export interface OutsideClient {
  publish(
    topic: string,
    messages: readonly { key: string | null; headers?: Record<string, string>; value: Buffer | string }[],
  ): Promise<void>;
  /** Records after the given offsets per partition (default: from the oldest); waits up to `waitMs` for the first. */
  read(
    topic: string,
    after: ReadonlyMap<number, string>,
    options: { limit: number; waitMs: number },
  ): Promise<LogRecord[]>;
  close(): Promise<void>;
}

/** Rejects when the log cannot be reached. One `publish` at a time is under way; later ones wait for it. */
export async function createOutsideClient(logUrl: string): Promise<OutsideClient> {
  const log = createEventLog(logUrl, { clientId: 'outside' });
  try {
    const producer = await log.producer();
    const reader = await log.reader();
    let last: Promise<unknown> = Promise.resolve();
    return {
      publish: (topic, messages) => {
        const sent = last.then(() =>
          producer.send(
            messages.map(({ key, headers, value }) => ({
              topic,
              key,
              headers: headers ?? {},
              value: typeof value === 'string' ? Buffer.from(value, 'utf8') : value,
            })),
          ),
        );
        last = sent.catch(() => undefined);
        return sent;
      },
      read: (topic, after, options) => reader.read(topic, after, options),
      close: async () => {
        await last;
        await producer.close();
        await reader.close();
        await log.close();
      },
    };
  } catch (error) {
    await log.close();
    throw error;
  }
}
