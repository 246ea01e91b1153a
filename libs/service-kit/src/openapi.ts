/** The OpenAPI 3.1 description of a service, from its controllers. */
import { Controller, Get, type INestApplication, Inject } from '@nestjs/common';
import { ApiExcludeController, DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { Public } from '@lianban/access/guard';
import { describeDtos } from './dto-schema.js';

const text = { type: 'object', properties: { zh: { type: 'string' }, en: { type: 'string' } }, required: ['zh', 'en'] };
const problem = {
  type: 'object',
  description: 'RFC 9457; `code` is stable, texts are not',
  properties: {
    type: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', examples: ['request.invalid'] },
    title: { type: 'string' },
    messages: text,
    correlationId: { type: 'string' },
    findings: {
      type: 'array',
      items: {
        type: 'object',
        properties: { path: { type: 'string' }, message: text },
        required: ['path', 'message'],
      },
    },
  },
  required: ['type', 'status', 'code', 'title', 'messages', 'correlationId'],
};

/** Every operation can answer with these. */
const commonResponses = {
  '401': 'No valid access token',
  '403': 'The actor may not do this',
  '404': 'There is no such thing, or it is not for the actor to see',
  '422': 'The request breaks the rules listed in `findings`',
  '503': 'The service is unavailable for the moment',
};

export function describeApi(app: INestApplication, service: string): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(`Lianban ${service}`)
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }, 'bearer')
    .addSecurityRequirements('bearer')
    .build();
  describeDtos();
  const document = SwaggerModule.createDocument(app, builder);
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: problem },
  };
  for (const path of Object.values(document.paths)) {
    for (const operation of Object.values(path as Record<string, { responses?: Record<string, unknown> }>)) {
      if (typeof operation !== 'object' || !operation.responses) continue;
      for (const [status, description] of Object.entries(commonResponses)) {
        operation.responses[status] ??= {
          description,
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        };
      }
    }
  }
  return document;
}

/** Holds the description once the application is put together. */
export class ApiDescription {
  document: OpenAPIObject | undefined;
}

@ApiExcludeController()
@Public()
@Controller()
export class OpenApiController {
  constructor(@Inject(ApiDescription) private readonly description: ApiDescription) {}

  @Get('openapi.json')
  get(): object {
    return this.description.document!;
  }
}
