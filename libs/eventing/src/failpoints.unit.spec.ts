import { afterEach, describe, expect, it } from '@jest/globals';
import { arm, failpoint } from './failpoints.js';

describe('failpoints', () => {
  const environment = process.env.NODE_ENV;
  afterEach(() => {
    process.env.NODE_ENV = environment;
  });

  it('are refused outside tests', () => {
    for (const value of ['production', 'development', '']) {
      process.env.NODE_ENV = value;
      expect(() => arm('outbox.before-commit', () => undefined)).toThrow('refused');
    }
  });

  it('act until they are disarmed', async () => {
    const seen: string[] = [];
    const disarm = arm('relay.before-send', (member) => void seen.push(member));
    await failpoint('relay.before-send', 'a');
    await failpoint('relay.after-send-before-mark', 'a');
    disarm();
    await failpoint('relay.before-send', 'b');
    expect(seen).toEqual(['a']);
  });
});
