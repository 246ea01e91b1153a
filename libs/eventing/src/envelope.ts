/** CloudEvents 1.0 with Lianban's extensions; on both logs in binary mode: `ce_*` headers and a JSON value. */
import type { EventData, EventDefinition } from './contract.js';

/** Ids are UUIDv7 strings; `time` is RFC 3339; `seq` counts from 1 per stream (`source`) and lane without a gap. */
export interface Envelope {
  id: string;
  /** Name of the stream, as a URI reference: `lianban/intake.application`. */
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
