/** The port both event logs implement. Nothing outside `libs/eventing` knows which one runs. */
import type { CustomTransportStrategy, MessageHandler, Server } from '@nestjs/microservices';

/** A message to store. `partition` is always explicit for events (the lane); outside messages may leave it to the log (hash of the key). */
export interface LogMessage {
  topic: string;
  partition?: number;
  key: string | null;
  headers: Record<string, string>;
  value: Buffer;
}

/** A stored message. `offset` is the position inside its partition, as a decimal string. `appendedAt` is the log's own time. */
export interface LogRecord extends Omit<LogMessage, 'partition'> {
  partition: number;
  offset: string;
  appendedAt: Date;
}

/** A topic that must exist. `maxMessageBytes` is the largest message the log takes there. */
export interface TopicSpec {
  name: string;
  partitions: number;
  compacted: boolean;
  maxMessageBytes: number;
}

export interface PartitionOf {
  topic: string;
  partition: number;
}

/** Everything one member fetched in one go, in offset order per partition. */
export interface Fetch {
  records: LogRecord[];
  /** Whether the first record of this partition's part is the oldest one the log still holds. */
  startsAtLogStart(partition: PartitionOf): Promise<boolean>;
  /** Keeps the membership alive during long work. */
  heartbeat(): Promise<void>;
}

export interface LogProducer {
  /** Resolves when every message is durable (acks = all), in the given order per partition. One call at a time. */
  send(messages: readonly LogMessage[]): Promise<void>;
  close(): Promise<void>;
}

export interface BatchServerOptions {
  /** Consumer group: the service's name. Its topics are the patterns of the registered `@EventPattern` handlers. */
  group: string;
  /**
   * Applies one fetch. When it resolves, the fetch counts as applied, but for the partitions it names in `hold`: they are not
   * advanced and not read further until the server restarts. When it rejects, the same records come again after a short wait.
   */
  onFetch(fetch: Fetch, handlerOf: (topic: string) => MessageHandler | null): Promise<{ hold: readonly PartitionOf[] }>;
}

/**
 * A member of a consumer group, as a Nest transport strategy: `listen` joins, at the group's position or at the oldest record
 * where there is none; `close` lets the running fetch finish, stores the position and leaves the group.
 */
export type BatchServer = Server &
  CustomTransportStrategy & {
    /** When the log last answered a fetch, empty or not; the watchdog compares it with the clock. */
    lastFetchAt(): Date | undefined;
    /** Leaves the group and joins anew, held partitions included; the watchdog's remedy for a stalled client. */
    restart(): Promise<void>;
  };

/** Reads one topic outside any group, from a position on: for feeds that people watch, simulators and checks. */
export interface LogReader {
  /** Records after the given offsets (default: from the oldest), at most `limit`; waits up to `waitMs` for the first one. */
  read(
    topic: string,
    after: ReadonlyMap<number, string>,
    options: { limit: number; waitMs: number },
  ): Promise<LogRecord[]>;
  close(): Promise<void>;
}

export interface EventLog {
  ensureTopics(topics: readonly TopicSpec[]): Promise<void>;
  producer(): Promise<LogProducer>;
  batchServer(options: BatchServerOptions): BatchServer;
  reader(): Promise<LogReader>;
  close(): Promise<void>;
}
