import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROLES } from '@lianban/access/actor';
import { eventually } from '@lianban/testing/eventually';
import { type Stand, startStand } from '../test/stand.js';

let stand: Stand;
beforeAll(async () => {
  stand = await startStand();
  await stand.start();
  await eventually(async () => (await stand.get(null, '/health/ready')).status === 200);
}, 120_000);
afterAll(() => stand.stop());

const reads = {
  '/localities': '/localities',
  '/bodies': '/bodies?locality=430600',
  '/items': '/items',
  '/items/{id}': '/items/pension-transfer',
  '/procedures/{id}/{version}': '/procedures/pension-transfer/2026.1',
};

it('every endpoint of the service is in this file', async () => {
  const { body } = await stand.get(null, '/openapi.json');
  const own = Object.keys(body.paths).filter((path) => !path.startsWith('/dead-letters'));
  expect(new Set(own)).toEqual(new Set(Object.keys(reads)));
  for (const path of own) expect(Object.keys(body.paths[path] ?? {})).toEqual(['get']);
});

describe.each(Object.values(reads))('GET %s', (path) => {
  it('needs a token', async () => {
    expect(await stand.get(null, path)).toMatchObject({ status: 401, body: { code: 'access.token-required' } });
  });

  it('is closed to someone without a role', async () => {
    const nobody = { subject: 'n', locality: '430600', roles: [] };
    expect(await stand.get(nobody, path)).toMatchObject({ status: 403, body: { code: 'access.denied' } });
  });

  it.each([...ROLES])('is open to the role %s, whatever its locality: the catalog is no secret', async (role) => {
    const actor = { subject: 'r', locality: '340100', body: '340100-tax', system: 'window-340100', roles: [role] };
    expect(await stand.get(actor, path)).toMatchObject({ status: 200 });
  });
});

describe('dead letters', () => {
  const commands = ['replay', 'discard'].map((command) => `/dead-letters/no-such/${command}`);
  const reason = { reason: 'to see who may' };

  it('are listed for operators and auditors only', async () => {
    expect((await stand.get(null, '/dead-letters')).status).toBe(401);
    for (const role of ROLES) {
      const { status } = await stand.get({ subject: 'r', locality: '430600', roles: [role] }, '/dead-letters');
      expect([role, status]).toEqual([role, ['operator', 'auditor'].includes(role) ? 200 : 403]);
    }
  });

  it.each(commands)('POST %s is for operators only', async (path) => {
    expect((await stand.call(null, 'POST', path, reason)).status).toBe(401);
    for (const role of ROLES) {
      const { status } = await stand.call({ subject: 'r', locality: '430600', roles: [role] }, 'POST', path, reason);
      expect([role, status]).toEqual([role, role === 'operator' ? 404 : 403]);
    }
  });
});
