import { describe, expect, it } from '@jest/globals';
import * as contracts from '@lianban/contracts-intake/events';
import { asyncApiOf, eventsIn, openApiOf } from '@lianban/service-kit/describe-service';
import { expectCheckedIn } from '@lianban/testing/checked-in';
import { AppModule } from './app.module.js';
import { wiring } from './config.js';
import type { ContentStore } from './material/content-store.js';

const openApi = () => openApiOf({ name: wiring.name, module: AppModule.with({} as ContentStore) });

describe('the descriptions that are checked in', () => {
  it('openapi.json is what the controllers say', async () =>
    expectCheckedIn(new URL('../openapi.json', import.meta.url), await openApi()));

  it('asyncapi.json is what the contracts say', async () => {
    const { components } = await openApi();
    const document = asyncApiOf({
      name: wiring.name,
      publishes: eventsIn(contracts),
      consumes: wiring.consumes,
      outside: [
        {
          topic: contracts.WINDOW_INTAKE_TOPIC,
          description:
            'Applications of window systems, at most 1 MiB each. Every message is answered on window.receipts.v1. Of a repeated name the last value counts.',
          schema: schemaWith('SubmitApplicationDto', components?.schemas ?? {}),
          headers: {
            type: 'object',
            properties: {
              authorization: {
                type: 'string',
                description: 'Bearer, an access token valid when the log takes the message in',
              },
            },
            required: ['authorization'],
          },
        },
      ],
    });
    expectCheckedIn(new URL('../asyncapi.json', import.meta.url), document);
  });

  it('names every stream that is published', () =>
    expect(new Set(eventsIn(contracts).map(({ stream }) => stream))).toEqual(new Set(wiring.publishes)));
});

/** A schema of the OpenAPI document with what it refers to put in its place. */
function schemaWith(name: string, schemas: Record<string, unknown>): object {
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== 'object' || value === null) return value;
    const { $ref } = value as { $ref?: string };
    if ($ref) return resolve(schemas[$ref.split('/').at(-1)!]);
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, resolve(child)]));
  };
  return resolve(schemas[name]) as object;
}
