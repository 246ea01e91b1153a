/** Published contracts: what a service says on the event log, with a JSON Schema 2020-12 and an example per event. */
import { Ajv2020, type AnySchema, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { FromSchema, JSONSchema } from 'json-schema-to-ts';

/**
 * A named sequence of events. Its sequence numbers are counted per lane, whatever topic they go to (ADR 2).
 * `topic` is undefined where each event names its own (one topic per locality). A compacted topic keeps the last event per key only.
 */
export interface Stream {
  readonly name: string;
  readonly service: string;
  readonly topic?: string;
  readonly compacted?: boolean;
}

/** `validate` and `validateStrictly` answer with the faults found; `[]` means valid. */
export interface EventDefinition<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly version: number;
  readonly stream: Stream;
  readonly schema: object;
  readonly example: Data;
  /** For readers: properties the schema does not know are fine, since additions keep the version. */
  validate(data: unknown): string[];
  /** For the publisher: nothing beyond the schema. */
  validateStrictly(data: unknown): string[];
}

/** The data an event of this definition carries. */
export type EventData<D> = D extends EventDefinition<string, infer Data> ? Data : never;

export const defineStream = <const S extends Stream>(stream: S): S => stream;

const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
(addFormats as unknown as typeof addFormats.default)(ajv);

type DataOf<Schema> = Schema extends JSONSchema ? FromSchema<Schema> : never;

/** Defines an event; its data type is derived from the schema. That the example keeps the schema is checked by the contract tests. */
export function defineEvent<const Type extends string, const Schema extends object>(definition: {
  type: Type;
  version: number;
  stream: Stream;
  schema: Schema;
  example: DataOf<Schema>;
}): EventDefinition<Type, DataOf<Schema>> {
  // Compiled on first use: a service names dozens of events and meets a handful.
  const reader = lazy(() => ajv.compile(tolerant(definition.schema) as AnySchema));
  const publisher = lazy(() => ajv.compile(definition.schema as AnySchema));
  return {
    ...definition,
    validate: (data) => faultsOf(reader(), data),
    validateStrictly: (data) => faultsOf(publisher(), data),
  };
}

/** URI that names type and version on the wire (`dataschema`). */
export const dataSchemaUri = (definition: Pick<EventDefinition, 'type' | 'version'>): string =>
  `urn:lianban:schema:${definition.type}:v${definition.version}`;

function faultsOf(validate: ValidateFunction, data: unknown): string[] {
  if (validate(data)) return [];
  return (validate.errors ?? []).map((error) => `${error.instancePath || '/'} ${error.message ?? 'is invalid'}`);
}

/** The same schema without `additionalProperties: false`. */
function tolerant(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(tolerant);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key, value]) => !(key === 'additionalProperties' && value === false))
      .map(([key, value]) => [key, tolerant(value)]),
  );
}

function lazy<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
