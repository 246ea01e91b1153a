import kafkajs, { type KafkaConfig } from 'kafkajs';
import type { Logger } from '../logger.js';
import { logCreatorFor } from './kafka-logger.js';
import type { KafkaSettings } from './kafka-url.js';

/** Short: whoever uses the client waits and tries again by itself, and says so. */
const RETRY = { initialRetryTime: 100, maxRetryTime: 2_000, factor: 0.2, multiplier: 2, retries: 5 };

/** Settings of the client, for our own and for the one that Nest makes. */
export const clientOptions = (
  { brokers }: KafkaSettings,
  { clientId, logger }: { clientId: string; logger: Logger },
): KafkaConfig => ({
  clientId,
  brokers,
  connectionTimeout: 3_000,
  requestTimeout: 15_000,
  retry: RETRY,
  logLevel: kafkajs.logLevel.INFO,
  logCreator: logCreatorFor(logger),
});
