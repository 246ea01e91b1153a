import type { IHeaders, KafkaMessage } from 'kafkajs';
import type { LogRecord } from '../log.js';

type Stored = Pick<KafkaMessage, 'key' | 'value' | 'timestamp' | 'offset' | 'headers'>;

/** A deletion mark of a compacted topic has no value; it comes as an empty one. */
export const recordOf = (topic: string, partition: number, message: Stored): LogRecord => ({
  topic,
  partition,
  key: message.key?.toString('utf8') ?? null,
  headers: headersOf(message.headers),
  value: message.value ?? Buffer.alloc(0),
  offset: message.offset,
  appendedAt: new Date(Number(message.timestamp)),
});

/** Of a header given several times the last one counts. Entries, since an outside message may have a header `__proto__`. */
const headersOf = (headers: IHeaders | undefined): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => {
      const last = Array.isArray(value) ? value.at(-1) : value;
      return [name, last === undefined ? '' : last.toString()];
    }),
  );
