/**
 * Mends held partitions: looks through the whole topic for the missing events, which lie further on when they were sent again, or further
 * back when this service's database was restored to an earlier state, and applies them in order.
 */
import type { MessageHandler } from '@nestjs/microservices';
import { type BatchConsumer, type HeldPartition, partitionKey } from './batch-consumer.js';
import { positionOf } from './envelope.js';
import type { EventLog, LogRecord } from './log.js';

const PAGE = 1_000;
const READ_WAIT_MS = 1_000;

export class GapRepair {
  /** Where the last search ended, per held gap and partition: the next one reads only what is new. */
  private readonly searched = new Map<string, Map<number, string>>();

  constructor(
    private readonly log: EventLog,
    private readonly consumer: BatchConsumer,
    private readonly handlerOf: (topic: string) => MessageHandler | null,
  ) {}

  /** Resolves to the partitions whose gap is closed; their server must join anew to read on. */
  async run(): Promise<HeldPartition[]> {
    const held = this.consumer.heldPartitions();
    if (held.length === 0) {
      this.searched.clear();
      return [];
    }
    const mended: HeldPartition[] = [];
    const reader = await this.log.reader();
    try {
      for (const gap of held) {
        const key = `${partitionKey(gap)} ${gap.expected}`;
        const after = this.searched.get(key) ?? new Map<number, string>();
        this.searched.set(key, after);
        let next = gap.expected;
        // Operators may have moved the mark by hand to give lost events up.
        const mark = await this.consumer.markOf(gap);
        if (mark !== undefined && mark >= next) next = mark + 1;
        while (next < gap.found) {
          const records = await reader.read(gap.topic, after, { limit: PAGE, waitMs: READ_WAIT_MS });
          if (records.length === 0) break;
          const missing: LogRecord[] = [];
          for (const record of records) {
            after.set(record.partition, record.offset);
            if (record.partition !== gap.partition) continue;
            const at = positionOf(record.headers);
            if (at?.stream === gap.stream && at.seq === next && next < gap.found) {
              missing.push(record);
              next++;
            }
          }
          if (missing.length > 0) {
            await this.consumer.apply(
              { records: missing, startsAtLogStart: () => Promise.resolve(true), heartbeat: () => Promise.resolve() },
              this.handlerOf,
            );
          }
        }
        if (next >= gap.found) mended.push(gap);
        // A repair that stopped half-way begins anew: what is missing now may lie before the place reached.
        if (next > gap.expected) this.searched.delete(key);
      }
    } finally {
      await reader.close();
    }
    return mended;
  }
}
