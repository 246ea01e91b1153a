import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { clerk, ELSEWHERE, PHONE, RECEIVING, type Stand, startStand } from '../test/stand.js';

/** Every endpoint of the service, asked by everyone: nobody, a wrong role, another locality, the right one. */
let stand: Stand;
let caseId: string;
let notice: string;
beforeAll(async () => {
  stand = await startStand({ loops: false });
  caseId = await stand.apply({ email: 'zhang@example.cn' });
  notice = (await stand.notices(caseId))[0]!.id;
}, 120_000);
afterAll(() => stand.stop());

const endpoints = [
  ['GET /notices', () => '/notices'],
  ['GET /notices/:id', () => `/notices/${notice}`],
] as const;

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

describe.each(endpoints)('%s', (_, path) => {
  it('needs a token', async () => {
    expect(await stand.http(null, path())).toMatchObject({ status: 401, body: { code: 'access.token-required' } });
  });
  it.each([
    ['a back office', { locality: RECEIVING, body: `${RECEIVING}-social-insurance`, roles: ['back-office'] }],
    ['a courier desk', { locality: RECEIVING, roles: ['courier-desk'] }],
    ['a window system', { locality: RECEIVING, system: `window-${RECEIVING}`, roles: ['window-system'] }],
    ['a dashboard', { locality: RECEIVING, roles: ['dashboard'] }],
    ['no role', { locality: RECEIVING, roles: [] }],
    ['a clerk of no locality', { roles: ['window-clerk'] }],
  ])('is closed to %s', async (__, who) => {
    expect(await stand.http(who, path())).toMatchObject({ status: 403, body: { code: 'access.denied' } });
  });
});

describe('to a clerk of another locality', () => {
  it('the list is empty, whatever it asks for', async () => {
    for (const search of ['', `?caseId=${caseId}`, '?status=due'])
      expect((await stand.http(clerk(ELSEWHERE), `/notices${search}`)).body).toMatchObject({ total: 0, items: [] });
  });
  it('a notice is as good as none', async () => {
    const answer = await stand.http(clerk(ELSEWHERE), `/notices/${notice}`);
    const unknown = await stand.http(clerk(ELSEWHERE), `/notices/${randomUUID()}`);
    expect(answer).toMatchObject({ status: 404, body: { code: 'notice.not-found' } });
    expect({ ...answer.body, correlationId: '' }).toEqual({ ...unknown.body, correlationId: '' });
  });
});

describe('to a clerk of the receiving place, a supervisor of it and an auditor', () => {
  const auditor = { subject: 'auditor', roles: ['auditor'] };
  const supervisor = { subject: 'supervisor', locality: RECEIVING, roles: ['supervisor'] };
  it.each([
    ['the clerk', clerk(RECEIVING)],
    ['the supervisor', supervisor],
    ['the auditor', auditor],
  ])('%s sees the notices and whom they went to, masked', async (_, who) => {
    const list = await stand.http<{ total: number; items: object[] }>(who, `/notices?caseId=${caseId}`);
    expect(list).toMatchObject({ status: 200, body: { total: 1, items: [{ id: notice, recipient: '138****1234' }] } });
    const one = await stand.http(who, `/notices/${notice}`);
    expect(one).toMatchObject({ status: 200, body: { id: notice, history: [] } });
    for (const shown of [list, one]) {
      expect(JSON.stringify(shown)).not.toContain(PHONE);
      expect(JSON.stringify(shown)).not.toContain('zhang@example.cn');
    }
  });
  it('a list is paged and refuses what it does not know', async () => {
    expect((await stand.http(auditor, '/notices?limit=1&offset=1')).body).toMatchObject({
      total: 1,
      items: [],
      limit: 1,
    });
    for (const wrong of ['limit=0', 'status=gone', 'caseId=1', 'more=1'])
      expect((await stand.http(auditor, `/notices?${wrong}`)).status).toBe(422);
  });
});
