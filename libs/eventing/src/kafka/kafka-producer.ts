/** Sends messages durably and in order. */
import kafkajs, { type Kafka, type Message, type Producer } from 'kafkajs';
import type { LogMessage, LogProducer } from '../log.js';
import { EventLogMessageTooLarge } from '../log-errors.js';
import { settlesWithin } from '../pause.js';

/** What Kafka's format adds at most, to a record, to each of its headers and to a batch of records. */
const RECORD_BYTES = 40;
const HEADER_BYTES = 10;
const BATCH_BYTES = 64;
/** A broker takes requests up to 100 MiB. */
const REQUEST_BYTES = 16 * 1024 * 1024;
const ANSWER_MS = 10_000;
const SEND_MS = 45_000;
const CLOSE_MS = 3_000;

/** Bytes of the largest batch each topic takes, by topic. */
export interface BatchLimits {
  of(topics: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** They may have changed: they are looked up anew. */
  forget(): void;
}

export class KafkaProducer implements LogProducer {
  private producer: Promise<Producer> | undefined;
  private closed = false;

  constructor(
    private readonly client: Pick<Kafka, 'producer'>,
    private readonly prefix: string,
    private readonly limits: BatchLimits,
  ) {}

  async connect(): Promise<void> {
    await this.connected();
  }

  /** Kafka's limit is one of batches: what is too much for one batch of a partition goes in several, one after the other. */
  async send(messages: readonly LogMessage[]): Promise<void> {
    const limits = await this.limits.of([...new Set(messages.map(({ topic }) => topic))]);
    let round: LogMessage[] = [];
    let roundBytes = 0;
    let batchBytes = new Map<string, number>();
    const flush = async (): Promise<void> => {
      if (round.length > 0) await this.sendRound(round);
      round = [];
      roundBytes = 0;
      batchBytes = new Map();
    };
    for (const message of messages) {
      const limit = limits.get(message.topic) ?? 0;
      const bytes = sizeOf(message);
      if (bytes + BATCH_BYTES > limit) {
        await flush();
        throw new EventLogMessageTooLarge(message.topic, bytes, limit);
      }
      // Where the client chooses the partition, it may choose the same one for all.
      const batch = `${message.topic} ${message.partition ?? ''}`;
      const together = (batchBytes.get(batch) ?? BATCH_BYTES) + bytes;
      if (together > limit || roundBytes + bytes > REQUEST_BYTES) await flush();
      batchBytes.set(batch, (batchBytes.get(batch) ?? BATCH_BYTES) + bytes);
      roundBytes += bytes;
      round.push(message);
    }
    await flush();
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.discard();
  }

  private async sendRound(round: readonly LogMessage[]): Promise<void> {
    const byTopic = new Map<string, Message[]>();
    for (const { topic, partition, key, headers, value } of round) {
      const message: Message = { key, headers, value, ...(partition === undefined ? {} : { partition }) };
      const list = byTopic.get(topic);
      if (list) list.push(message);
      else byTopic.set(topic, [message]);
    }
    const topicMessages = [...byTopic].map(([topic, list]) => ({ topic: this.prefix + topic, messages: list }));
    try {
      const producer = await this.connected();
      const sent = producer.sendBatch({ acks: -1, timeout: ANSWER_MS, topicMessages });
      if (!(await settlesWithin(SEND_MS, sent))) throw new Error(`no answer from Kafka within ${SEND_MS / 1000} s`);
    } catch (error) {
      // kafkajs numbers the next batch like the one that failed. Had that one been stored after all, the broker would take the next for its
      // repetition, confirm it and not store it. A new producer begins anew.
      await this.discard();
      this.limits.forget();
      throw error;
    }
  }

  private async connected(): Promise<Producer> {
    if (this.closed) throw new Error('the producer is closed');
    this.producer ??= this.connectNew();
    try {
      return await this.producer;
    } catch (error) {
      this.producer = undefined;
      throw error;
    }
  }

  private async connectNew(): Promise<Producer> {
    const producer = this.client.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      // As Kafka's own clients choose.
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    try {
      await producer.connect();
    } catch (error) {
      await disconnect(producer);
      throw error;
    }
    return producer;
  }

  private async discard(): Promise<void> {
    const producer = await this.producer?.catch(() => undefined);
    this.producer = undefined;
    if (producer) await disconnect(producer);
  }
}

const disconnect = (producer: Producer): Promise<boolean> =>
  settlesWithin(
    CLOSE_MS,
    producer.disconnect().catch(() => undefined),
  );

function sizeOf({ key, headers, value }: LogMessage): number {
  let bytes = RECORD_BYTES + value.length + (key === null ? 0 : Buffer.byteLength(key));
  for (const [name, text] of Object.entries(headers)) {
    bytes += HEADER_BYTES + Buffer.byteLength(name) + Buffer.byteLength(text);
  }
  return bytes;
}
