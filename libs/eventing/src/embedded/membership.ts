/**
 * One membership in a consumer group, from joining to leaving. Partitions are leased in the database: each live member takes its share, lets go of
 * what another should have, and takes over what a silent one held. Positions are a hint; the marks in the service's database decide what is
 * applied, so a member that slept through its lease can do no harm.
 */
import { randomUUID } from 'node:crypto';
import type { MessageHandler } from '@nestjs/microservices';
import { failpoint } from '../failpoints.js';
import type { BatchServerOptions, Fetch, LogRecord, PartitionOf } from '../log.js';
import type { Logger } from '../logger.js';
import { Pause, settlesWithin } from '../pause.js';
import type { EmbeddedLog } from './embedded-log.js';
import { recordOf, type RecordRow } from './record.js';

interface Owned extends PartitionOf {
  topicId: number;
  generation: string;
  /** Next offset to read. */
  position: string;
  committed: string;
}
interface PartitionRow {
  topic: string;
  topic_id: number;
  partition: number;
  position: string;
  generation: string;
  mine: boolean;
  free: boolean;
}

const FETCH_RECORDS = 1_000;
const FETCH_BYTES_PER_PARTITION = 2 * 1024 * 1024;
const COMMIT_MS = 1_000;
const IDLE_POLL_MS = 1_000;
const BLIND_POLL_MS = 50;
const RETRY_MS = 200;
const CLOSE_MS = 3_000;

export class Membership {
  /** When the log last answered a fetch, empty or not. */
  fetchedAt: Date | undefined;
  private readonly member = randomUUID();
  private readonly owned = new Map<string, Owned>();
  private readonly held = new Set<string>();
  private readonly pause = new Pause();
  private readonly running: Promise<void>;
  private readonly heartbeat: NodeJS.Timeout;
  private readonly unsubscribe: () => void;
  private stopping = false;
  private rebalanceAt = 0;
  private commitAt = 0;
  private failing = false;

  /** Joins at once. `handlers` are the registered ones; their topics are what this member reads. */
  constructor(
    private readonly log: EmbeddedLog,
    private readonly options: BatchServerOptions,
    private readonly handlers: ReadonlyMap<string, MessageHandler>,
    private readonly logs: Logger,
    private readonly clientId: string,
  ) {
    this.unsubscribe = log.listener.subscribe((payload) => {
      if (payload === '' || payload === `group ${options.group}`) this.rebalanceAt = 0;
      this.pause.wake();
    });
    this.heartbeat = setInterval(() => void this.renew().catch(() => undefined), log.settings.leaseMs / 4);
    this.running = this.run();
  }

  /** Lets the fetch in hand finish, for at most `waitMs`; stores the positions and gives everything back. */
  async leave(waitMs: number): Promise<void> {
    this.stopping = true;
    this.pause.wake();
    this.unsubscribe();
    const finished = await settlesWithin(waitMs, this.running);
    clearInterval(this.heartbeat);
    // What a hanging fetch may still be working on is not given back: it runs out with its lease, and the marks guard it.
    if (!finished) return;
    // The log may be away; then everything runs out with the lease.
    await settlesWithin(
      CLOSE_MS,
      this.giveAllBack().catch(() => undefined),
    );
    this.owned.clear();
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      try {
        await this.log.ready();
        if (Date.now() >= this.rebalanceAt) await this.rebalance();
        const worked = await this.fetchOnce();
        if (this.failing) this.logs.info({ group: this.options.group }, 'the consumer reads again');
        this.failing = false;
        if (Date.now() >= this.commitAt) await this.commitPositions();
        if (!worked && !this.stopping) await this.pause.wait(this.log.listener.alive ? IDLE_POLL_MS : BLIND_POLL_MS);
      } catch (error) {
        if (!this.failing)
          this.logs.warn({ err: error, group: this.options.group }, 'the consumer cannot read; it tries again');
        this.failing = true;
        if (!this.stopping) await this.pause.wait(RETRY_MS);
      }
    }
  }

  /** Reads what is new in all owned partitions and hands it over. Resolves to whether there was anything. */
  private async fetchOnce(): Promise<boolean> {
    await failpoint('embedded.before-fetch', this.clientId);
    const wanted = [...this.owned.values()].filter((of) => !this.held.has(keyOf(of)));
    if (wanted.length === 0) {
      this.fetchedAt = new Date();
      return false;
    }
    const { rows } = await this.log.pool.query<RecordRow>({
      name: 'log-fetch',
      text: `select t.name as topic, r.topic_id, r.partition, r.log_offset, r.key, r.headers, r.value, r.appended_at
               from unnest($3::int[], $4::int[], $5::bigint[]) as want(topic_id, partition, position)
               join lianban_log.group_partition g on g.group_name = $1 and g.topic_id = want.topic_id and g.partition = want.partition and g.owner = $2
               join lianban_log.topic t on t.id = want.topic_id
              cross join lateral (
                select *, sum(octet_length(b.value)) over (order by b.log_offset) - octet_length(b.value) as bytes_before from (
                  select topic_id, partition, log_offset, key, headers, value, appended_at from lianban_log.record
                   where topic_id = want.topic_id and partition = want.partition and log_offset >= want.position
                   order by log_offset limit $6
                ) as b
              ) as r
              where r.bytes_before < ${FETCH_BYTES_PER_PARTITION}
              order by t.name, r.partition, r.log_offset`,
      values: [
        this.options.group,
        this.member,
        wanted.map((of) => of.topicId),
        wanted.map((of) => of.partition),
        wanted.map((of) => of.position),
        Math.max(25, Math.floor(FETCH_RECORDS / wanted.length)),
      ],
    });
    this.fetchedAt = new Date();
    if (rows.length === 0) return false;
    const records = rows.map(recordOf);
    const { hold } = await this.options.onFetch(
      this.fetchOf(rows, records),
      (topic) => this.handlers.get(topic) ?? null,
    );
    for (const of of hold) this.held.add(keyOf(of));
    for (const record of records) {
      const of = this.owned.get(keyOf(record));
      if (of && !this.held.has(keyOf(of))) of.position = String(BigInt(record.offset) + 1n);
    }
    return true;
  }

  private fetchOf(rows: readonly RecordRow[], records: LogRecord[]): Fetch {
    return {
      records,
      startsAtLogStart: async ({ topic, partition }) => {
        const first = rows.find((row) => row.topic === topic && row.partition === partition);
        if (!first) return false;
        const older = await this.log.pool.query({
          name: 'log-older',
          text: 'select 1 from lianban_log.record where topic_id = $1 and partition = $2 and log_offset < $3 limit 1',
          values: [first.topic_id, partition, first.log_offset],
        });
        return older.rows.length === 0;
      },
      // A timer renews the lease, however long the work takes.
      heartbeat: () => Promise.resolve(),
    };
  }

  /** Renews the lease of this member and of its partitions; those that another has taken over are forgotten. */
  private async renew(): Promise<void> {
    await failpoint('embedded.before-heartbeat', this.clientId);
    const owned = [...this.owned.values()];
    const { rows } = await this.log.pool.query<{ topic_id: number; partition: number }>({
      name: 'log-renew',
      text: `with me as (
               update lianban_log.group_member set lease_until = clock_timestamp() + make_interval(secs => $3::float8 / 1000)
                where group_name = $1 and member = $2
             )
             update lianban_log.group_partition g set lease_until = clock_timestamp() + make_interval(secs => $3::float8 / 1000)
               from unnest($4::int[], $5::int[], $6::bigint[]) as mine(topic_id, partition, generation)
              where g.group_name = $1 and g.topic_id = mine.topic_id and g.partition = mine.partition and g.owner = $2 and g.generation = mine.generation
             returning g.topic_id, g.partition`,
      values: [
        this.options.group,
        this.member,
        this.log.settings.leaseMs,
        owned.map((of) => of.topicId),
        owned.map((of) => of.partition),
        owned.map((of) => of.generation),
      ],
    });
    const kept = new Set(rows.map((row) => `${row.topic_id} ${row.partition}`));
    for (const of of owned) {
      if (!kept.has(`${of.topicId} ${of.partition}`) && this.owned.get(keyOf(of)) === of) this.owned.delete(keyOf(of));
    }
  }

  /** Between two fetches: says that it lives, gives back what another should have, takes what is free and its own. */
  private async rebalance(): Promise<void> {
    const { leaseMs } = this.log.settings;
    const { group } = this.options;
    // Set before the work: news that arrive meanwhile ask for another round.
    this.rebalanceAt = Date.now() + leaseMs / 4;
    const topics = [...this.handlers.keys()].sort();
    const joined = await this.log.pool.query<{ fresh: boolean }>({
      name: 'log-join',
      text: `insert into lianban_log.group_member (group_name, member, topics, lease_until)
             values ($1, $2, $3, clock_timestamp() + make_interval(secs => $4::float8 / 1000))
             on conflict (group_name, member) do update set lease_until = excluded.lease_until, topics = excluded.topics
             returning xmax = 0 as fresh`,
      values: [group, this.member, topics, leaseMs],
    });
    await this.log.pool.query({
      name: 'log-group-partitions',
      text: `insert into lianban_log.group_partition (group_name, topic_id, partition)
             select $1, p.topic_id, p.partition from lianban_log.partition p join lianban_log.topic t on t.id = p.topic_id
              where t.name = any($2::text[])
                and not exists (select 1 from lianban_log.group_partition g where g.group_name = $1 and g.topic_id = p.topic_id and g.partition = p.partition)
             on conflict do nothing`,
      values: [group, topics],
    });
    await this.log.pool.query({
      name: 'log-bury',
      text: `delete from lianban_log.group_member where group_name = $1 and lease_until < clock_timestamp() - interval '1 minute'`,
      values: [group],
    });
    const members = await this.log.pool.query<{ member: string; topics: string[] }>({
      name: 'log-members',
      text: 'select member, topics from lianban_log.group_member where group_name = $1 and lease_until > clock_timestamp() order by member',
      values: [group],
    });
    const { rows } = await this.log.pool.query<PartitionRow>({
      name: 'log-shares',
      text: `select t.name as topic, g.topic_id, g.partition, g.position, g.generation, coalesce(g.owner = $2, false) as mine,
                    (g.owner is null or g.lease_until < clock_timestamp()) as free
               from lianban_log.group_partition g join lianban_log.topic t on t.id = g.topic_id
              where g.group_name = $1 and t.name = any($3::text[]) order by t.name, g.partition`,
      values: [group, this.member, topics],
    });
    const share = rows.filter((row) => {
      const readers = members.rows.filter((member) => member.topics.includes(row.topic));
      return readers[row.partition % Math.max(1, readers.length)]?.member === this.member;
    });
    const shareKeys = new Set(share.map(keyOf));
    const surplus = [...this.owned.values()].filter((of) => !shareKeys.has(keyOf(of)));
    if (surplus.length > 0) await this.giveBack(surplus);
    const wanted = share.filter((row) => row.free && !this.owned.has(keyOf(row)));
    if (wanted.length > 0) await this.take(wanted);
    if (joined.rows[0]?.fresh || surplus.length > 0) await this.tellGroup();
    // Not all of the share is here yet: another member has still to let go.
    if (share.some((row) => !this.owned.has(keyOf(row)))) {
      this.rebalanceAt = Math.min(this.rebalanceAt, Date.now() + Math.min(500, leaseMs / 4));
    }
  }

  private async take(wanted: readonly PartitionRow[]): Promise<void> {
    const { rows } = await this.log.pool.query<PartitionRow>({
      name: 'log-take',
      text: `update lianban_log.group_partition g
                set owner = $2, generation = g.generation + 1, lease_until = clock_timestamp() + make_interval(secs => $3::float8 / 1000)
               from unnest($4::int[], $5::int[]) as w(topic_id, partition), lianban_log.topic t
              where g.group_name = $1 and g.topic_id = w.topic_id and g.partition = w.partition and t.id = g.topic_id
                and (g.owner is null or g.lease_until < clock_timestamp())
             returning t.name as topic, g.topic_id, g.partition, g.position, g.generation`,
      values: [
        this.options.group,
        this.member,
        this.log.settings.leaseMs,
        wanted.map((row) => row.topic_id),
        wanted.map((row) => row.partition),
      ],
    });
    for (const row of rows) {
      const { topic, partition, generation, position } = row;
      this.owned.set(keyOf(row), {
        topic,
        partition,
        topicId: row.topic_id,
        generation,
        position,
        committed: position,
      });
    }
  }

  private async giveBack(surplus: readonly Owned[]): Promise<void> {
    await this.log.pool.query({
      name: 'log-give-back',
      text: `update lianban_log.group_partition g set owner = null, lease_until = null, position = w.position
               from unnest($3::int[], $4::int[], $5::bigint[], $6::bigint[]) as w(topic_id, partition, generation, position)
              where g.group_name = $1 and g.owner = $2 and g.topic_id = w.topic_id and g.partition = w.partition and g.generation = w.generation`,
      values: [this.options.group, this.member, ...columnsOf(surplus)],
    });
    for (const of of surplus) {
      this.owned.delete(keyOf(of));
      this.held.delete(keyOf(of));
    }
  }

  private async commitPositions(): Promise<void> {
    this.commitAt = Date.now() + COMMIT_MS;
    const moved = [...this.owned.values()].filter((of) => of.position !== of.committed);
    if (moved.length === 0) return;
    const positions = moved.map((of) => of.position);
    await this.log.pool.query({
      name: 'log-commit',
      text: `update lianban_log.group_partition g set position = w.position
               from unnest($3::int[], $4::int[], $5::bigint[], $6::bigint[]) as w(topic_id, partition, generation, position)
              where g.group_name = $1 and g.owner = $2 and g.topic_id = w.topic_id and g.partition = w.partition and g.generation = w.generation`,
      values: [this.options.group, this.member, ...columnsOf(moved)],
    });
    moved.forEach((of, n) => (of.committed = positions[n]!));
  }

  private async giveAllBack(): Promise<void> {
    const owned = [...this.owned.values()];
    if (owned.length > 0) await this.giveBack(owned);
    await this.log.pool.query({
      text: 'delete from lianban_log.group_member where group_name = $1 and member = $2',
      values: [this.options.group, this.member],
    });
    await this.tellGroup();
  }

  private async tellGroup(): Promise<void> {
    await this.log.pool.query({ text: `select pg_notify('lianban_log', $1)`, values: [`group ${this.options.group}`] });
  }
}

const keyOf = ({ topic, partition }: PartitionOf): string => `${topic} ${partition}`;

const columnsOf = (owned: readonly Owned[]): unknown[] => [
  owned.map((of) => of.topicId),
  owned.map((of) => of.partition),
  owned.map((of) => of.generation),
  owned.map((of) => of.position),
];
