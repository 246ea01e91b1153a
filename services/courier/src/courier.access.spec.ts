import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { desk, ELSEWHERE, RECEIVER, SENDER, type Stand, startStand } from '../test/stand.js';

/** Every endpoint of the service, asked by everyone: nobody, a wrong role, another locality, the receiving end, the sending end. */
let stand: Stand;
let requested: string;
let sealed: string;
let lost: string;
beforeAll(async () => {
  stand = await startStand({ loops: false });
  const parcels = await stand.request({}, {}, {});
  [requested, sealed, lost] = parcels.map(({ parcelId }) => parcelId) as [string, string, string];
  await stand.command(sealed, 'seal', { sealNo: 'FH-1' });
  await stand.query(
    `update parcel set status = 'lost', seal_no = 'FH-2', waybill = 'SIM0', posting = '{"by":"desk","tries":1,"error":null,"nextAt":null}' where id = $1`,
    [lost],
  );
}, 120_000);
afterAll(() => stand.stop());

/** The last three in an order in which each still works after the one before. */
const endpoints = [
  ['GET /parcels', () => ['GET', '/parcels']],
  ['GET /parcels/:id', () => ['GET', `/parcels/${requested}`]],
  ['POST /parcels/:id/seal', () => ['POST', `/parcels/${requested}/seal`, { sealNo: 'FH-3' }]],
  ['POST /parcels/:id/post', () => ['POST', `/parcels/${sealed}/post`]],
  ['POST /parcels/:id/resend', () => ['POST', `/parcels/${lost}/resend`, { reason: 'made anew' }]],
] as const satisfies readonly (readonly [string, () => readonly [string, string, object?]])[];
const ofOne = endpoints.filter(([name]) => name.includes(':id'));
const commands = endpoints.filter(([name]) => name.startsWith('POST'));
type Who = Parameters<Stand['http']>[0];
const ask = (who: Who, [method, path, body]: readonly [string, string, object?]) => stand.http(who, method, path, body);

const supervisor = { subject: 'supervisor', locality: SENDER, roles: ['supervisor'] };
const auditor = { subject: 'auditor', roles: ['auditor'] };

it('every endpoint of the service is in this file', async () => {
  const { paths } = (await (await fetch(`${stand.services[0]!.url}/openapi.json`)).json()) as {
    paths: Record<string, object>;
  };
  const served = Object.entries(paths)
    .flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`))
    .map((endpoint) => endpoint.replaceAll(/\{(\w+)\}/g, ':$1'))
    .filter((endpoint) => !/ \/(health|metrics|openapi|dead-letters)/.test(endpoint));
  expect(served.sort()).toEqual(endpoints.map(([name]) => name).sort());
});

describe.each(endpoints)('%s', (_, request) => {
  it('needs a token', async () => {
    expect(await ask(null, request())).toMatchObject({ status: 401, body: { code: 'access.token-required' } });
  });
  it.each([
    ['a clerk', { subject: 'c', locality: SENDER, roles: ['window-clerk'] }],
    ['a back office', { subject: 'b', locality: SENDER, body: `${SENDER}-social-insurance`, roles: ['back-office'] }],
    ['a dashboard', { subject: 'd', locality: SENDER, roles: ['dashboard'] }],
    ['no role', { subject: 'n', locality: SENDER, roles: [] }],
    ['a desk of no locality', { subject: 'p', roles: ['courier-desk'] }],
  ])('is closed to %s', async (__, who) => {
    expect(await ask(who, request())).toMatchObject({ status: 403, body: { code: 'access.denied' } });
  });
});

describe('to the desk of another locality', () => {
  it.each(ofOne)('%s answers as if there were none', async (_, request) => {
    const [method, path, body] = request();
    const answer = await stand.http(desk(ELSEWHERE), method, path, body);
    const unknown = await stand.http(desk(ELSEWHERE), method, path.replace(/[0-9a-f-]{36}/, randomUUID()), body);
    expect(answer).toMatchObject({ status: 404, body: { code: 'parcel.not-found' } });
    expect({ ...answer.body, correlationId: '' }).toEqual({ ...unknown.body, correlationId: '' });
  });
  it.each(['', `?locality=${SENDER}`, `?locality=${SENDER}&direction=out`, '?direction=in', '?state=requested'])(
    'GET /parcels%s is empty',
    async (search) => {
      const { status, body } = await stand.http(desk(ELSEWHERE), 'GET', `/parcels${search}`);
      expect([status, body.total, body.items]).toEqual([200, 0, []]);
    },
  );
});

describe('to the desk of the receiving end', () => {
  it('parcels are open to read', async () => {
    expect((await stand.http(desk(RECEIVER), 'GET', `/parcels/${requested}`)).status).toBe(200);
    expect((await stand.http(desk(RECEIVER), 'GET', '/parcels?direction=in')).body.total).toBe(3);
    expect((await stand.http(desk(RECEIVER), 'GET', '/parcels?direction=out')).body.total).toBe(0);
  });
  it.each(commands)('%s is denied', async (_, request) => {
    expect(await ask(desk(RECEIVER), request())).toMatchObject({ status: 403, body: { code: 'access.denied' } });
  });
});

describe('to those who watch', () => {
  it('parcels are open to read, of their own place or of all', async () => {
    expect((await stand.http(supervisor, 'GET', '/parcels')).body.total).toBe(3);
    expect((await stand.http({ ...supervisor, locality: ELSEWHERE }, 'GET', '/parcels')).body.total).toBe(0);
    expect((await stand.http(auditor, 'GET', '/parcels')).body.total).toBe(3);
    expect((await stand.http(auditor, 'GET', `/parcels?locality=${RECEIVER}&direction=out`)).body.total).toBe(0);
    expect((await stand.http(auditor, 'GET', `/parcels/${requested}`)).status).toBe(200);
  });
  it.each(commands)('%s is denied', async (_, request) => {
    for (const who of [supervisor, auditor]) expect((await ask(who, request())).status).toBe(403);
  });
});

describe('to the desk of the sending end', () => {
  it('a list is paged and filtered', async () => {
    const list = (search: string) =>
      stand.http<{ total: number; items: { id: string }[] }>(desk(SENDER), 'GET', `/parcels?${search}`);
    expect((await list('state=sealed')).body.items.map(({ id }) => id)).toEqual([sealed]);
    const pages = await Promise.all([0, 1, 2].map((offset) => list(`limit=1&offset=${offset}`)));
    expect(new Set(pages.map(({ body }) => body.items[0]!.id))).toEqual(new Set([requested, sealed, lost]));
    for (const wrong of ['state=gone', 'direction=up', 'locality=37', 'limit=0', 'caseId=1', 'more=1'])
      expect((await list(wrong)).status).toBe(422);
  });
  it.each(endpoints)('%s is open', async (_, request) => {
    const { status } = await ask(desk(SENDER), request());
    expect([200, 202]).toContain(status);
  });
});
