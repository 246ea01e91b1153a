import { describe, expect, it } from '@jest/globals';
import { parseKafkaUrl } from './kafka-url.js';

describe('EVENT_LOG of a Kafka cluster', () => {
  it('names brokers and what differs from the defaults', () => {
    expect(parseKafkaUrl('kafka://a:9092')).toEqual({
      brokers: ['a:9092'],
      prefix: '',
      replication: -1,
      sessionMs: 20_000,
    });
    expect(parseKafkaUrl('kafka://a.example:9092,[::1]:9093/?prefix=stage.&replication=3&sessionMs=6000')).toEqual({
      brokers: ['a.example:9092', '[::1]:9093'],
      prefix: 'stage.',
      replication: 3,
      sessionMs: 6_000,
    });
  });

  it.each([
    ['kafka://', 'must look like'],
    ['kafka://a', 'a is not host:port'],
    ['kafka://a:1,b', 'b is not host:port'],
    ['kafka://a:1?prefix=x/y', 'prefix takes letters'],
    ['kafka://a:1?replication=0', 'replication must be a whole number'],
    ['kafka://a:1?replicas=3', 'there is no parameter replicas'],
  ])('is refused as %s, with the reason', (url, reason) => {
    expect(() => parseKafkaUrl(url)).toThrow(reason);
  });
});
