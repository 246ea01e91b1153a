/** Puts database, outbox, relay, log and consumer of one service together. */
import { randomUUID } from 'node:crypto';
import type { CustomTransportStrategy, Server } from '@nestjs/microservices';
import type pg from 'pg';
import { BatchConsumer } from './batch-consumer.js';
import type { EventDefinition, Stream } from './contract.js';
import { Database } from './database.js';
import { createEventLog } from './event-log.js';
import { GapRepair } from './gap-repair.js';
import { LANES } from './lane.js';
import type { BatchServer, EventLog, TopicSpec } from './log.js';
import { type Logger, silentLogger, textOf } from './logger.js';
import { ParkedMessages } from './parked.js';
import { settlesWithin } from './pause.js';
import { Relay } from './relay.js';

/** One part that must make progress; `ok: false` says why in `detail`. */
export interface PartHealth {
  name: string;
  ok: boolean;
  detail: string;
  /** Consumers: true when the part stalled so long that only a restart of the process helps. */
  fatal?: boolean;
}

export interface EventingHealth {
  parts: PartHealth[];
  /** Age in ms of the oldest event not yet on the log; 0 when none waits. */
  oldestUnsentMs: number;
  parkedCases: number;
  /** How far the consumer is behind, per topic it has read. */
  lag: { topic: string; ms: number }[];
}

export interface DeadLetter {
  id: string;
  topic: string;
  partition: number;
  offset: string;
  caseId: string | null;
  type: string | null;
  /** Where the message itself is at fault it begins with a stable code, such as `event.unknown-version: …`. */
  error: string;
  attempts: number;
  state: 'open' | 'replayed' | 'discarded';
  /** The case's later events that queue behind it. */
  queued: number;
  storedAt: Date;
}

/** Poison messages and the cases parked behind them. */
export interface ParkedCases {
  list(options: { limit: number; offset: number }): Promise<{ items: DeadLetter[]; total: number }>;
  /**
   * Applies the message again and, when that works, the queued events of its case; one of those that fails becomes the case's next poison
   * message. Resolves to false when the message itself still fails. Rejects with Nest's NotFoundException for an unknown id.
   */
  replay(id: string, options: { actor: string; reason: string }): Promise<boolean>;
  /** Gives the message up and applies the queued events of its case. */
  discard(id: string, options: { actor: string; reason: string }): Promise<void>;
}

export interface EventingOptions {
  service: string;
  pool: pg.Pool;
  /** `postgres://…` = embedded log, `kafka://host:port,host:port` = Kafka. */
  log: string;
  publishes: readonly Stream[];
  consumes: readonly EventDefinition[];
  outside?: readonly string[];
  clock?: () => Date;
  logger?: Logger;
  /** Name of this instance in logs and failpoints; default: service and a random part. */
  instance?: string;
  /** For tests: how often the consumer is looked after, and when it counts as stalled and as lost. */
  watch?: { everyMs: number; stalledMs: number; fatalMs: number };
}

export interface Eventing {
  database: Database;
  strategy: CustomTransportStrategy & Server;
  start(): Promise<void>;
  stop(): Promise<void>;
  health(): Promise<EventingHealth>;
  parked: ParkedCases;
}

/** Operators' tool beside the daily ones. */
export interface RepairableEventing extends Eventing {
  /** Sends everything of a lane from `seq` on once more, for a log that lost its tail. Readers drop what they know. */
  republishFrom(stream: string, lane: number, seq: number): Promise<void>;
}

/** What an event may weigh on the log: its data (at most 1 MiB) and its headers. */
const EVENT_BYTES = 2 * 1024 * 1024;
/** Large enough that a message beyond a service's own limit reaches it and gets a coded answer. */
const OUTSIDE_BYTES = 8 * 1024 * 1024;

/**
 * A consumer without an answer from the log for `stalledMs` joins anew; after `fatalMs` only a restart of the process is left, and
 * `/health/live` must be red within 60 s.
 */
const WATCH = { everyMs: 5_000, stalledMs: 20_000, fatalMs: 45_000 };
const START_WAIT_MS = 3_000;
const RETRY_MS = 1_000;
const DRAIN_MS = 3_000;
const CLOSE_MS = 10_000;
const PROBE_MS = 5_000;
const PROBE_IDLE_MS = 30_000;

export function createEventing(options: EventingOptions): RepairableEventing {
  return new ServiceEventing(options);
}

class ServiceEventing implements RepairableEventing {
  readonly database: Database;
  readonly strategy: BatchServer;
  readonly parked: ParkedMessages;
  private readonly log: EventLog;
  private readonly relay: Relay;
  private readonly consumer: BatchConsumer;
  private readonly repair: GapRepair;
  private readonly logger: Logger;
  private readonly topics: readonly TopicSpec[];
  private readonly limits: typeof WATCH;
  private watch: NodeJS.Timeout | undefined;
  private watching: Promise<void> | undefined;
  private stopping = false;
  private logError: string | undefined;
  /** When the server last began to join; a fetch can be expected a while later. */
  private joinedAt: number | undefined;
  private restarts = 0;
  private restartedAt = 0;
  private rejoining = false;
  private fatal = false;
  private probedAt = 0;
  private figures = { oldestUnsentMs: 0, parkedCases: 0 };

  constructor(options: EventingOptions) {
    const { service, pool, publishes, consumes } = options;
    const clock = options.clock ?? ((): Date => new Date());
    const outside = options.outside ?? [];
    const member = options.instance ?? `${service}-${randomUUID().slice(0, 8)}`;
    this.logger = options.logger ?? silentLogger;
    this.limits = options.watch ?? WATCH;
    this.database = new Database(pool);
    this.log = createEventLog(options.log, { clientId: member, logger: this.logger });
    this.topics = topicsOf([...publishes, ...consumes.map(({ stream }) => stream)], outside);
    this.consumer = new BatchConsumer({
      database: this.database,
      consumes,
      outside,
      clock,
      logger: this.logger,
      member,
    });
    this.strategy = this.log.batchServer({
      group: service,
      onFetch: (fetch, handlerOf) => this.consumer.apply(fetch, handlerOf),
    });
    this.watchListen();
    const handlerOf = (topic: string) => this.strategy.getHandlerByPattern(topic);
    this.parked = new ParkedMessages(this.database, this.consumer, handlerOf, clock);
    this.repair = new GapRepair(this.log, this.consumer, handlerOf);
    this.relay = new Relay({
      pool,
      producer: () => this.log.producer(),
      ensureTopic: (topic) => this.log.ensureTopics([eventTopic(topic, false)]),
      publishes,
      logger: this.logger,
      member,
    });
    this.database.onCommit(() => this.relay.wake());
  }

  /** Rejects when the database would lose commits. A log that is away is waited for in the background. */
  async start(): Promise<void> {
    await this.database.assertDurable();
    this.stopping = false;
    const ensured = this.ensureTopics();
    if (!(await settlesWithin(START_WAIT_MS, ensured))) {
      this.logger.warn({ error: this.logError }, 'the event log cannot be reached; the service starts without it');
    }
    this.relay.start();
    this.watch = setInterval(() => {
      this.watching ??= this.look()
        .catch((error: unknown) => this.logger.warn({ err: error }, 'the watch over the consumer failed'))
        .finally(() => (this.watching = undefined));
    }, this.limits.everyMs);
    this.watch.unref();
  }

  /** Lets the fetch in hand finish, sends what is committed for up to 3 s, closes the log. */
  async stop(): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    clearInterval(this.watch);
    this.consumer.stop();
    await this.watching;
    await settlesWithin(
      CLOSE_MS,
      Promise.resolve(this.strategy.close() as unknown).catch(() => undefined),
    );
    await this.relay.stop(DRAIN_MS);
    await settlesWithin(
      CLOSE_MS,
      this.log.close().catch(() => undefined),
    );
  }

  republishFrom(stream: string, lane: number, seq: number): Promise<void> {
    return this.relay.republishFrom(stream, lane, seq);
  }

  async health(): Promise<EventingHealth> {
    const relay = this.relay.report();
    const idleMs = Date.now() - (relay.lastProgressAt?.getTime() ?? 0);
    const stuck = relay.state === 'sending' && idleMs > this.limits.stalledMs;
    const parts: PartHealth[] = [
      {
        name: 'relay',
        ok: (relay.state === 'sending' || relay.state === 'elsewhere') && !stuck,
        detail: stuck
          ? `no answer from the event log for ${Math.round(idleMs / 1000)} s`
          : relay.state === 'failing'
            ? `cannot send: ${relay.error ?? ''}`
            : relay.state,
      },
      { name: 'log', ok: this.logError === undefined, detail: this.logError ?? 'reachable' },
    ];
    if (this.strategy.getHandlers().size > 0) parts.push(this.consumerHealth());
    const held = this.consumer.heldPartitions();
    parts.push({
      name: 'held-partitions',
      ok: held.length === 0,
      detail:
        held.length === 0
          ? 'none'
          : held
              .map((of) => `${of.topic}[${of.partition}] misses ${of.stream} ${of.expected}–${of.found - 1}`)
              .join('; '),
    });
    try {
      const [oldestUnsentMs, parkedCases] = await Promise.all([this.oldestUnsentMs(), this.parked.count()]);
      this.figures = { oldestUnsentMs, parkedCases };
    } catch (error) {
      parts.push({ name: 'database', ok: false, detail: `the figures are those of before: ${textOf(error)}` });
    }
    return { parts, ...this.figures, lag: this.consumer.lag() };
  }

  private consumerHealth(): PartHealth {
    const name = 'consumer';
    if (this.joinedAt === undefined) return { name, ok: true, detail: 'not started' };
    const { lastError } = this.consumer;
    const silentMs = this.silentMs();
    if (this.fatal) {
      return {
        name,
        ok: false,
        fatal: true,
        detail: `stalled for ${Math.round(silentMs / 1000)} s, restarts did not help`,
      };
    }
    if (silentMs > this.limits.stalledMs) {
      const seconds = Math.round(silentMs / 1000);
      return {
        name,
        ok: false,
        detail: `nothing from the event log for ${seconds} s, restarted ${this.restarts} times`,
      };
    }
    if (lastError !== undefined) return { name, ok: false, detail: `cannot apply: ${lastError}` };
    return { name, ok: true, detail: `${this.consumer.applied} messages applied` };
  }

  /** How long the consumer has shown no sign of life: neither an answer from the log nor progress in a fetch. */
  private silentMs(): number {
    const signs = [this.joinedAt, this.strategy.lastFetchAt()?.getTime(), this.consumer.lastProgressAt?.getTime()];
    return Date.now() - Math.max(...signs.map((sign) => sign ?? 0));
  }

  private async oldestUnsentMs(): Promise<number> {
    const rings = [0, 1, 2, 3].map(
      (n) =>
        `(select o.created_at from outbox_${n} o where o.stream = l.stream and o.lane = l.lane and o.seq = l.published_seq + 1)`,
    );
    const [row] = await this.database.query<{ ms: number }>({
      name: 'outbox-oldest',
      text: `select coalesce(extract(epoch from clock_timestamp() - min(coalesce(${rings.join(', ')}))) * 1000, 0)::float8 as ms
               from outbox_lane l where l.next_seq > l.published_seq + 1`,
    });
    return Math.max(0, Math.round(row?.ms ?? 0));
  }

  /** Tries until it works or the service stops. */
  private async ensureTopics(): Promise<void> {
    while (!this.stopping) {
      try {
        await this.log.ensureTopics(this.topics);
        this.logError = undefined;
        return;
      } catch (error) {
        this.logError = textOf(error);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /** Every few seconds: is the log there, does the consumer live, can a held partition be mended? */
  private async look(): Promise<void> {
    const listening = this.joinedAt !== undefined;
    const silentMs = listening ? this.silentMs() : 0;
    const doubtful =
      silentMs > this.limits.stalledMs || this.logError !== undefined || this.relay.report().state === 'failing';
    // A consumer that gets answers is proof enough of the log.
    if (doubtful || (!listening && Date.now() - this.probedAt > PROBE_IDLE_MS)) await this.probe();
    if (!listening || this.stopping) return;
    if (silentMs <= this.limits.stalledMs) {
      this.fatal = false;
      const mended = await this.repair.run();
      if (mended.length > 0 && !this.isStopping()) {
        this.logger.info(
          { partitions: mended.map(({ topic, partition }) => `${topic}[${partition}]`) },
          'missing events were found',
        );
        await this.rejoin();
      }
      return;
    }
    // While the log itself is away a restart mends nothing, neither of the consumer nor of the process.
    if (this.logError !== undefined) {
      this.fatal = false;
      return;
    }
    this.fatal = silentMs > this.limits.fatalMs;
    if (!this.consumer.busy && Date.now() - this.restartedAt > this.limits.stalledMs) {
      this.restarts++;
      this.logger.error({ silentMs, restarts: this.restarts }, 'the consumer has stalled and joins anew');
      await this.rejoin();
    }
  }

  private async rejoin(): Promise<void> {
    this.consumer.forgetHeld();
    this.restartedAt = Date.now();
    this.rejoining = true;
    try {
      if (!(await settlesWithin(CLOSE_MS, this.strategy.restart()))) {
        this.logger.warn({}, 'the consumer takes long to join anew');
      }
    } finally {
      this.rejoining = false;
    }
  }

  private isStopping(): boolean {
    return this.stopping;
  }

  private async probe(): Promise<void> {
    this.probedAt = Date.now();
    if (this.topics.length === 0) return;
    try {
      if (await settlesWithin(PROBE_MS, this.log.ensureTopics(this.topics.slice(0, 1)))) this.logError = undefined;
      else this.logError = `no answer within ${PROBE_MS / 1000} s`;
    } catch (error) {
      this.logError = textOf(error);
    }
  }

  /** Nest starts the server; only from then on must it show signs of life. */
  private watchListen(): void {
    const server = this.strategy;
    const listen = server.listen.bind(server);
    const close = server.close.bind(server);
    server.listen = (callback: (...args: unknown[]) => unknown) => {
      if (!this.rejoining) {
        this.joinedAt = Date.now();
        this.consumer.resume();
      }
      return listen(callback) as unknown;
    };
    server.close = () => {
      if (!this.rejoining) {
        this.joinedAt = undefined;
        this.consumer.stop();
      }
      return close() as unknown;
    };
  }
}

/** Topics this service writes or reads, with what they must be like. */
function topicsOf(streams: readonly Stream[], outside: readonly string[]): TopicSpec[] {
  const specs = new Map<string, TopicSpec>();
  for (const { topic, compacted } of streams) {
    if (topic !== undefined) specs.set(topic, eventTopic(topic, compacted === true));
  }
  for (const name of outside) {
    specs.set(name, { name, partitions: LANES, compacted: false, maxMessageBytes: OUTSIDE_BYTES });
  }
  return [...specs.values()];
}

const eventTopic = (name: string, compacted: boolean): TopicSpec => ({
  name,
  partitions: LANES,
  compacted,
  maxMessageBytes: EVENT_BYTES,
});
