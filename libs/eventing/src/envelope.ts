/** CloudEvents 1.0 with Lianban's extensions; on both logs in binary mode: `ce_*` headers and a JSON value. */
import type { EventData, EventDefinition } from './contract.js';

/** Ids are UUIDv7 strings; `time` is RFC 3339; `seq` counts from 1 per stream (`source`) and lane without a gap. */
export interface Envelope {
  id: string;
  /** Name of the stream; on the wire a URI reference: `lianban/intake.application`. */
  source: string;
  type: string;
  dataschema: string;
  time: string;
  caseid: string;
  lane: number;
  seq: number;
  correlationid: string;
  causationid?: string;
  actor?: string;
  locality?: string;
  traceparent?: string;
}

/** An event as a handler gets it. `appendedAt`: when the log took it in. `version` is read from `dataschema`. */
export interface ReceivedEvent<Data = unknown> extends Envelope {
  topic: string;
  partition: number;
  offset: string;
  appendedAt: Date;
  version: number;
  data: Data;
}

/** A message of an outside party: no contract, no sequence; the handler judges it by its natural key and content. */
export interface OutsideMessage {
  topic: string;
  partition: number;
  offset: string;
  key: string | null;
  headers: Record<string, string>;
  value: Buffer;
  appendedAt: Date;
}

/** Narrows by type and version. */
export const is = <D extends EventDefinition>(
  definition: D,
  event: ReceivedEvent,
): event is ReceivedEvent<EventData<D>> => event.type === definition.type && event.version === definition.version;

const SOURCE_PREFIX = 'lianban/';
const SCHEMA_URI = /^urn:lianban:schema:(.{1,200}):v([1-9][0-9]{0,5})$/;

/** Headers of an event but for `ce_lane` and `ce_seq`, which it gets when it is numbered. `source` is the name of the stream. */
export function headersOf(envelope: Omit<Envelope, 'lane' | 'seq'>): Record<string, string> {
  const { source, ...rest } = envelope;
  return {
    'content-type': 'application/json',
    ce_specversion: '1.0',
    ce_source: SOURCE_PREFIX + source,
    ...Object.fromEntries(Object.entries(rest).map(([name, value]) => [`ce_${name}`, value])),
  };
}

/** What de-duplication needs, read before all else: the stream and the number. Undefined where the headers do not say. */
export function positionOf(
  headers: Readonly<Record<string, string>>,
): { stream: string; lane: number; seq: number } | undefined {
  const source = header(headers, 'ce_source');
  const lane = wholeNumber(header(headers, 'ce_lane'));
  const seq = wholeNumber(header(headers, 'ce_seq'));
  if (!source?.startsWith(SOURCE_PREFIX) || lane === undefined || seq === undefined || seq < 1) return undefined;
  const stream = source.slice(SOURCE_PREFIX.length);
  return /^[a-z0-9.-]{1,100}$/.test(stream) ? { stream, lane, seq } : undefined;
}

/** The case id of a message that may be broken in any other way; undefined where there is no usable one. */
export function caseIdOf(headers: Readonly<Record<string, string>>): string | undefined {
  const caseId = header(headers, 'ce_caseid');
  return caseId !== undefined && caseId !== '' && caseId.length <= 200 && !/[\p{Cc}\uFFFD]/u.test(caseId)
    ? caseId
    : undefined;
}

/** Reads the envelope. Answers with a fault in words where a required part is missing or broken. */
export function readEnvelope(headers: Readonly<Record<string, string>>): (Envelope & { version: number }) | string {
  const version = header(headers, 'ce_specversion');
  if (version !== '1.0')
    return version === undefined ? 'header ce_specversion is missing' : 'unknown CloudEvents version';
  const position = positionOf(headers);
  if (!position) return 'header ce_source, ce_lane or ce_seq is missing or broken';
  const caseid = caseIdOf(headers);
  if (caseid === undefined) return 'header ce_caseid is missing or broken';
  const required: Partial<Record<'id' | 'type' | 'dataschema' | 'time' | 'correlationid', string>> = {};
  for (const name of ['id', 'type', 'dataschema', 'time', 'correlationid'] as const) {
    const value = header(headers, `ce_${name}`);
    if (value === undefined || value === '') return `header ce_${name} is missing`;
    required[name] = value;
  }
  const { id, type, dataschema, time, correlationid } = required as Required<typeof required>;
  const schema = SCHEMA_URI.exec(dataschema);
  if (schema?.[1] !== type) return `header ce_dataschema does not name a version of ${type}`;
  if (Number.isNaN(Date.parse(time))) return 'header ce_time is no instant';
  const envelope: Envelope & { version: number } = {
    id,
    source: position.stream,
    type,
    dataschema,
    time,
    caseid,
    lane: position.lane,
    seq: position.seq,
    correlationid,
    version: Number(schema[2]),
  };
  for (const name of ['causationid', 'actor', 'locality', 'traceparent'] as const) {
    const value = header(headers, `ce_${name}`);
    if (value !== undefined) envelope[name] = value;
  }
  return envelope;
}

const header = (headers: Readonly<Record<string, string>>, name: string): string | undefined =>
  Object.hasOwn(headers, name) ? headers[name] : undefined;

function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^[0-9]{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}
