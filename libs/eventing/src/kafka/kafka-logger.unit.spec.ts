import { describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { logCreatorFor } from './kafka-logger.js';

const { logLevel } = kafkajs;

function heard(): {
  say: (level: number, message: string, error?: string) => void;
  lines: string[];
  later: (ms: number) => void;
} {
  const lines: string[] = [];
  let now = 0;
  const put = (level: string) => (_: object, text: string) => void lines.push(`${level} ${text}`);
  const log = logCreatorFor({ info: put('info'), warn: put('warn'), error: put('error') }, () => now)(logLevel.INFO);
  return {
    lines,
    later: (ms) => (now += ms),
    say: (level, message, error) =>
      log({
        namespace: 'N',
        level,
        label: '',
        log: { timestamp: '', message, ...(error ? { error } : {}) },
      }),
  };
}

describe('the log of the Kafka client', () => {
  it('does not alarm about a coordinator that is still loading', () => {
    const { say, lines } = heard();
    say(logLevel.ERROR, 'Response FindCoordinator', 'The group coordinator is not available');
    say(logLevel.ERROR, 'Connection error', 'connect ECONNREFUSED');
    expect(lines).toEqual([
      'info Kafka client: Response FindCoordinator: The group coordinator is not available',
      'warn Kafka client: Connection error: connect ECONNREFUSED',
    ]);
  });

  it('tells when a member has joined, and keeps the rest of its chatter to itself', () => {
    const { say, lines } = heard();
    say(logLevel.INFO, 'Consumer has joined the group');
    say(logLevel.INFO, 'Starting');
    say(logLevel.DEBUG, 'Consumer has joined the group');
    expect(lines).toEqual(['info Kafka client: Consumer has joined the group']);
  });

  it('says the same once in half a minute', () => {
    const { say, lines, later } = heard();
    for (let n = 0; n < 100; n++) say(logLevel.ERROR, 'Connection error');
    expect(lines).toHaveLength(1);
    later(30_000);
    say(logLevel.ERROR, 'Connection error');
    expect(lines).toHaveLength(2);
  });
});
