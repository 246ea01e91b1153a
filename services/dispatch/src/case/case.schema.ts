/** Answers as the API description shows them. */
import type { ApiResponseSchemaHost } from '@nestjs/swagger';
import {
  bilingual,
  bodyRef,
  instant,
  itemRef,
  localityRef,
  procedureRef,
  uuid,
} from '@lianban/contracts-catalog/shapes';
import { caseChanged, place } from '@lianban/contracts-dispatch/events';
import { CASE_STATUSES } from './joint-case.js';

type Schema = ApiResponseSchemaHost['schema'];

// OpenAPI 3.1 takes JSON Schema 2020-12 as it is; the library's type for it is older.
const closed = (properties: object): Schema =>
  ({ type: 'object', properties, required: Object.keys(properties), additionalProperties: false }) as Schema;
const orNull = (schema: object) => ({ anyOf: [schema, { type: 'null' }] });

const waiting = closed({
  stepId: { type: 'string' },
  stepName: bilingual,
  on: { enum: ['body', 'courier'] },
  body: bodyRef,
  taskId: orNull(uuid),
  parcel: orNull(
    closed({
      parcelId: uuid,
      from: place,
      to: place,
      status: { enum: ['under-way', 'lost', 'returned', 'delivered'] },
    }),
  ),
  since: instant,
  dueAt: orNull(instant),
  provisional: { type: 'boolean' },
  suspended: { type: 'boolean' },
});

export const caseSchema = closed({
  id: uuid,
  caseNo: { type: 'string' },
  item: itemRef,
  procedure: procedureRef,
  receivingLocality: localityRef,
  parties: { type: 'object', additionalProperties: { type: 'array', items: bodyRef } },
  status: { enum: CASE_STATUSES },
  waitingOn: { type: 'array', items: waiting },
  dueAt: orNull(instant),
  provisional: { type: 'boolean' },
  receivedAt: instant,
  openedAt: orNull(instant),
  applicantDoneAt: orNull(instant),
  concludedAt: orNull(instant),
});

const entry = closed({
  n: { type: 'integer' },
  at: instant,
  change: { type: 'string' },
  status: { enum: ['open', 'suspended', 'approved', 'refused'] },
  step: orNull(closed({ id: { type: 'string' }, name: bilingual })),
  body: orNull(bodyRef),
  text: bilingual,
});
export const timelineSchema = closed({ items: { type: 'array', items: entry } });

const stream = (type: string, data: object): Schema =>
  ({
    type: 'string',
    description: `Server-sent events of type ${type}; a comment now and then keeps the connection open`,
    contentMediaType: 'text/event-stream',
    'x-event-data': data,
  }) as Schema;
export const timelineStreamSchema = stream('timeline-entry', entry);
export const feedStreamSchema = stream('case-changed', caseChanged.schema);
