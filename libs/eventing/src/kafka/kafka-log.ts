/** The event log on Apache Kafka (ADR 4): topics, producer, reader and group members of one client. */
import type { Server } from '@nestjs/microservices';
import kafkajs, { type Admin, type ITopicConfig, type Kafka } from 'kafkajs';
import type {
  BatchServer,
  BatchServerOptions,
  EventLog,
  LogProducer,
  LogReader,
  PartitionOf,
  TopicSpec,
} from '../log.js';
import type { Logger } from '../logger.js';
import { settlesWithin } from '../pause.js';
import { fixIdleLoop } from './idle-loop-fix.js';
import { KafkaBatchServer } from './kafka-batch-server.js';
import { clientOptions } from './kafka-client.js';
import { KafkaProducer } from './kafka-producer.js';
import { KafkaReader } from './kafka-reader.js';
import { type KafkaSettings, parseKafkaUrl } from './kafka-url.js';

/** Messages of topics that are not compacted are kept as long as on the embedded log. */
const RETENTION_MS = 90 * 24 * 3_600_000;
/** The newest minute of a compacted topic stays whole, so that a reader close to the end sees every change. */
const COMPACTION_LAG_MS = 60_000;
const CLOSE_MS = 3_000;

/** Throws one sentence when the URL is not right. Connects to nothing yet. */
export function createKafkaLog(url: string, options: { clientId: string; logger: Logger }): EventLog {
  return new KafkaLog(parseKafkaUrl(url), options);
}

export class KafkaLog implements EventLog {
  private readonly client: Kafka;
  private readonly limits = new Map<string, number>();
  private readonly open = new Set<{ close(): Promise<void> }>();
  private closed = false;

  constructor(
    readonly settings: KafkaSettings,
    private readonly options: { clientId: string; logger: Logger },
  ) {
    fixIdleLoop();
    this.client = new kafkajs.Kafka(clientOptions(settings, options));
  }

  /** @idempotent: an existing topic keeps its partitions; a larger size limit is taken over, and time is always the log's. */
  async ensureTopics(topics: readonly TopicSpec[]): Promise<void> {
    if (topics.length === 0) return;
    await this.withAdmin(async (admin) => {
      const known = new Set(await admin.listTopics());
      const missing = topics.filter(({ name }) => !known.has(this.settings.prefix + name));
      if (missing.length > 0) await admin.createTopics({ topics: missing.map((spec) => this.configOf(spec)) });
      const existing = topics.filter((spec) => !missing.includes(spec));
      if (existing.length > 0) await this.mend(admin, existing);
    });
    this.limits.clear();
  }

  async producer(): Promise<LogProducer> {
    return this.opened(
      new KafkaProducer(this.client, this.settings.prefix, {
        of: (topics) => this.limitsOf(topics),
        forget: () => this.limits.clear(),
      }),
    );
  }

  async reader(): Promise<LogReader> {
    return this.opened(new KafkaReader(this.client, this.settings.prefix));
  }

  batchServer(options: BatchServerOptions): BatchServer {
    // Nest's own server tells its states from a list; ours may be any text.
    return new KafkaBatchServer(this, options, this.options) as Server as BatchServer;
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.open].map((part) => part.close()));
    this.open.clear();
  }

  /** Which of the topics there are. */
  async existing(topics: readonly string[]): Promise<string[]> {
    const known = new Set(await this.withAdmin((admin) => admin.listTopics()));
    return topics.filter((name) => known.has(this.settings.prefix + name));
  }

  /** The offset of the oldest record a partition still holds, or would get. */
  async oldestOffset({ topic, partition }: PartitionOf): Promise<bigint> {
    const offsets = await this.withAdmin((admin) => admin.fetchTopicOffsets(this.settings.prefix + topic));
    return BigInt(offsets.find((of) => of.partition === partition)?.low ?? 0);
  }

  /** Largest batch each topic takes, in bytes. */
  private async limitsOf(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const unknown = topics.filter((topic) => !this.limits.has(topic));
    if (unknown.length > 0) {
      const { prefix } = this.settings;
      const { resources } = await this.withAdmin(async (admin) => {
        const there = new Set(await admin.listTopics());
        const lost = unknown.find((name) => !there.has(prefix + name));
        if (lost !== undefined) throw new Error(`the event log has no topic ${lost}`);
        return admin.describeConfigs({
          resources: unknown.map((name) => ({
            type: kafkajs.ConfigResourceTypes.TOPIC,
            name: prefix + name,
            configNames: [MAX_BYTES],
          })),
          includeSynonyms: false,
        });
      });
      for (const { resourceName, configEntries } of resources) {
        this.limits.set(resourceName.slice(prefix.length), Number(configEntries[0]?.configValue));
      }
    }
    return this.limits;
  }

  private configOf({ name, partitions, compacted, maxMessageBytes }: TopicSpec): ITopicConfig {
    const entries = {
      [MAX_BYTES]: String(maxMessageBytes),
      [TIME]: LOG_TIME,
      ...(compacted
        ? { 'cleanup.policy': 'compact', 'min.compaction.lag.ms': String(COMPACTION_LAG_MS) }
        : { 'cleanup.policy': 'delete', 'retention.ms': String(RETENTION_MS) }),
    };
    return {
      topic: this.settings.prefix + name,
      numPartitions: partitions,
      replicationFactor: this.settings.replication,
      configEntries: Object.entries(entries).map(([key, value]) => ({ name: key, value })),
    };
  }

  /** Altering replaces all settings a topic has of its own: what is not ours is said again. */
  private async mend(admin: Admin, topics: readonly TopicSpec[]): Promise<void> {
    const type = kafkajs.ConfigResourceTypes.TOPIC;
    const { resources } = await admin.describeConfigs({
      resources: topics.map(({ name }) => ({ type, name: this.settings.prefix + name })),
      includeSynonyms: false,
    });
    const altered = resources.flatMap(({ resourceName, configEntries }) => {
      const spec = topics.find(({ name }) => this.settings.prefix + name === resourceName);
      const current = new Map(configEntries.map(({ configName, configValue }) => [configName, configValue]));
      const bytes = Math.max(spec?.maxMessageBytes ?? 0, Number(current.get(MAX_BYTES)));
      if (Number(current.get(MAX_BYTES)) === bytes && current.get(TIME) === LOG_TIME) return [];
      const own = configEntries
        .filter(({ configSource }) => configSource === kafkajs.ConfigSource.TOPIC_CONFIG)
        .map(({ configName, configValue }): [string, string] => [configName, configValue]);
      const wanted = new Map([...own, [MAX_BYTES, String(bytes)], [TIME, LOG_TIME]]);
      return [{ type, name: resourceName, configEntries: [...wanted].map(([name, value]) => ({ name, value })) }];
    });
    if (altered.length > 0) await admin.alterConfigs({ validateOnly: false, resources: altered });
  }

  /** A connection per task: these are rare, and an idle connection is one more that can go stale. */
  private async withAdmin<Result>(work: (admin: Admin) => Promise<Result>): Promise<Result> {
    if (this.closed) throw new Error('the event log is closed');
    const admin = this.client.admin();
    try {
      await admin.connect();
      return await work(admin);
    } finally {
      await settlesWithin(
        CLOSE_MS,
        admin.disconnect().catch(() => undefined),
      );
    }
  }

  /** Connects it; whatever its owner leaves open is closed with the log. */
  private async opened<Part extends { connect(): Promise<void>; close(): Promise<void> }>(part: Part): Promise<Part> {
    if (this.closed) throw new Error('the event log is closed');
    this.open.add(part);
    try {
      await part.connect();
    } catch (error) {
      this.open.delete(part);
      await part.close();
      throw error;
    }
    return part;
  }
}

const MAX_BYTES = 'max.message.bytes';
const TIME = 'message.timestamp.type';
const LOG_TIME = 'LogAppendTime';
