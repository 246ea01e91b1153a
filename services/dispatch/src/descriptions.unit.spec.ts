import { describe, expect, it } from '@jest/globals';
import * as contracts from '@lianban/contracts-dispatch/events';
import { asyncApiOf, eventsIn, openApiOf } from '@lianban/service-kit/describe-service';
import { DATABASE } from '@lianban/service-kit/tokens';
import { expectCheckedIn } from '@lianban/testing/checked-in';
import { AppModule } from './app.module.js';
import { wiring } from './config.js';

describe('the descriptions that are checked in', () => {
  it('openapi.json is what the controllers say', async () => {
    // The service's frame provides the database; the pulse asks for it while the module is put together.
    const database = { provide: DATABASE, useValue: null };
    const document = await openApiOf({ name: wiring.name, module: { module: AppModule, providers: [database] } });
    expectCheckedIn(new URL('../openapi.json', import.meta.url), document);
  });
  it('asyncapi.json is what the contracts say', () => {
    const document = asyncApiOf({ name: wiring.name, publishes: eventsIn(contracts), consumes: wiring.consumes });
    expectCheckedIn(new URL('../asyncapi.json', import.meta.url), document);
  });
  it('names every stream that is published', () => {
    expect(new Set(eventsIn(contracts).map(({ stream }) => stream))).toEqual(new Set(wiring.publishes));
  });
});
