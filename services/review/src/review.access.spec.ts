import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { backOffice, bodyOf, issuing, linyi, reviewer, type Stand, startStand } from '../test/stand.js';

/** Every endpoint of the service, asked by everyone: nobody, a wrong role, another locality, another body, the right one. */
let stand: Stand;
let openTask: string;
let claimedTask: string;
let decidedTask: string;
let certificate: string;
beforeAll(async () => {
  stand = await startStand();
  const [open, claimed, decided] = await stand.request({}, {}, issuing());
  [openTask, claimedTask, decidedTask] = [open!.taskId, claimed!.taskId, decided!.taskId];
  await stand.http(right, 'POST', `/tasks/${claimedTask}/claim`);
  const { body } = await stand.http<{ certificate: { id: string } }>(right, 'POST', `/tasks/${decidedTask}/decide`, {
    outcome: 'approve',
  });
  certificate = body.certificate.id;
}, 120_000);
afterAll(() => stand.stop());

const right = backOffice('371300');
const clerk = { subject: 'clerk', locality: '371300', roles: ['window-clerk'] };
const dashboard = { subject: 'board', locality: '371300', body: right.body, roles: ['dashboard'] };
const nobodysRole = { subject: 'nobody', locality: '371300', body: right.body, roles: [] };
const elsewhere = backOffice('340100');
/** The id of the right body in a token of the wrong place. */
const disguised = { ...elsewhere, body: right.body };
const placeless = { subject: 'placeless', body: right.body, roles: ['reviewer', 'back-office', 'supervisor'] };
const otherBody = backOffice('371300', 'tax');
const supervisor = { subject: 'supervisor', locality: '371300', roles: ['supervisor'] };
const foreignSupervisor = { subject: 'supervisor', locality: '340100', roles: ['supervisor'] };
const auditor = { subject: 'auditor', roles: ['auditor'] };

const approve = { outcome: 'approve' };
const endpoints = [
  ['GET /tasks', () => ['GET', '/tasks']],
  ['GET /tasks/:id', () => ['GET', `/tasks/${openTask}`]],
  ['POST /tasks/:id/claim', () => ['POST', `/tasks/${openTask}/claim`]],
  ['POST /tasks/:id/release', () => ['POST', `/tasks/${claimedTask}/release`]],
  ['POST /tasks/:id/decide', () => ['POST', `/tasks/${openTask}/decide`, approve]],
  ['GET /certificates', () => ['GET', '/certificates']],
  ['GET /certificates/:id', () => ['GET', `/certificates/${certificate}`]],
] as const satisfies readonly (readonly [string, () => readonly [string, string, object?]])[];
type Who = Parameters<Stand['http']>[0];
const ask = (who: Who, [method, path, body]: readonly [string, string, object?]) => stand.http(who, method, path, body);

it('every endpoint of the service is in this file', async () => {
  const { paths } = (await (await fetch(`${stand.services[0]!.url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, object>>;
  };
  const served = Object.entries(paths)
    .flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`))
    .map((endpoint) => endpoint.replaceAll(/\{(\w+)\}/g, ':$1'))
    // What every service has is checked where it is written.
    .filter((endpoint) => !/ \/(health|metrics|openapi|dead-letters)/.test(endpoint));
  expect(served.sort()).toEqual(endpoints.map(([name]) => name).sort());
});

describe.each(endpoints)('%s', (_, request) => {
  it('needs a token', async () => {
    expect(await ask(null, request())).toMatchObject({ status: 401, body: { code: 'access.token-required' } });
  });
  it.each([
    ['a clerk', clerk],
    ['a dashboard', dashboard],
    ['no role', nobodysRole],
    ['no locality', placeless],
  ])('is closed to %s', async (__, who) => {
    expect(await ask(who, request())).toMatchObject({ status: 403, body: { code: 'access.denied' } });
  });
});

describe.each([
  ['another locality', elsewhere],
  ["another locality with the right body's id", disguised],
])('to %s', (_, who) => {
  it.each(endpoints.filter(([name]) => name.includes(':id')))(
    '%s answers as if there were none',
    async (name, request) => {
      const [method, path, body] = request();
      const answer = await stand.http(who, method, path, body);
      const ofNone = await stand.http(who, method, path.replace(/[0-9a-f-]{36}/, randomUUID()), body);
      expect(answer.status).toBe(404);
      const { correlationId: _c, ...said } = answer.body;
      const { correlationId: _d, ...saidOfNone } = ofNone.body;
      expect(said).toEqual(saidOfNone);
      expect(name).toBeTruthy();
    },
  );
  it.each([
    '/tasks',
    '/certificates',
    '/tasks?body=371300-social-insurance',
    '/tasks?caseNo=LB-430600-20261124-000001',
  ])('%s is empty, its count too', async (path) => {
    expect(await stand.http(who, 'GET', path)).toMatchObject({ status: 200, body: { items: [], total: 0 } });
  });
});
it('to the supervisor of another locality there is nothing either', async () => {
  expect((await stand.http(foreignSupervisor, 'GET', `/tasks/${openTask}`)).status).toBe(404);
  expect((await stand.http(foreignSupervisor, 'GET', `/certificates/${certificate}`)).status).toBe(404);
  expect((await stand.http(foreignSupervisor, 'GET', '/tasks')).body.total).toBe(0);
});

describe('to another body of the locality', () => {
  it.each(endpoints.filter(([name]) => name.startsWith('POST')))('%s is refused', async (_, request) => {
    expect(await ask(otherBody, request())).toMatchObject({ status: 403, body: { code: 'task.wrong-body' } });
  });
});

describe('who sees what of the applicant', () => {
  const secrets = /张三|11010519491231002X|13800000000/;
  const views = [
    ['lists, for everyone', right, () => '/tasks'],
    ['lists of certificates', right, () => '/certificates'],
    ['the file, for another body', otherBody, () => `/tasks/${openTask}`],
    ['the file, for a supervisor', supervisor, () => `/tasks/${openTask}`],
    ['the file, for an auditor', auditor, () => `/tasks/${openTask}`],
    ['the certificate, for another body', otherBody, () => `/certificates/${certificate}`],
    ['the certificate, for a supervisor', supervisor, () => `/certificates/${certificate}`],
    ['the certificate, for an auditor', auditor, () => `/certificates/${certificate}`],
  ] as const;
  it.each(views)('masked in %s', async (_, who, path) => {
    const { status, body } = await stand.http(who, 'GET', path());
    expect(status).toBe(200);
    expect(JSON.stringify(body)).not.toMatch(secrets);
    expect(JSON.stringify(body)).toContain('110105********002X');
  });
  it('whole for the body in charge', async () => {
    expect(JSON.stringify((await stand.http(reviewer('li'), 'GET', `/tasks/${openTask}`)).body)).toMatch(secrets);
    expect(JSON.stringify((await stand.http(right, 'GET', `/certificates/${certificate}`)).body)).toMatch(secrets);
  });
});

describe('to the body in charge', () => {
  // Claims before it decides, so that each call finds the task in the state it needs.
  it.each(endpoints)('%s is open', async (_, request) => {
    expect((await ask(right, request())).status).toBe(200);
  });
  it('lists show the tasks of its locality, also of other bodies there', async () => {
    const [ofTax] = await stand.request({ body: bodyOf(linyi, 'tax') });
    const { body } = await stand.http<{ items: { id: string }[] }>(right, 'GET', '/tasks?limit=100');
    expect(body.items.map(({ id }) => id)).toEqual(
      expect.arrayContaining([openTask, claimedTask, decidedTask, ofTax!.taskId]),
    );
  });
});
