import { describe, it } from '@jest/globals';
import { testKafkaLog } from '@lianban/testing/test-kafka';
import { logContract } from './log-contract.js';

// Asked once, before the tests are registered: without a broker there are none, and testKafkaLog has said so loudly.
const url = await testKafkaLog();

if (url === undefined) {
  describe('Kafka', () => {
    it.skip('no broker: set KAFKA_BROKERS, or install a container engine, or Java and Maven', () => undefined);
  });
} else {
  logContract('Kafka', () => Promise.resolve(url));
}
