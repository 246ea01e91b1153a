/** The event log in PostgreSQL: durable, partitioned, ordered per partition; enough for one county hall and for every test. */
import pg from 'pg';
import { laneOf } from '../lane.js';
import type {
  BatchServer,
  BatchServerOptions,
  EventLog,
  LogMessage,
  LogProducer,
  LogReader,
  LogRecord,
  TopicSpec,
} from '../log.js';
import { EventLogMessageTooLarge } from '../log-errors.js';
import type { Logger } from '../logger.js';
import { Pause } from '../pause.js';
import { EmbeddedBatchServer } from './embedded-batch-server.js';
import { Listener } from './listener.js';
import { recordOf, type RecordRow } from './record.js';
import { ensureSchema } from './schema.js';

export interface EmbeddedLogOptions {
  clientId: string;
  logger: Logger;
}

/** Parameters of the URL: `leaseMs` of a silent member, `retentionHours` of topics that are not compacted (0 = for ever). */
interface Settings {
  leaseMs: number;
  retentionHours: number;
}
const DEFAULTS: Settings = { leaseMs: 10_000, retentionHours: 24 * 90 };

const SEND_BYTES = 8 * 1024 * 1024;
const MAINTENANCE_MS = 10 * 60_000;
/** How often a reader looks by itself, with and without a connection that announces news. */
const POLL_MS = 1_000;
const BLIND_POLL_MS = 100;

interface TopicRow {
  id: number;
  name: string;
  partitions: number;
  max_message_bytes: number;
}
export class EmbeddedLog implements EventLog {
  readonly pool: pg.Pool;
  readonly listener: Listener;
  readonly settings: Settings;
  private readonly logger: Logger;
  private readonly clientId: string;
  private readonly topics = new Map<string, TopicRow>();
  private schema: Promise<void> | undefined;
  private maintenance: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(url: string, { clientId, logger }: EmbeddedLogOptions) {
    const { connectionString, settings } = readUrl(url);
    this.settings = settings;
    this.logger = logger;
    this.clientId = clientId;
    const config = { connectionString, application_name: `lianban-log-${clientId}`, connectionTimeoutMillis: 5_000 };
    this.pool = new pg.Pool({ ...config, max: 4, query_timeout: 30_000 });
    this.pool.on('error', () => undefined);
    this.listener = new Listener(config);
  }

  /** The first call creates the tables; after a failure the next one tries again. */
  async ready(): Promise<void> {
    if (this.closed) throw new Error('the event log is closed');
    this.schema ??= ensureSchema(this.pool).catch((error: unknown) => {
      this.schema = undefined;
      throw error;
    });
    await this.schema;
    if (!this.maintenance) {
      this.maintenance = setInterval(() => {
        this.maintain().catch((error: unknown) =>
          this.logger.warn({ err: error }, 'maintenance of the event log failed'),
        );
      }, MAINTENANCE_MS);
      this.maintenance.unref();
    }
  }

  /** @idempotent: an existing topic keeps its partitions; a larger size limit is taken over. */
  async ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    await this.ready();
    const sorted = [...topics].sort((a, b) => (a.name < b.name ? -1 : 1));
    await this.pool.query({
      text: `with wanted(name, partitions, compacted, max_bytes) as (select * from unnest($1::text[], $2::int[], $3::boolean[], $4::int[])),
             made as (
               insert into lianban_log.topic as t (name, partitions, compacted, max_message_bytes) select * from wanted order by name
               on conflict (name) do update set max_message_bytes = excluded.max_message_bytes
                 where t.max_message_bytes < excluded.max_message_bytes
               returning id, partitions
             )
             insert into lianban_log.partition (topic_id, partition)
             select id, n from made cross join lateral generate_series(0, partitions - 1) as n
             on conflict do nothing`,
      values: [
        sorted.map(({ name }) => name),
        sorted.map(({ partitions }) => partitions),
        sorted.map(({ compacted }) => compacted),
        sorted.map(({ maxMessageBytes }) => maxMessageBytes),
      ],
    });
    this.topics.clear();
  }

  async producer(): Promise<LogProducer> {
    await this.ready();
    return { send: (messages) => this.send(messages), close: () => Promise.resolve() };
  }

  batchServer(options: BatchServerOptions): BatchServer {
    return new EmbeddedBatchServer(this, options, this.logger, this.clientId);
  }

  async reader(): Promise<LogReader> {
    await this.ready();
    return {
      read: async (topic, after, options) => {
        // One per read: several may wait at the same time, and each has to be woken.
        const pause = new Pause();
        const stop = this.listener.subscribe(() => pause.wake());
        return this.read(topic, after, options, pause).finally(stop);
      },
      close: () => Promise.resolve(),
    };
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.maintenance);
    await this.listener.close();
    await this.pool.end();
  }

  /** Deletes what is past its retention, and in compacted topics what a later message of the same key replaced. */
  async maintain(now = new Date()): Promise<void> {
    const { retentionHours } = this.settings;
    if (retentionHours > 0) {
      await this.pool.query({
        text: `delete from lianban_log.record r using lianban_log.topic t
                where t.id = r.topic_id and not t.compacted and r.appended_at < $1::timestamptz - make_interval(hours => $2)`,
        values: [now, retentionHours],
      });
    }
    // The newest minute stays whole, so that a reader close to the end sees every change.
    await this.pool.query({
      text: `delete from lianban_log.record r
              using (select o.topic_id, o.partition, o.key, max(o.log_offset) as newest
                       from lianban_log.record o join lianban_log.topic t on t.id = o.topic_id and t.compacted
                      where o.key is not null group by 1, 2, 3 having count(*) > 1) k
              where r.topic_id = k.topic_id and r.partition = k.partition and r.key = k.key and r.log_offset < k.newest
                and r.appended_at < $1::timestamptz - interval '1 minute'`,
      values: [now],
    });
  }

  private async send(messages: readonly LogMessage[]): Promise<void> {
    await this.loadTopics(messages.map(({ topic }) => topic));
    let chunk: { message: LogMessage; topic: TopicRow; headers: Buffer; key: Buffer | null }[] = [];
    let chunkBytes = 0;
    const flush = async (): Promise<void> => {
      if (chunk.length === 0) return;
      await this.pool.query({
        name: 'log-append',
        text: 'select lianban_log.append($1::int[], $2::int[], $3::bytea[], $4::bytea[], $5::bytea[])',
        values: [
          chunk.map(({ topic }) => topic.id),
          chunk.map(({ message, topic }) => message.partition ?? choosePartition(message.key, topic.partitions)),
          chunk.map(({ key }) => key),
          chunk.map(({ headers }) => headers),
          chunk.map(({ message }) => message.value),
        ],
      });
      chunk = [];
      chunkBytes = 0;
    };
    for (const message of messages) {
      const topic = this.topics.get(message.topic);
      if (!topic) throw new Error(`the event log has no topic ${message.topic}`);
      const headers = Buffer.from(JSON.stringify(message.headers), 'utf8');
      const key = message.key === null ? null : Buffer.from(message.key, 'utf8');
      const bytes = message.value.length + headers.length + (key?.length ?? 0);
      if (bytes > topic.max_message_bytes) {
        await flush();
        throw new EventLogMessageTooLarge(message.topic, bytes, topic.max_message_bytes);
      }
      if (chunkBytes + bytes > SEND_BYTES) await flush();
      chunk.push({ message, topic, headers, key });
      chunkBytes += bytes;
    }
    await flush();
  }

  private async read(
    topicName: string,
    after: ReadonlyMap<number, string>,
    { limit, waitMs }: { limit: number; waitMs: number },
    pause: Pause,
  ): Promise<LogRecord[]> {
    const until = Date.now() + waitMs;
    for (;;) {
      await this.ready();
      await this.loadTopics([topicName]);
      const topic = this.topics.get(topicName);
      if (topic) {
        const partitions = Array.from({ length: topic.partitions }, (_, n) => n);
        const { rows } = await this.pool.query<RecordRow>({
          name: 'log-read',
          text: `select $1::text as topic, $2::int as topic_id, r.partition, r.log_offset, r.key, r.headers, r.value, r.appended_at
                   from unnest($3::int[], $4::bigint[]) as want(partition, after)
                  cross join lateral (
                    select *, sum(octet_length(b.value)) over (order by b.log_offset) - octet_length(b.value) as bytes_before from (
                      select partition, log_offset, key, headers, value, appended_at from lianban_log.record
                       where topic_id = $2 and partition = want.partition and log_offset > want.after
                       order by log_offset limit $5
                    ) as b
                  ) as r
                  where r.bytes_before < ${SEND_BYTES}
                  order by r.appended_at, r.partition, r.log_offset limit $5`,
          values: [topicName, topic.id, partitions, partitions.map((n) => after.get(n) ?? '-1'), limit],
        });
        // The clock may be set back; the order of offsets holds all the same.
        if (rows.length > 0) return inOffsetOrder(rows).map(recordOf);
      }
      const left = until - Date.now();
      if (left <= 0 || this.closed) return [];
      await pause.wait(Math.min(left, this.listener.alive ? POLL_MS : BLIND_POLL_MS));
    }
  }

  /** Looks up those topics that are not known yet. */
  private async loadTopics(names: readonly string[]): Promise<void> {
    const missing = names.filter((name) => !this.topics.has(name));
    if (missing.length === 0) return;
    const { rows } = await this.pool.query<TopicRow>({
      name: 'log-topics',
      text: 'select id, name, partitions, max_message_bytes from lianban_log.topic where name = any($1::text[])',
      values: [[...new Set(missing)]],
    });
    for (const row of rows) this.topics.set(row.name, row);
  }
}

let roundRobin = 0;
const choosePartition = (key: string | null, partitions: number): number =>
  key === null ? roundRobin++ % partitions : laneOf(key, partitions);

/** Keeps the sequence of partitions and sorts each partition's own records. */
function inOffsetOrder(rows: readonly RecordRow[]): RecordRow[] {
  const byPartition = new Map<number, RecordRow[]>();
  for (const row of rows) {
    const list = byPartition.get(row.partition);
    if (list) list.push(row);
    else byPartition.set(row.partition, [row]);
  }
  for (const list of byPartition.values()) list.sort((a, b) => Number(BigInt(a.log_offset) - BigInt(b.log_offset)));
  return rows.map((row) => byPartition.get(row.partition)!.shift()!);
}

/** Takes our own parameters out of the URL; the rest is for the PostgreSQL client. */
function readUrl(url: string): { connectionString: string; settings: Settings } {
  const parsed = new URL(url);
  const settings = { ...DEFAULTS };
  for (const name of ['leaseMs', 'retentionHours'] as const) {
    const text = parsed.searchParams.get(name);
    if (text === null) continue;
    if (!/^[0-9]{1,8}$/.test(text)) throw new Error(`EVENT_LOG: ${name} must be a whole number`);
    settings[name] = Number(text);
    parsed.searchParams.delete(name);
  }
  if (settings.leaseMs < 500) throw new Error('EVENT_LOG: leaseMs must be at least 500');
  return { connectionString: parsed.toString(), settings };
}
