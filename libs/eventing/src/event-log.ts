/** Chooses the event log by the scheme of EVENT_LOG. Nothing else in the project looks at it. */
import { EmbeddedLog } from './embedded/embedded-log.js';
import { createKafkaLog } from './kafka/kafka-log.js';
import type { EventLog } from './log.js';
import { type Logger, silentLogger } from './logger.js';

export function createEventLog(url: string, options: { clientId: string; logger?: Logger }): EventLog {
  const settled = { clientId: options.clientId, logger: options.logger ?? silentLogger };
  if (/^postgres(ql)?:\/\//.test(url)) return new EmbeddedLog(url, settled);
  if (url.startsWith('kafka://')) return createKafkaLog(url, settled);
  throw new Error('EVENT_LOG must begin with postgres:// or kafka://');
}
