/** Shapes intake owns: the applicant and the materials of an application. */
import type { FromSchema } from 'json-schema-to-ts';
import { bilingual, uuid } from '@lianban/contracts-catalog/shapes';

/** The person or company who applies. Personal data: never leaves the internal topics unmasked. */
export const applicant = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1 },
    idType: { enum: ['resident-id', 'uscc'] },
    idNumber: { type: 'string', minLength: 15 },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  required: ['name', 'idType', 'idNumber', 'phone'],
  additionalProperties: false,
} as const;
export type Applicant = FromSchema<typeof applicant>;

/** One material handed in: `sha256` is hex, `size` in bytes, `original` says that a paper original lies at the window. */
export const materialRef = {
  type: 'object',
  properties: {
    kind: { type: 'string', minLength: 1 },
    name: bilingual,
    materialId: uuid,
    sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
    mediaType: { type: 'string' },
    size: { type: 'integer', minimum: 1 },
    original: { type: 'boolean' },
  },
  required: ['kind', 'name', 'materialId', 'sha256', 'mediaType', 'size', 'original'],
  additionalProperties: false,
} as const;
export type MaterialRef = FromSchema<typeof materialRef>;

/** Who submitted it, under which number of their own: the idempotency key, kept for ever. */
export const sourceRef = {
  type: 'object',
  properties: { system: { type: 'string', minLength: 1 }, number: { type: 'string', minLength: 1 } },
  required: ['system', 'number'],
  additionalProperties: false,
} as const;
export type SourceRef = FromSchema<typeof sourceRef>;
