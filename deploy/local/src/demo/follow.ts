import { setTimeout as sleep } from 'node:timers/promises';
import { createOutsideClient, type OutsideClient } from '@lianban/eventing/outside';
import type { LogRecord } from '@lianban/eventing/log';

/** An event as a stock client sees it: binary-mode CloudEvents, attributes in `ce_` headers, JSON value. */
export interface SeenEvent {
  topic: string;
  partition: number;
  offset: string;
  id: string;
  source: string;
  type: string;
  caseId: string;
  lane: number;
  seq: number;
  data: Record<string, unknown>;
}

export function toEvent(record: LogRecord): SeenEvent {
  const attribute = (name: string): string => record.headers[`ce_${name}`] ?? '';
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    id: attribute('id'),
    source: attribute('source'),
    type: attribute('type'),
    caseId: attribute('caseid'),
    lane: Number(attribute('lane')),
    seq: Number(attribute('seq')),
    data: JSON.parse(record.value.toString('utf8')) as Record<string, unknown>,
  };
}

/** Follows a topic from its oldest message on, over a connection of its own, until stopped. A log that is away is asked again. */
export class Follower {
  private stopping = false;
  private readonly positions = new Map<number, string>();
  private readonly running: Promise<void>;

  constructor(
    private readonly logUrl: string,
    private readonly topic: string,
    private readonly onEvent: (event: SeenEvent) => void,
  ) {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      try {
        const client = await createOutsideClient(this.logUrl);
        await this.follow(client).finally(() => client.close());
      } catch {
        await sleep(500);
      }
    }
  }

  private async follow(client: OutsideClient): Promise<void> {
    while (!this.stopping) {
      for (const record of await client.read(this.topic, this.positions, { limit: 500, waitMs: 500 })) {
        this.positions.set(record.partition, record.offset);
        this.onEvent(toEvent(record));
      }
    }
  }
}

/** Everything a topic holds at the moment. */
export async function readAll(client: OutsideClient, topic: string): Promise<LogRecord[]> {
  const positions = new Map<number, string>();
  const all: LogRecord[] = [];
  for (;;) {
    const records = await client.read(topic, positions, { limit: 2_000, waitMs: 300 });
    if (records.length === 0) return all;
    for (const record of records) positions.set(record.partition, record.offset);
    all.push(...records);
  }
}
