/**
 * kafkajs reads topics only as a member of a group. Feeds, checks and simulators read from any place and leave no trace in the cluster, so
 * they use the layer below: the connection that kafkajs's own admin, producer and consumer are made of. Not part of its interface, which is
 * why its version is pinned and the contract suite reads through it.
 */
import { createRequire } from 'node:module';
import type { Kafka, KafkaMessage } from 'kafkajs';

export interface FetchedPartition {
  partition: number;
  messages: unknown[];
}

export interface KafkaBroker {
  fetch(request: {
    maxWaitTime: number;
    maxBytes: number;
    isolationLevel: number;
    topics: { topic: string; partitions: { partition: number; fetchOffset: string; maxBytes: number }[] }[];
  }): Promise<{ responses: { topicName: string; partitions: FetchedPartition[] }[] }>;
}

export interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  /** Rejects with type UNKNOWN_TOPIC_OR_PARTITION where there is no such topic. */
  addTargetTopic(topic: string): Promise<void>;
  findTopicPartitionMetadata(topic: string): { partitionId: number }[];
  findLeaderForPartitions(topic: string, partitions: number[]): Record<string, number[]>;
  findBroker(of: { nodeId: string }): Promise<KafkaBroker>;
  fetchTopicsOffset(
    topics: { topic: string; partitions: { partition: number }[]; fromBeginning: boolean }[],
  ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>;
}

/** Only what was committed, where a stock client uses transactions. */
export const READ_COMMITTED = 1;
const METADATA_AGE_MS = 300_000;

/** A connection of its own with the settings of the client. */
export function clusterOf(client: Kafka): Cluster {
  const key = Object.getOwnPropertySymbols(client).find(({ description }) => description === CREATE_CLUSTER);
  const create = key && (client as unknown as Record<symbol, (options: object) => Cluster>)[key];
  if (!create) throw new Error(`kafkajs has no ${CREATE_CLUSTER}: this is not the version this was written for`);
  return create({
    metadataMaxAge: METADATA_AGE_MS,
    allowAutoTopicCreation: false,
    isolationLevel: READ_COMMITTED,
  });
}
const CREATE_CLUSTER = 'private:Kafka:createCluster';

/** What a fetch brought for one partition, without marks of transactions and what they took back. */
export const FetchedBatch = createRequire(import.meta.url)('kafkajs/src/consumer/batch.js') as new (
  topic: string,
  fetchOffset: string,
  fetched: FetchedPartition,
) => { messages: KafkaMessage[]; rawMessages: unknown[]; lastOffset(): string };
