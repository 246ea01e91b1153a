import { describe, expect, it } from '@jest/globals';
import { defineEvent, defineStream } from './contract.js';

const definition = defineEvent({
  type: 'test.thing.happened',
  version: 1,
  stream: defineStream({ name: 'test.thing', service: 'test', topic: 'test.thing.v1' }),
  schema: {
    type: 'object',
    properties: {
      n: { type: 'integer' },
      inner: {
        type: 'array',
        items: {
          type: 'object',
          properties: { at: { type: 'string', format: 'date-time' } },
          required: ['at'],
          additionalProperties: false,
        },
      },
    },
    required: ['n'],
    additionalProperties: false,
  } as const,
  example: { n: 1 },
});

describe('contract', () => {
  it('lets readers meet properties they do not know, at every depth, and forbids them to the publisher', () => {
    const newer = { n: 1, later: true, inner: [{ at: '2026-11-24T01:30:00Z', also: 1 }] };
    expect(definition.validate(newer)).toEqual([]);
    expect(definition.validateStrictly(newer)).toEqual([
      '/ must NOT have additional properties',
      '/inner/0 must NOT have additional properties',
    ]);
  });

  it('is as strict for readers in everything else', () => {
    expect(definition.validate({})).toEqual(["/ must have required property 'n'"]);
    expect(definition.validate({ n: 1.5 })).toEqual(['/n must be integer']);
    expect(definition.validate({ n: Infinity })).not.toEqual([]);
    expect(definition.validate({ n: 1, inner: [{ at: 'yesterday' }] })).toEqual([
      '/inner/0/at must match format "date-time"',
    ]);
    for (const data of [null, [], 'text', 1]) expect(definition.validate(data)).not.toEqual([]);
  });
});
