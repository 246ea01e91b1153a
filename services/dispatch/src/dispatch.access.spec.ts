import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@lianban/testing/eventually';
import { type Stand, startStand } from '../test/stand.js';

/** Every endpoint of the service, asked by everyone: nobody, a wrong role, another locality, the right ones. */
let stand: Stand;
let caseId: string;
beforeAll(async () => {
  stand = await startStand();
  await stand.publish('pension-transfer');
  // Received in 430600, worked on in 340100 and 371300.
  caseId = await stand.apply();
  await eventually(async () => (await stand.query(`select 1 from joint_case where status = 'open'`)).length === 1);
}, 120_000);
afterAll(() => stand.stop());

const endpoints = [
  ['GET /cases', () => '/cases'],
  ['GET /cases/:id', () => `/cases/${caseId}`],
  ['GET /cases/:id/timeline', () => `/cases/${caseId}/timeline`],
  ['GET /cases/:id/timeline/stream', () => `/cases/${caseId}/timeline/stream`],
  ['GET /feed/stream', () => '/feed/stream'],
] as const;
const ofCases = endpoints.filter(([name]) => name.startsWith('GET /cases'));
const ofOneCase = endpoints.filter(([name]) => name.includes(':id'));

const clerk = (locality: string) => ({ subject: 'clerk', locality, roles: ['window-clerk'] });
const system = (locality: string) => ({
  subject: 'system',
  locality,
  system: `window-${locality}`,
  roles: ['window-system'],
});
const office = (locality: string) => ({
  subject: 'office',
  locality,
  body: `${locality}-social-insurance`,
  roles: ['back-office'],
});
const reviewer = (locality: string) => ({
  subject: 'reviewer',
  locality,
  body: `${locality}-social-insurance`,
  roles: ['reviewer'],
});
const supervisor = (locality: string) => ({ subject: 'supervisor', locality, roles: ['supervisor'] });
const operator = { subject: 'operator', roles: ['operator'] };
const auditor = { subject: 'auditor', roles: ['auditor'] };
const dashboard = { subject: 'board', roles: ['dashboard'] };
const courier = { subject: 'courier', locality: '371300', roles: ['courier-desk'] };
const nobodysRole = { subject: 'nobody', locality: '371300', roles: [] };
const placeless = { subject: 'placeless', roles: ['window-clerk', 'reviewer', 'back-office', 'supervisor'] };

/** The answer's status; a stream that opens is left at its first message. */
async function statusOf(who: Parameters<Stand['get']>[0], path: string): Promise<number> {
  if (!path.endsWith('/stream') || who === null) return (await stand.get(who, path)).status;
  return stand
    .listen(who, path, (messages) => messages.length > 0)
    .then(
      () => 200,
      (error: Error) => Number(/no stream: (\d+)/.exec(error.message)?.[1] ?? NaN),
    );
}

it('every endpoint of the service is in this file', async () => {
  const { paths } = (await stand.get<{ paths: Record<string, Record<string, object>> }>(null, '/openapi.json')).body;
  const served = Object.entries(paths)
    .flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`))
    .map((endpoint) => endpoint.replaceAll(/\{(\w+)\}/g, ':$1'))
    // What every service has is checked where it is written.
    .filter((endpoint) => !/ \/(health|metrics|openapi|dead-letters)/.test(endpoint));
  expect(served.sort()).toEqual(endpoints.map(([name]) => name).sort());
});

describe.each(endpoints)('%s', (_, path) => {
  it('needs a token', async () => {
    expect(await stand.get(null, path())).toMatchObject({ status: 401, body: { code: 'access.token-required' } });
  });
  it.each([
    ['no role', nobodysRole],
    ['the courier desk', courier],
    ['no locality', placeless],
  ])('is closed to %s', async (__, who) => {
    expect(await stand.get(who, path())).toMatchObject({ status: 403, body: { code: 'access.denied' } });
  });
  it.each([
    ['auditor', auditor],
    ['operator', operator],
  ])('is open to the %s', async (__, who) => {
    expect(await statusOf(who, path())).toBe(200);
  });
});

describe.each(ofCases)('%s', (_, path) => {
  it('is closed to a dashboard', async () => {
    expect(await stand.get(dashboard, path())).toMatchObject({ status: 403 });
  });
  it.each([
    ['the window that received it', clerk('430600')],
    ['its window system', system('430600')],
    ['a back office of a place that works on it', office('340100')],
    ['a reviewer there', reviewer('371300')],
    ['a supervisor there', supervisor('371300')],
  ])('is open to %s', async (__, who) => {
    expect(await statusOf(who, path())).toBe(200);
  });
});

const foreign = [
  ['a clerk', clerk('320500')],
  ['a window system', system('320500')],
  ['a back office', office('320500')],
  ['a reviewer', reviewer('320500')],
  ['a supervisor', supervisor('320500')],
] as const;
describe.each(foreign)('to %s of another locality', (_, who) => {
  it.each(ofOneCase)('%s answers as if there were none', async (__, path) => {
    const answer = await stand.get(who, path());
    const ofNone = await stand.get(who, path().replace(caseId, randomUUID()));
    const ofNoId = await stand.get(who, path().replace(caseId, 'no-id'));
    expect(answer).toMatchObject({ status: 404, body: { code: 'case.not-found' } });
    for (const other of [ofNone, ofNoId])
      expect({ ...other.body, correlationId: '' }).toEqual({ ...answer.body, correlationId: '' });
  });
  it.each(['/cases', '/cases?status=open'])('%s is empty, its count too', async (path) => {
    expect(await stand.get(who, path)).toMatchObject({ status: 200, body: { items: [], total: 0 } });
  });
});

describe('GET /cases', () => {
  it('shows a place its cases', async () => {
    expect((await stand.get<{ total: number }>(clerk('430600'), '/cases')).body.total).toBe(1);
  });
});

describe('GET /feed/stream', () => {
  it('is open to dashboards, and to supervisors for their place', async () => {
    expect(await statusOf(dashboard, '/feed/stream')).toBe(200);
    expect(await statusOf(supervisor('320500'), '/feed/stream')).toBe(200);
  });
  it.each([
    ['clerks', clerk('430600')],
    ['back offices', office('371300')],
  ])('is closed to %s', async (_, who) => {
    expect((await stand.get(who, '/feed/stream')).status).toBe(403);
  });
});
