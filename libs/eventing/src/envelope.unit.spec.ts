import { describe, expect, it } from '@jest/globals';
import { defineEvent, defineStream } from './contract.js';
import { caseIdOf, type Envelope, headersOf, is, positionOf, readEnvelope, type ReceivedEvent } from './envelope.js';

const envelope: Envelope = {
  id: '01936f4e-7c00-7000-8000-000000000001',
  source: 'intake.application',
  type: 'intake.application.received',
  dataschema: 'urn:lianban:schema:intake.application.received:v3',
  time: '2026-11-24T01:30:00.000Z',
  caseid: '01936f4e-7c00-7000-8000-000000000002',
  lane: 3,
  seq: 17,
  correlationid: 'c',
  causationid: 'd',
  actor: '窗口-1',
  locality: '430600',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
};
const numbered = ({ lane, seq, ...rest }: Envelope): Record<string, string> => ({
  ...headersOf(rest),
  ce_lane: String(lane),
  ce_seq: String(seq),
});

describe('envelope', () => {
  it('comes back from its headers as it was, with the version of its schema', () => {
    expect(readEnvelope(numbered(envelope))).toEqual({ ...envelope, version: 3 });
    const { causationid: _1, actor: _2, locality: _3, traceparent: _4, ...small } = envelope;
    expect(readEnvelope(numbered(small))).toEqual({ ...small, version: 3 });
  });

  it('is CloudEvents 1.0 in binary mode', () => {
    expect(numbered(envelope)).toMatchObject({
      ce_specversion: '1.0',
      ce_source: 'lianban/intake.application',
      ce_type: 'intake.application.received',
      'content-type': 'application/json',
    });
  });

  const broken: [string, Record<string, string | undefined>][] = [
    ['ce_specversion', { ce_specversion: undefined }],
    ['CloudEvents version', { ce_specversion: '0.3' }],
    ['ce_source', { ce_source: 'elsewhere/x' }],
    ['ce_seq', { ce_seq: '0' }],
    ['ce_seq', { ce_seq: '9007199254740993' }],
    ['ce_seq', { ce_seq: '1e3' }],
    ['ce_lane', { ce_lane: '' }],
    ['ce_caseid', { ce_caseid: 'a\0b' }],
    ['ce_caseid', { ce_caseid: 'x'.repeat(201) }],
    ['ce_id', { ce_id: undefined }],
    ['ce_time', { ce_time: 'soon' }],
    ['ce_dataschema', { ce_dataschema: 'urn:lianban:schema:intake.application.forwarded:v3' }],
    ['ce_dataschema', { ce_dataschema: 'urn:lianban:schema:intake.application.received:v0' }],
  ];
  it.each(broken)('names %s when it is missing or broken (%j)', (named, change) => {
    const headers = Object.fromEntries(
      Object.entries({ ...numbered(envelope), ...change }).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      ),
    );
    expect(readEnvelope(headers)).toEqual(expect.stringContaining(named));
  });

  it('takes nothing from the prototype of the headers', () => {
    const headers = Object.create(numbered(envelope)) as Record<string, string>;
    expect(readEnvelope(headers)).toContain('missing');
    expect(positionOf(headers)).toBeUndefined();
    expect(caseIdOf(headers)).toBeUndefined();
  });

  it('narrows by type and version', () => {
    const definition = defineEvent({
      type: 'intake.application.received',
      version: 3,
      stream: defineStream({ name: 'intake.application', service: 'intake', topic: 'intake.application.v1' }),
      schema: {
        type: 'object',
        properties: { n: { type: 'integer' } },
        required: ['n'],
        additionalProperties: false,
      } as const,
      example: { n: 1 },
    });
    const event = { ...envelope, version: 3, data: { n: 1 } } as unknown as ReceivedEvent;
    expect(is(definition, event)).toBe(true);
    expect(is(definition, { ...event, version: 2 })).toBe(false);
    expect(is(definition, { ...event, type: 'x' })).toBe(false);
  });
});
