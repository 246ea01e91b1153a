/** kafkajs's log in the service's own, with levels an operator can act on. */
import kafkajs, { type logCreator } from 'kafkajs';
import type { Logger } from '../logger.js';

/**
 * What the client reports while it looks for its coordinator or leader again. It happens at a broker's first start, at a restart and at
 * each rebalance, and mends itself.
 */
const PASSING =
  /coordinator is (?:not available|loading)|not the (?:correct )?coordinator|rebalanc|leadership election|not the leader|no leader for this topic|does not host this topic|Limiting retries for the idempotent producer/i;
const NEWS = ['Consumer has joined the group'];
const REPEAT_MS = 30_000;

/**
 * The client retries by itself, and where it gives up it is restarted: its errors are warnings here. While a broker is away it says
 * the same several times a second; each sentence gets through once in 30 s.
 */
export const logCreatorFor = (logger: Logger, now: () => number = Date.now): logCreator => {
  const said = new Map<string, number>();
  return () =>
    ({ namespace, level, log }) => {
      const { message, error, broker, groupId, stack: _stack, timestamp: _timestamp, logger: _logger, ...rest } = log;
      const text = `${message}${typeof error === 'string' ? `: ${error}` : ''}`;
      if (level > kafkajs.logLevel.INFO) return;
      const passing = PASSING.test(text);
      if (level === kafkajs.logLevel.INFO && !passing && !NEWS.includes(message)) return;
      const key = `${namespace} ${text} ${String(broker)}`;
      const before = said.get(key);
      if (before !== undefined && now() - before < REPEAT_MS) return;
      if (said.size > 200) said.clear();
      said.set(key, now());
      const data = { kafka: namespace, broker: broker as unknown, groupId: groupId as unknown };
      if (level === kafkajs.logLevel.INFO || passing) logger.info({ ...data, ...pick(rest) }, `Kafka client: ${text}`);
      else logger.warn({ ...data, ...pick(rest) }, `Kafka client: ${text}`);
    };
};

const pick = ({ memberAssignment, retryCount }: Record<string, unknown>): object => ({
  ...(memberAssignment === undefined ? {} : { memberAssignment }),
  ...(retryCount === undefined ? {} : { retryCount }),
});
