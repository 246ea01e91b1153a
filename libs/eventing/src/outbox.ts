/** Events on their way out: built here, written with the transaction that caused them, sent by the relay. */
import { v7 as uuidv7 } from 'uuid';
import { dataSchemaUri, type EventData, type EventDefinition } from './contract.js';
import type { Tx } from './database.js';
import { headersOf } from './envelope.js';
import { laneOf } from './lane.js';
import { addPending } from './pending.js';

/** An event that is not numbered yet. */
export interface NewEvent {
  definition: EventDefinition;
  caseId: string;
  data: unknown;
  topic: string;
  id: string;
  time: Date;
  correlationId: string;
  causationId?: string;
  actor?: string;
  locality?: string;
  traceparent?: string;
}

/** Largest data of one event, in bytes of JSON. What is larger belongs into the material store. */
export const MAX_EVENT_BYTES = 1024 * 1024;

/** Builds an event. Without a cause or `correlationId` it begins a correlation of its own. Throws where the stream has no topic and none is named. */
export function newEvent<D extends EventDefinition>(
  definition: D,
  options: {
    caseId: string;
    data: EventData<D>;
    cause?: { id: string; correlationid: string; traceparent?: string };
    correlationId?: string;
    actor?: string;
    locality?: string;
    /** Needed where the stream has no topic of its own. */
    topic?: string;
    time?: Date;
  },
): NewEvent {
  const { cause, actor, locality } = options;
  const topic = options.topic ?? definition.stream.topic;
  if (topic === undefined) throw new Error(`${definition.type}: its stream has no topic, so each event must name one`);
  if (options.caseId === '') throw new Error(`${definition.type}: an event needs a case id`);
  const id = uuidv7();
  const traceparent = cause?.traceparent;
  return {
    definition,
    caseId: options.caseId,
    data: options.data,
    topic,
    id,
    time: options.time ?? new Date(),
    correlationId: options.correlationId ?? cause?.correlationid ?? id,
    ...(cause === undefined ? {} : { causationId: cause.id }),
    ...(actor === undefined ? {} : { actor }),
    ...(locality === undefined ? {} : { locality }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

/**
 * Adds events to the transaction; they are numbered and written last before COMMIT. Throws when data breaks its contract or is larger
 * than `MAX_EVENT_BYTES`: that is the publisher's fault, and nothing of the transaction may be stored.
 */
export function append(tx: Tx, events: readonly NewEvent[]): void {
  addPending(
    tx,
    events.map((event) => {
      const { definition } = event;
      const faults = definition.validateStrictly(event.data);
      if (faults.length > 0) {
        throw new Error(`${definition.type} v${definition.version} breaks its contract: ${faults.join('; ')}`);
      }
      const payload = JSON.stringify(event.data);
      const bytes = Buffer.byteLength(payload);
      if (bytes > MAX_EVENT_BYTES) {
        throw new Error(
          `${definition.type}: ${bytes} bytes of data are more than the ${MAX_EVENT_BYTES} an event may carry`,
        );
      }
      return {
        stream: definition.stream.name,
        lane: laneOf(event.caseId),
        topic: event.topic,
        key: event.caseId,
        headers: JSON.stringify(
          headersOf({
            id: event.id,
            source: definition.stream.name,
            type: definition.type,
            dataschema: dataSchemaUri(definition),
            time: event.time.toISOString(),
            caseid: event.caseId,
            correlationid: event.correlationId,
            ...(event.causationId === undefined ? {} : { causationid: event.causationId }),
            ...(event.actor === undefined ? {} : { actor: event.actor }),
            ...(event.locality === undefined ? {} : { locality: event.locality }),
            ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
          }),
        ),
        payload,
      };
    }),
  );
}
