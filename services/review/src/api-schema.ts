import type { ApiResponseSchemaHost } from '@nestjs/swagger';

type SchemaObject = ApiResponseSchemaHost['schema'];

/** A JSON Schema 2020-12 constant for the API description: OpenAPI 3.1 takes it as it is, its TypeScript type is older. */
export const apiSchema = (schema: object): SchemaObject => schema;

export const pageSchema = (items: object): SchemaObject =>
  apiSchema({
    type: 'object',
    properties: {
      items: { type: 'array', items },
      total: { type: 'integer' },
      limit: { type: 'integer' },
      offset: { type: 'integer' },
    },
    required: ['items', 'total', 'limit', 'offset'],
  });
