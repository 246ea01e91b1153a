import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { contractFaults } from '@lianban/eventing/contract-check';
import * as events from './events.js';

it('every event is named by the rules and has an example that keeps its schema, also as a file', () => {
  expect(contractFaults(events, join(import.meta.dirname, '../examples'))).toEqual([]);
});
