import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readIntakeConfig } from './config.js';

const good = {
  DATABASE_URL: 'postgres://x/y',
  EVENT_LOG: 'postgres://x/log',
  OIDC_ISSUER: 'http://127.0.0.1:1',
  MATERIALS_URL: 'file:///materials',
};
let before: NodeJS.ProcessEnv;
beforeEach(() => {
  before = process.env;
  process.env = { ...good };
});
afterEach(() => {
  process.env = before;
});

describe('the settings', () => {
  it('have 20 MiB as the largest material', () =>
    expect(readIntakeConfig()).toMatchObject({
      materialsUrl: 'file:///materials',
      materialMaxBytes: 20 * 1024 * 1024,
    }));
  it('that are bad are named in one sentence', () => {
    process.env = { ...good, DATABASE_URL: '', MATERIALS_URL: '', MATERIAL_MAX_BYTES: '20MB' };
    expect(readIntakeConfig).toThrow(/DATABASE_URL.*MATERIALS_URL.*MATERIAL_MAX_BYTES/);
  });
});
