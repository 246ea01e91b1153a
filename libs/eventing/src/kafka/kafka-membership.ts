/**
 * One membership in a consumer group, from joining to leaving. A consumer that crashes is replaced by a new one. Offsets at the broker are a
 * hint where to start reading; the marks in the service's database decide what is applied, since kafkajs has no fencing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MessageHandler } from '@nestjs/microservices';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import { LANES } from '../lane.js';
import type { BatchServerOptions, Fetch } from '../log.js';
import type { Logger } from '../logger.js';
import { Pause, settlesWithin } from '../pause.js';
import { Gatherer } from './gatherer.js';
import type { KafkaLog } from './kafka-log.js';
import { recordOf } from './kafka-record.js';

const COMMIT_MS = 1_000;
/** A beat is sent only when one is due. */
const BEAT_MS = 500;
const TOPICS_MS = 1_000;
const RETRY_MS = 500;
const JOIN_MS = 3_000;
const CLOSE_MS = 3_000;

export class KafkaMembership {
  /** When the log last answered a fetch, empty or not. */
  fetchedAt: Date | undefined;
  private readonly gatherer = new Gatherer<EachBatchPayload>((parts) => this.flush(parts));
  private readonly pause = new Pause();
  private readonly left = Promise.withResolvers<void>();
  private readonly running: Promise<void>;
  private leaving = false;
  private failing = false;
  private commit: (() => Promise<void>) | undefined;
  private commitTimer: NodeJS.Timeout | undefined;

  /** Joins at once. `handlers` are the registered ones; their topics are what this member reads. */
  constructor(
    private readonly log: KafkaLog,
    private readonly options: BatchServerOptions,
    private readonly handlers: ReadonlyMap<string, MessageHandler>,
    private readonly newConsumer: () => Promise<Consumer>,
    private readonly logs: Logger,
  ) {
    this.running = this.run();
  }

  /** Lets the fetch in hand finish, for at most `waitMs`; stores the positions and leaves the group. */
  async leave(waitMs: number): Promise<void> {
    this.leaving = true;
    this.pause.wake();
    await settlesWithin(waitMs, this.gatherer.idle());
    this.left.resolve();
    await this.running;
  }

  private async run(): Promise<void> {
    const { group } = this.options;
    while (!this.leaving) {
      try {
        await this.consume();
      } catch (error) {
        if (!this.failing && !this.leaving) {
          this.logs.warn({ err: error, group }, 'the consumer cannot read; it tries again');
        }
        this.failing = true;
      }
      if (!this.leaving) await this.pause.wait(RETRY_MS);
    }
  }

  /** Reads the topics there are, until it breaks, is left or another of the topics appears. */
  private async consume(): Promise<void> {
    const wanted = [...this.handlers.keys()];
    const topics = await Promise.race([this.log.existing(wanted), this.left.promise]);
    if (!topics) return;
    if (topics.length === 0) {
      this.fetchedAt = new Date();
      return;
    }
    const consumer = await this.newConsumer();
    const over = Promise.withResolvers<void>();
    let ended = false;
    const { CRASH, FETCH, GROUP_JOIN } = consumer.events;
    consumer.on(CRASH, ({ payload }) => over.reject(payload.error));
    consumer.on(FETCH, () => {
      this.fetchedAt = new Date();
      if (this.failing) this.logs.info({ group: this.options.group }, 'the consumer reads again');
      this.failing = false;
    });
    consumer.on(GROUP_JOIN, () => {
      // kafkajs joins to the end although it was disconnected meanwhile, and would keep partitions nobody reads.
      if (ended) throw new Error('the consumer was let go while it joined');
      // Whoever gets a held partition looks for himself.
      consumer.resume(consumer.paused());
    });
    const started = this.start(consumer, topics);
    started.catch(over.reject);
    const missing = wanted.filter((topic) => !topics.includes(topic));
    const appeared = missing.length > 0 ? this.untilOneAppears(missing, () => ended) : over.promise;
    try {
      await Promise.race([over.promise, appeared, this.left.promise]);
    } finally {
      // One that joins is let finish, since only a member can leave.
      await settlesWithin(
        JOIN_MS,
        started.catch(() => undefined),
      );
      ended = true;
      await this.disconnect(consumer);
    }
  }

  private async start(consumer: Consumer, topics: readonly string[]): Promise<void> {
    const { prefix } = this.log.settings;
    await consumer.connect();
    await consumer.subscribe({ topics: topics.map((topic) => prefix + topic), fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      // All partitions of a fetch at once: the gatherer makes one of them.
      partitionsConsumedConcurrently: topics.length * LANES,
      eachBatch: (payload) => (this.leaving ? Promise.resolve() : this.gatherer.add(payload)),
    });
  }

  private async untilOneAppears(missing: readonly string[], ended: () => boolean): Promise<void> {
    let found: string[] = [];
    while (found.length === 0 && !ended()) {
      await sleep(TOPICS_MS, undefined, { ref: false });
      if (!ended()) found = await this.log.existing(missing).catch(() => []);
    }
  }

  /** kafkajs may hang where a broker does. What the consumer holds then runs out with its session, and the marks guard it. */
  private async disconnect(consumer: Consumer): Promise<void> {
    clearTimeout(this.commitTimer);
    this.commitTimer = undefined;
    await settlesWithin(CLOSE_MS, this.store());
    this.commit = undefined;
    await settlesWithin(
      CLOSE_MS,
      consumer.disconnect().catch(() => undefined),
    );
  }

  /** All parts of a fetch as one. What is not resolved comes again with the next fetch. */
  private async flush(parts: readonly EachBatchPayload[]): Promise<void> {
    const [first] = parts;
    if (!first || this.leaving) return;
    // One that hangs while it leaves shall run out.
    const heartbeat = async (): Promise<void> => {
      if (!this.leaving) await first.heartbeat().catch(() => undefined);
    };
    const beat = setInterval(() => void heartbeat(), BEAT_MS);
    try {
      const { hold } = await this.options.onFetch(
        this.fetchOf(parts, heartbeat),
        (topic) => this.handlers.get(topic) ?? null,
      );
      for (const part of parts) {
        const { partition } = part.batch;
        const topic = this.topicOf(part.batch.topic);
        if (hold.some((of) => of.topic === topic && of.partition === partition)) part.pause();
        else part.resolveOffset(part.batch.lastOffset());
      }
    } catch {
      // Said by whoever rejected it, and waited for there.
      return;
    } finally {
      clearInterval(beat);
    }
    this.commit = () => first.commitOffsetsIfNecessary(first.uncommittedOffsets());
    this.commitTimer ??= setTimeout(() => {
      this.commitTimer = undefined;
      void this.store();
    }, COMMIT_MS);
  }

  private fetchOf(parts: readonly EachBatchPayload[], heartbeat: () => Promise<void>): Fetch {
    const records = parts.flatMap(({ batch: { topic, partition, messages } }) =>
      messages.map((message) => recordOf(this.topicOf(topic), partition, message)),
    );
    return {
      records,
      startsAtLogStart: async (of) => {
        const first = records.find(({ topic, partition }) => topic === of.topic && partition === of.partition);
        return first !== undefined && BigInt(first.offset) <= (await this.log.oldestOffset(of));
      },
      heartbeat,
    };
  }

  /** Positions are a hint: when they cannot be stored, more is read again and dropped. */
  private async store(): Promise<void> {
    await this.commit?.().catch(() => undefined);
  }

  private topicOf(name: string): string {
    return name.slice(this.log.settings.prefix.length);
  }
}
