/**
 * JSON Schema fragments for the nouns the catalog owns (names, localities, bodies, items) and the references to them that other services' events carry.
 * Fragments are closed (`additionalProperties: false`) so that producers are checked strictly; readers tolerate additions (see `defineEvent`).
 */
import type { FromSchema } from 'json-schema-to-ts';

/** A text in the two languages every user-facing name has; Chinese is the source. */
export const bilingual = {
  type: 'object',
  properties: { zh: { type: 'string', minLength: 1 }, en: { type: 'string', minLength: 1 } },
  required: ['zh', 'en'],
  additionalProperties: false,
} as const;
export type Bilingual = FromSchema<typeof bilingual>;

/** A place of GB/T 2260: six-digit code and name. */
export const localityRef = {
  type: 'object',
  properties: { code: { type: 'string', pattern: '^[0-9]{6}$' }, name: bilingual },
  required: ['code', 'name'],
  additionalProperties: false,
} as const;
export type LocalityRef = FromSchema<typeof localityRef>;

/** A body (机构): what it does (`function`) and where. */
export const bodyRef = {
  type: 'object',
  properties: {
    id: { type: 'string', minLength: 1 },
    name: bilingual,
    function: { type: 'string', minLength: 1 },
    locality: localityRef,
  },
  required: ['id', 'name', 'function', 'locality'],
  additionalProperties: false,
} as const;
export type BodyRef = FromSchema<typeof bodyRef>;

/** The item a case is about. */
export const itemRef = {
  type: 'object',
  properties: { id: { type: 'string', minLength: 1 }, name: bilingual },
  required: ['id', 'name'],
  additionalProperties: false,
} as const;
export type ItemRef = FromSchema<typeof itemRef>;

/** A procedure's named version; a running case keeps it. */
export const procedureRef = {
  type: 'object',
  properties: { id: { type: 'string', minLength: 1 }, version: { type: 'string', minLength: 1 } },
  required: ['id', 'version'],
  additionalProperties: false,
} as const;
export type ProcedureRef = FromSchema<typeof procedureRef>;

/** What an item asks the applicant for. */
export const materialSpec = {
  type: 'object',
  properties: {
    kind: { type: 'string', minLength: 1 },
    name: bilingual,
    necessity: { enum: ['needed', 'tolerable', 'optional'] },
    original: { type: 'boolean' },
  },
  required: ['kind', 'name', 'necessity'],
  additionalProperties: false,
} as const;
export type MaterialSpec = FromSchema<typeof materialSpec>;

/** RFC 3339 instant. */
export const instant = { type: 'string', format: 'date-time' } as const;
/** UUID of a case, task, parcel, notice. */
export const uuid = { type: 'string', format: 'uuid' } as const;
