import { describe, expect, it } from '@jest/globals';
import type { EventDefinition } from '@lianban/eventing/contract';
import { applicationReceived, receiptConcluded, receiptIssued, receiptRejected, receiptStream } from './events.js';

const all: EventDefinition<string, object>[] = [applicationReceived, receiptIssued, receiptRejected, receiptConcluded];

describe.each(all.map((definition) => [definition.type, definition] as const))('%s', (type, definition) => {
  it('has an example that keeps its schema', () => {
    expect(definition.validateStrictly(definition.example)).toEqual([]);
    expect(type).toMatch(/^intake\.(application|receipt)\.[a-z]+$/);
  });
  it('refuses an event without its source', () => {
    const { source: _, ...anonymous } = definition.example as { source: object };
    expect(definition.validate(anonymous)).not.toEqual([]);
  });
  it('lets readers pass over additions, but not the publisher', () => {
    const later = { ...definition.example, addedLater: 1 };
    expect(definition.validate(later)).toEqual([]);
    expect(definition.validateStrictly(later)).not.toEqual([]);
  });
});

describe('what window systems see', () => {
  it('has no place for the applicant', () => {
    for (const { schema } of all.filter(({ stream }) => stream.name === receiptStream.name))
      expect(JSON.stringify(schema)).not.toMatch(/applicant|idNumber|phone/);
  });
  it('may be about a message whose number could not be read', () => {
    const rejection = { ...receiptRejected.example, source: { system: 'unknown', number: null } };
    expect(receiptRejected.validateStrictly(rejection)).toEqual([]);
  });
});
