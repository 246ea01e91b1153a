/** Reads one topic from any place, outside any group. */
import type { Kafka } from 'kafkajs';
import type { LogReader, LogRecord } from '../log.js';
import { Pause, settlesWithin } from '../pause.js';
import { type Cluster, clusterOf, FetchedBatch, READ_COMMITTED } from './cluster.js';
import { recordOf } from './kafka-record.js';

const FETCH_BYTES = 10 * 1024 * 1024;
const FETCH_BYTES_PER_PARTITION = 1024 * 1024;
/** A read that is closed ends after this at the latest. */
const MAX_WAIT_MS = 500;
const RETRIES = 5;
const RETRY_MS = 200;
const CLOSE_MS = 5_000;

interface Position {
  partition: number;
  /** The next offset to read. */
  offset: bigint;
}

/**
 * Each topic has a connection of its own: what a connection has asked for by name it asks for with every other topic from then on, and while one of
 * them is not there, the answer is an error for all. A fetch that waits would hold up the others, too.
 */
export class KafkaReader implements LogReader {
  private readonly clusters = new Map<string, Cluster>();
  private readonly pause = new Pause();
  private closed = false;

  constructor(
    private readonly client: Kafka,
    private readonly prefix: string,
  ) {}

  /** Rejects when no broker can be reached. */
  async connect(): Promise<void> {
    const probe = clusterOf(this.client);
    try {
      await probe.connect();
    } finally {
      await disconnect(probe);
    }
  }

  async read(
    topic: string,
    after: ReadonlyMap<number, string>,
    { limit, waitMs }: { limit: number; waitMs: number },
  ): Promise<LogRecord[]> {
    const until = Date.now() + waitMs;
    const cluster = this.clusterOf(topic);
    let positions: Position[] | undefined;
    for (let failures = 0; !this.closed;) {
      try {
        await cluster.connect();
        if (failures > 0) await cluster.refreshMetadata();
        positions ??= await this.positions(cluster, topic, after);
        const left = Math.max(0, until - Date.now());
        const records = positions ? await this.fetch(cluster, topic, positions, Math.min(left, MAX_WAIT_MS)) : [];
        if (records.length > 0) return inTimeOrder(records).slice(0, limit);
        if (Date.now() >= until) break;
        if (!positions?.length) await this.pause.wait(Math.min(left, RETRY_MS));
      } catch (error) {
        if (this.closed) break;
        if (positions && (error as Error).name === 'KafkaJSOffsetOutOfRange') {
          positions = await this.withinTopic(cluster, topic, positions);
          continue;
        }
        // Leaders move and brokers restart; one that stays away is the caller's to know of.
        if (++failures > RETRIES) throw error;
        await this.pause.wait(RETRY_MS);
      }
    }
    // It may have connected anew after the others were closed.
    if (this.closed) await disconnect(cluster);
    return [];
  }

  async close(): Promise<void> {
    this.closed = true;
    this.pause.wake();
    await Promise.all([...this.clusters.values()].map(disconnect));
  }

  private clusterOf(topic: string): Cluster {
    let cluster = this.clusters.get(topic);
    if (!cluster) this.clusters.set(topic, (cluster = clusterOf(this.client)));
    return cluster;
  }

  /** Undefined where there is no such topic (yet). */
  private async positions(
    cluster: Cluster,
    topic: string,
    after: ReadonlyMap<number, string>,
  ): Promise<Position[] | undefined> {
    const name = this.prefix + topic;
    try {
      await cluster.addTargetTopic(name);
    } catch (error) {
      if ((error as { type?: string }).type === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined;
      throw error;
    }
    return cluster.findTopicPartitionMetadata(name).map(({ partitionId: partition }) => ({
      partition,
      offset: BigInt(after.get(partition) ?? '-1') + 1n,
    }));
  }

  /** Old records are deleted some day: what lies before the oldest one starts there. What lies past the newest one has nothing to read. */
  private async withinTopic(cluster: Cluster, topic: string, positions: readonly Position[]): Promise<Position[]> {
    const name = this.prefix + topic;
    const partitions = positions.map(({ partition }) => ({ partition }));
    const bounds = async (fromBeginning: boolean): Promise<Map<number, bigint>> => {
      const [found] = await cluster.fetchTopicsOffset([{ topic: name, partitions, fromBeginning }]);
      return new Map(found?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]));
    };
    const [oldest, next] = [await bounds(true), await bounds(false)];
    return positions
      .filter(({ partition, offset }) => offset <= (next.get(partition) ?? 0n))
      .map(({ partition, offset }) => {
        const first = oldest.get(partition) ?? 0n;
        return { partition, offset: offset < first ? first : offset };
      });
  }

  /** Moves the positions past what was fetched. */
  private async fetch(
    cluster: Cluster,
    topic: string,
    positions: readonly Position[],
    maxWaitTime: number,
  ): Promise<LogRecord[]> {
    const name = this.prefix + topic;
    await cluster.refreshMetadataIfNecessary();
    const byPartition = new Map(positions.map((position) => [position.partition, position]));
    const leaders = Object.entries(cluster.findLeaderForPartitions(name, [...byPartition.keys()]));
    const answers = await Promise.all(
      leaders.map(async ([nodeId, led]) => {
        const broker = await cluster.findBroker({ nodeId });
        return broker.fetch({
          maxWaitTime,
          maxBytes: FETCH_BYTES,
          isolationLevel: READ_COMMITTED,
          topics: [
            {
              topic: name,
              partitions: led.map((partition) => ({
                partition,
                fetchOffset: String(byPartition.get(partition)!.offset),
                maxBytes: FETCH_BYTES_PER_PARTITION,
              })),
            },
          ],
        });
      }),
    );
    const records: LogRecord[] = [];
    for (const fetched of answers.flatMap(({ responses }) => responses.flatMap(({ partitions }) => partitions))) {
      const position = byPartition.get(fetched.partition)!;
      const batch = new FetchedBatch(name, String(position.offset), fetched);
      if (batch.rawMessages.length === 0) continue;
      for (const message of batch.messages) records.push(recordOf(topic, fetched.partition, message));
      position.offset = BigInt(batch.lastOffset()) + 1n;
    }
    return records;
  }
}

const disconnect = (cluster: Cluster): Promise<boolean> =>
  settlesWithin(
    CLOSE_MS,
    cluster.disconnect().catch(() => undefined),
  );

/** By the log's time over all partitions, and by offset within each, also when a broker's clock was set back. */
function inTimeOrder(records: readonly LogRecord[]): LogRecord[] {
  const latest = new Map<number, number>();
  return records
    .map((record) => {
      const at = Math.max(record.appendedAt.getTime(), latest.get(record.partition) ?? 0);
      latest.set(record.partition, at);
      return { record, at };
    })
    .sort((a, b) => a.at - b.at)
    .map(({ record }) => record);
}
