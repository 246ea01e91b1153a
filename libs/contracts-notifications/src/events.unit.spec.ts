import { describe, expect, it } from '@jest/globals';
import { noticeEvents } from './events.js';

describe.each(noticeEvents.map((definition) => [definition.type, definition] as const))('%s', (type, definition) => {
  it('has an example that keeps its schema', () => {
    expect(definition.validateStrictly(definition.example)).toEqual([]);
    expect(type).toMatch(/^notifications\.notice\.[a-z]+$/);
  });
  it('refuses an unknown channel and a notice without attempts', () => {
    expect(definition.validate({ ...definition.example, channel: 'pigeon' })).not.toEqual([]);
    expect(definition.validate({ ...definition.example, attempts: 0 })).not.toEqual([]);
  });
  it('shows no whole phone number in its example', () => {
    expect(JSON.stringify(definition.example)).not.toMatch(/1\d{10}/);
  });
});
