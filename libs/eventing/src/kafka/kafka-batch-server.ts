/** Reads Kafka as a Nest transport strategy: Nest's own Kafka server, but batches instead of single messages. */
import { type CustomTransportStrategy, ServerKafka } from '@nestjs/microservices';
import type { Consumer, Kafka } from 'kafkajs';
import type { BatchServerOptions } from '../log.js';
import type { Logger } from '../logger.js';
import { clientOptions } from './kafka-client.js';
import type { KafkaLog } from './kafka-log.js';
import { KafkaMembership } from './kafka-membership.js';

/** How long leaving waits for the fetch in hand: at a stop, and when the member has stalled anyway. */
const STOP_WAIT_MS = 10_000;
const RESTART_WAIT_MS = 2_000;
/** Brokers answer a fetch at once when there is something; only an empty one takes this long. */
const MAX_WAIT_MS = 500;
const MAX_HEARTBEAT_MS = 3_000;

export class KafkaBatchServer extends ServerKafka implements CustomTransportStrategy {
  private membership: KafkaMembership | undefined;
  private lastAnswerAt: Date | undefined;
  private readonly logs: Logger;

  constructor(
    private readonly log: KafkaLog,
    private readonly batches: BatchServerOptions,
    options: { clientId: string; logger: Logger },
  ) {
    const { prefix, sessionMs } = log.settings;
    super({
      postfixId: '',
      client: clientOptions(log.settings, options),
      consumer: {
        groupId: prefix + batches.group,
        sessionTimeout: sessionMs,
        // A member that hangs must not hold up the others for long when one joins or leaves.
        rebalanceTimeout: Math.ceil(sessionMs / 2),
        heartbeatInterval: Math.min(MAX_HEARTBEAT_MS, Math.floor(sessionMs / 6)),
        maxWaitTimeInMs: MAX_WAIT_MS,
        allowAutoTopicCreation: false,
        // The membership makes a new consumer itself.
        retry: { restartOnFailure: () => Promise.resolve(false) },
      },
    });
    this.logs = options.logger;
  }

  /** Does not wait until the group is joined: a log that is away is waited for in the background. */
  override listen(callback: (error?: unknown) => void): Promise<void> {
    this.join();
    callback();
    return Promise.resolve();
  }

  override async close(): Promise<void> {
    await this.leave(STOP_WAIT_MS);
    this.consumer = null;
    this.client = null;
  }

  async restart(): Promise<void> {
    await this.leave(RESTART_WAIT_MS);
    this.join();
  }

  lastFetchAt(): Date | undefined {
    return this.membership?.fetchedAt ?? this.lastAnswerAt;
  }

  private join(): void {
    this.membership ??= new KafkaMembership(
      this.log,
      this.batches,
      this.messageHandlers,
      () => this.newConsumer(),
      this.logs,
    );
  }

  private async leave(waitMs: number): Promise<void> {
    const { membership } = this;
    this.membership = undefined;
    this.lastAnswerAt = membership?.fetchedAt ?? this.lastAnswerAt;
    await membership?.leave(waitMs);
  }

  /** Nest gets to know each one, for its `status` and `unwrap`. */
  private async newConsumer(): Promise<Consumer> {
    this.client ??= await this.createClient<Kafka>();
    const consumer = this.client.consumer({ ...this.options.consumer, groupId: this.groupId });
    this.consumer = consumer;
    this.registerConsumerEventListeners();
    return consumer;
  }
}
