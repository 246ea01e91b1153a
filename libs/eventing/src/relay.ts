/** Sends what the outbox holds to the event log: one relay at a time per service database, one batch in flight. */
import pg from 'pg';
import type { Stream } from './contract.js';
import { failpoint } from './failpoints.js';
import type { LogMessage, LogProducer } from './log.js';
import { type Logger, textOf } from './logger.js';
import { Pause, settlesWithin } from './pause.js';

export interface RelayOptions {
  /** The service's pool; the relay opens one connection of its own with the same settings. */
  pool: pg.Pool;
  producer: () => Promise<LogProducer>;
  /** Called before the first message to a topic that is not among the known ones (one topic per locality). */
  ensureTopic: (topic: string) => Promise<void>;
  publishes: readonly Stream[];
  logger: Logger;
  member: string;
  /** Sent events stay in the outbox at least this long, so that a log that lost its tail can be repaired. */
  retentionMs?: number;
}

export interface RelayHealth {
  /** `elsewhere`: another instance holds the relay of this database. */
  state: 'starting' | 'sending' | 'elsewhere' | 'failing' | 'stopped';
  /** When the relay last found the outbox empty or sent a batch. */
  lastProgressAt: Date | undefined;
  error: string | undefined;
  sent: number;
}

const MIN_POLL_MS = 25;
const MAX_POLL_MS = 1_000;
/** How often an instance without the lock tries to get it. */
const LOCK_RETRY_MS = 1_000;
const MAX_BACKOFF_MS = 5_000;
const BATCH_PER_LANE = 250;
/** Bytes of payload per lane and batch; the first event always goes. */
const BATCH_BYTES_PER_LANE = 1024 * 1024;
const ROTATE_CHECK_MS = 60_000;
const RETENTION_MS = 3 * 60 * 60_000;
const SEND_TIMEOUT_MS = 60_000;
const CLOSE_MS = 5_000;
/** Key space of the advisory locks of this library. */
const LOCK_SPACE = 1_279_872_322;
const LOCK_RELAY = 1;
const CHANNEL = 'lianban_outbox';

interface OutboxRow {
  stream: string;
  lane: number;
  published_seq: string;
  seq: string;
  topic: string;
  key: string;
  headers: string;
  payload: string;
}

const perRing = (text: (n: number) => string): string => [0, 1, 2, 3].map(text).join(' union all ');

/** What is not sent yet, per lane in order. */
const READ = {
  name: 'relay-read',
  text: `select l.stream, l.lane, l.published_seq, e.seq, e.topic, e.key, e.headers, e.payload
    from outbox_lane l
   cross join lateral (
     select *, sum(octet_length(b.payload)) over (order by b.seq) - octet_length(b.payload) as bytes_before from (
       select * from (${perRing(
         (n) =>
           `(select seq, topic, key, headers, payload from outbox_${n} where stream = l.stream and lane = l.lane and seq > l.published_seq order by seq limit ${BATCH_PER_LANE})`,
       )}) as all_rings order by seq limit ${BATCH_PER_LANE}
     ) as b
   ) as e
   where l.next_seq > l.published_seq + 1 and e.bytes_before < ${BATCH_BYTES_PER_LANE}
   order by l.stream, l.lane, e.seq`,
};

/** Compare-and-set: a republish that moved the row back in the meantime wins. Rows in the order in which writers lock them. */
const MARK = {
  name: 'relay-mark',
  text: `with sent(stream, lane, expected, published) as (select * from unnest($1::text[], $2::smallint[], $3::bigint[], $4::bigint[])),
      locked as materialized (
        select l.stream, l.lane from outbox_lane l join sent using (stream, lane) order by l.stream, l.lane for no key update of l
      )
    update outbox_lane l set published_seq = s.published
      from sent s join locked using (stream, lane)
     where l.stream = s.stream and l.lane = s.lane and l.published_seq = s.expected`,
};

export class Relay {
  private readonly pause = new Pause();
  /** Apart from `pause`: commits must not shorten the wait after a failure, or a log that is away would be stormed. */
  private readonly backoff = new Pause();
  private readonly ensured: Set<string>;
  private stopping = false;
  private running: Promise<void> | undefined;
  private client: pg.Client | undefined;
  private producer: LogProducer | undefined;
  private leading = false;
  private lastNotifyAt = 0;
  private lastRotateCheckAt = 0;
  private health: RelayHealth = { state: 'starting', lastProgressAt: undefined, error: undefined, sent: 0 };

  constructor(private readonly options: RelayOptions) {
    this.ensured = new Set(options.publishes.flatMap((stream) => (stream.topic === undefined ? [] : [stream.topic])));
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Called after a commit of this process: the relay looks at once instead of at its next poll. */
  wake(): void {
    this.pause.wake();
  }

  report(): RelayHealth {
    return { ...this.health };
  }

  /** Sends what is committed already, for at most `drainMs`, and ends. */
  async stop(drainMs: number): Promise<void> {
    const until = Date.now() + drainMs;
    while (this.leading && this.health.state === 'sending' && Date.now() < until) {
      const [row] = await this.options.pool
        .query<{ waiting: boolean }>(
          'select exists(select 1 from outbox_lane where next_seq > published_seq + 1) as waiting',
        )
        .then(
          ({ rows }) => rows,
          (): { waiting: boolean }[] => [],
        );
      if (!row?.waiting) break;
      this.pause.wake();
      await new Promise((resolve) => setTimeout(resolve, MIN_POLL_MS));
    }
    this.stopping = true;
    this.pause.wake();
    this.backoff.wake();
    await this.running;
    this.health.state = 'stopped';
  }

  /**
   * Sends everything from `seq` on once more: repairs a log that lost its tail. Readers drop what they know. Throws when the outbox no
   * longer holds it.
   */
  async republishFrom(stream: string, lane: number, seq: number): Promise<void> {
    const { rows } = await this.options.pool.query<{ moved: boolean; oldest: string | null }>({
      text: `with held as (
               select count(*) as n, min(seq) as oldest from (${perRing((n) => `select seq from outbox_${n} where stream = $1 and lane = $2 and seq >= $3`)}) as h
             ), moved as (
               update outbox_lane l set published_seq = $3 - 1 from held
                where l.stream = $1 and l.lane = $2 and l.published_seq >= $3 - 1 and held.oldest = $3 and held.n >= l.published_seq - $3 + 1
               returning 1
             )
             select exists(select 1 from moved) as moved, (select oldest from held) as oldest`,
      values: [stream, lane, seq],
    });
    if (!rows[0]?.moved) {
      throw new Error(
        `${stream} lane ${lane} cannot be sent again from ${seq}: ${rows[0]?.oldest == null ? 'the outbox holds none of it' : `the oldest the outbox still holds is ${rows[0].oldest}`}`,
      );
    }
    this.wake();
  }

  private async run(): Promise<void> {
    let failures = 0;
    while (!this.stopping) {
      try {
        await this.lead(() => (failures = 0));
      } catch (error) {
        failures++;
        this.health = { ...this.health, state: 'failing', error: textOf(error) };
        if (failures === 1 || failures % 20 === 0) {
          this.options.logger.warn({ err: error, failures }, 'the relay cannot send; it tries again');
        }
      } finally {
        this.leading = false;
        await this.release();
      }
      if (!this.stopping) await this.backoff.wait(Math.min(MAX_BACKOFF_MS, 100 * 2 ** Math.min(failures, 10)));
    }
  }

  /** Gets the lock and sends until something breaks or the relay is stopped. */
  private async lead(progressed: () => void): Promise<void> {
    let lost: Error | undefined;
    // query_timeout: a connection whose other end vanished without a word must not hang for ever.
    const client = new pg.Client({
      ...this.options.pool.options,
      keepAlive: true,
      query_timeout: SEND_TIMEOUT_MS,
    });
    this.client = client;
    client.on('error', (error) => {
      lost = error;
      this.pause.wake();
    });
    client.on('notification', () => this.pause.wake());
    await client.connect();
    const check = (): void => {
      if (lost) throw lost;
    };

    while (!this.stopping) {
      check();
      const { rows } = await client.query<{ locked: boolean }>({
        name: 'relay-lock',
        text: `select pg_try_advisory_lock(${LOCK_SPACE}, ${LOCK_RELAY}) as locked`,
      });
      if (rows[0]?.locked) break;
      progressed();
      this.health = { ...this.health, state: 'elsewhere', error: undefined, lastProgressAt: new Date() };
      await this.waitElsewhere(client);
    }
    if (this.stopping) return;
    await client.query(`listen ${CHANNEL}`);
    this.producer = await this.options.producer();
    this.leading = true;

    let poll = MIN_POLL_MS;
    while (!this.stopping) {
      check();
      const sent = await this.sendOnce(client, this.producer);
      progressed();
      this.health = {
        state: 'sending',
        error: undefined,
        lastProgressAt: new Date(),
        sent: this.health.sent + sent,
      };
      if (sent > 0) {
        poll = MIN_POLL_MS;
        continue;
      }
      await this.rotate(client);
      await this.pause.wait(poll);
      poll = Math.min(MAX_POLL_MS, poll * 2);
    }
  }

  /** While another instance leads: its relay is told of this instance's commits, by a transaction of its own. */
  private async waitElsewhere(client: pg.Client): Promise<void> {
    const until = Date.now() + LOCK_RETRY_MS;
    while (!this.stopping && Date.now() < until) {
      const before = Date.now();
      await this.pause.wait(Math.max(1, until - before));
      if (this.stopping || Date.now() >= until) return;
      const sinceLast = Date.now() - this.lastNotifyAt;
      if (sinceLast < MIN_POLL_MS) await new Promise((resolve) => setTimeout(resolve, MIN_POLL_MS - sinceLast));
      this.lastNotifyAt = Date.now();
      await client.query(`notify ${CHANNEL}`);
    }
  }

  private async sendOnce(client: pg.Client, producer: LogProducer): Promise<number> {
    const { rows } = await client.query<OutboxRow>(READ);
    if (rows.length === 0) return 0;
    for (const topic of new Set(rows.map((row) => row.topic))) {
      if (this.ensured.has(topic)) continue;
      await this.options.ensureTopic(topic);
      this.ensured.add(topic);
    }
    await failpoint('relay.before-send', this.options.member);
    await producer.send(rows.map(messageOf));
    await failpoint('relay.after-send-before-mark', this.options.member);
    // Rows come ordered per lane, so the last one of a lane is its newest.
    const lanes = new Map(rows.map((row) => [`${row.lane} ${row.stream}`, row]));
    const last = [...lanes.values()];
    await client.query({
      ...MARK,
      values: [
        last.map((row) => row.stream),
        last.map((row) => row.lane),
        last.map((row) => row.published_seq),
        last.map((row) => row.seq),
      ],
    });
    return rows.length;
  }

  /** Moves on to the next table of the ring when that one holds nothing that is unsent or young. Failing to get its lock is no harm. */
  private async rotate(client: pg.Client): Promise<void> {
    if (Date.now() - this.lastRotateCheckAt < ROTATE_CHECK_MS) return;
    this.lastRotateCheckAt = Date.now();
    await rotateRing(client, this.options.retentionMs ?? RETENTION_MS).catch((error: unknown) =>
      this.options.logger.warn({ err: error }, 'the outbox could not be rotated'),
    );
  }

  private async release(): Promise<void> {
    const { client, producer } = this;
    this.client = undefined;
    this.producer = undefined;
    // A connection whose other end vanished may never answer the goodbye.
    await settlesWithin(CLOSE_MS, Promise.allSettled([producer?.close(), client?.end()]));
  }
}

/**
 * One step of the ring: with a current table older than a third of the retention, empties the next one and makes it current. Resolves to
 * whether it did. TRUNCATE waits for writers that are still in that table, and what it holds is judged after the wait.
 */
export async function rotateRing(client: pg.ClientBase, retentionMs: number): Promise<boolean> {
  await client.query('begin');
  try {
    await client.query(`set local lock_timeout = '1s'`);
    const { rows } = await client.query<{ current: number; due: boolean }>({
      text: `select current, rotated_at <= now() - make_interval(secs => $1::float8 / 1000 / 3) as due from outbox_ring for update`,
      values: [retentionMs],
    });
    const ring = rows[0];
    if (!ring?.due) {
      await client.query('rollback');
      return false;
    }
    const next = (ring.current + 1) % 4;
    await client.query(`lock table outbox_${next} in access exclusive mode`);
    const held = await client.query<{ needed: boolean }>({
      text: `select exists(select 1 from outbox_${next} o left join outbox_lane l using (stream, lane)
                           where o.created_at > now() - make_interval(secs => $1::float8 / 1000) or o.seq > coalesce(l.published_seq, 0)) as needed`,
      values: [retentionMs],
    });
    if (held.rows[0]?.needed !== false) {
      await client.query('rollback');
      return false;
    }
    await client.query(`truncate outbox_${next}`);
    await client.query({ text: 'update outbox_ring set current = $1, rotated_at = now()', values: [next] });
    await client.query('commit');
    return true;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

function messageOf(row: OutboxRow): LogMessage {
  return {
    topic: row.topic,
    partition: row.lane,
    key: row.key,
    headers: { ...(JSON.parse(row.headers) as Record<string, string>), ce_lane: String(row.lane), ce_seq: row.seq },
    value: Buffer.from(row.payload, 'utf8'),
  };
}
