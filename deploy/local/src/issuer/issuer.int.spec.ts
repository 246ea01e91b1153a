import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { discover } from '@lianban/access/issuer';
import { createVerifier } from '@lianban/access/verify';
import { eventually } from '@lianban/testing/eventually';
import { clientSecret, identitiesOf, type Places } from './identities.js';
import { AUDIENCE, fetchToken, startIssuer } from './issuer.js';
import { signingKey } from './signing-key.js';

const yueyang = { code: '430600', name: { zh: '岳阳市', en: 'Yueyang' } };
const places: Places = {
  localities: [yueyang],
  bodies: [
    {
      id: '430600-tax',
      name: { zh: '岳阳市税务机关', en: 'Yueyang tax authority' },
      function: 'tax',
      locality: yueyang,
    },
  ],
};
const secret = 'a-secret-of-this-spec';

describe('the demo issuer', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lianban-issuer-'));
  let running: Awaited<ReturnType<typeof startIssuer>>;
  const options = async () => ({
    identities: identitiesOf(places),
    secret,
    key: await signingKey(folder),
    host: '127.0.0.1',
    port: 0,
  });
  const verify = (token: string) => createVerifier({ issuer: running.issuer, audience: AUDIENCE, mode: 'demo' })(token);
  beforeAll(async () => {
    running = await startIssuer(await options());
  });
  afterAll(async () => {
    await running.stop();
    rmSync(folder, { recursive: true });
  });

  it('gives a back office a token that the services accept, with its locality, body, role and system', async () => {
    const id = 'backoffice-430600-tax';
    const token = await fetchToken(running.issuer, id, clientSecret(secret, id));
    const actor = await verify(token);
    expect(actor).toEqual({
      subject: id,
      name: '岳阳市税务机关业务系统',
      roles: ['back-office'],
      locality: '430600',
      body: '430600-tax',
      system: id,
    });
  });

  it('gives no token for a wrong secret or an unknown client', async () => {
    await expect(fetchToken(running.issuer, 'operator', 'wrong')).rejects.toThrow('401');
    await expect(fetchToken(running.issuer, 'nobody', clientSecret(secret, 'nobody'))).rejects.toThrow('401');
  });

  it('says in its discovery document that it is for demonstrations', async () => {
    expect(await discover(running.issuer)).toMatchObject({ issuer: running.issuer, lianban_demo: true });
  });

  it('keeps its key, so that a token outlives a restart', async () => {
    const { port } = new URL(running.issuer);
    const token = await fetchToken(running.issuer, 'operator', clientSecret(secret, 'operator'));
    await running.stop();
    running = await startIssuer({ ...(await options()), port: Number(port) });
    // The first call may still take a connection of the old process from the pool.
    const actor = await eventually(() => verify(token));
    expect(actor.roles).toEqual(['operator']);
  });

  it('keeps the key from other users', () => {
    expect(statSync(join(folder, 'signing-key.json')).mode & 0o077).toBe(0);
  });

  it('refuses to start outside demo mode', () => {
    const data = join(folder, 'data');
    mkdirSync(data);
    writeFileSync(join(data, 'localities.json'), JSON.stringify(places.localities));
    writeFileSync(join(data, 'bodies.json'), JSON.stringify(places.bodies));
    const main = join(import.meta.dirname, '../../dist/issuer/main.js');
    for (const mode of ['production', '']) {
      const { status, stderr } = spawnSync(process.execPath, [main], {
        env: { LIANBAN_MODE: mode, ISSUER_SECRET: secret, ISSUER_FOLDER: folder, CATALOG_DATA: data },
        encoding: 'utf8',
        timeout: 20_000,
      });
      expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('LIANBAN_MODE=demo only') });
    }
  });
});
