import { describe, expect, it } from '@jest/globals';
import * as contracts from '@lianban/contracts-catalog/events';
import { asyncApiOf, eventsIn, openApiOf } from '@lianban/service-kit/describe-service';
import { expectCheckedIn } from '@lianban/testing/checked-in';
import { AppModule } from './app.module.js';
import { wiring } from './config.js';

describe('the descriptions that are checked in', () => {
  it('openapi.json is what the controllers say', async () => {
    const document = await openApiOf({ name: wiring.name, module: AppModule });
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
