import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestClaims } from '@lianban/testing/tokens';
import { files } from '../test/fixtures.js';
import { clerk, type Stand, startStand, windowSystem } from '../test/stand.js';
import type { Application } from './application/application.js';

let stand: Stand;
let application: Application;
let caseId: string;
let materialId: string;
beforeAll(async () => {
  stand = await startStand();
  application = await stand.application();
  const { body } = await stand.http<{ caseId: string }>(windowSystem(), 'POST', '/applications', application);
  caseId = body.caseId;
  materialId = application.materials[0]!.materialId;
});
afterAll(() => stand.stop());

const as = (role: string, locality?: string): TestClaims => ({
  subject: role,
  roles: [role],
  ...(locality ? { locality, body: `${locality}-social-insurance` } : {}),
});
const fileBody = () => {
  const form = new FormData();
  form.set('file', new Blob([new Uint8Array(files.pdf)]), 'a.pdf');
  return { body: form };
};
const jsonBody = (value: unknown) => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});

/** Every endpoint: who may, who may not by role, and what the right role of another place gets. */
const endpoints: {
  name: string;
  ask: (actor: TestClaims | null) => Promise<Response>;
  right: TestClaims[];
  wrongRole: TestClaims[];
  elsewhere: TestClaims[];
  elsewhereGets: number | 'an empty list';
  success: number;
}[] = [
  {
    name: 'POST /applications',
    ask: (actor) => stand.send(actor, 'POST', '/applications', jsonBody(application)),
    right: [windowSystem(), clerk()],
    wrongRole: [as('reviewer', '430600'), as('supervisor', '430600'), as('operator'), as('auditor'), as('dashboard')],
    elsewhere: [windowSystem('371300'), clerk('371300'), { ...windowSystem(), locality: '371300' }],
    elsewhereGets: 403,
    success: 200,
  },
  {
    name: 'GET /applications',
    ask: (actor) => stand.send(actor, 'GET', '/applications'),
    right: [windowSystem(), clerk(), as('supervisor', '430600'), as('auditor')],
    wrongRole: [as('reviewer', '340100'), as('back-office', '340100'), as('operator'), as('courier-desk', '430600')],
    elsewhere: [windowSystem('371300'), clerk('371300'), as('supervisor', '340100')],
    elsewhereGets: 'an empty list',
    success: 200,
  },
  {
    name: 'GET /applications/:id',
    ask: (actor) => stand.send(actor, 'GET', `/applications/${caseId}`),
    right: [windowSystem(), clerk(), as('supervisor', '430600'), as('auditor')],
    wrongRole: [as('reviewer', '340100'), as('back-office', '340100'), as('operator'), as('courier-desk', '430600')],
    elsewhere: [windowSystem('371300'), clerk('371300'), as('supervisor', '340100')],
    elsewhereGets: 404,
    success: 200,
  },
  {
    name: 'POST /materials',
    ask: (actor) => stand.send(actor, 'POST', '/materials', fileBody()),
    right: [windowSystem(), clerk()],
    wrongRole: [as('reviewer', '430600'), as('auditor'), as('operator'), as('window-clerk')],
    elsewhere: [],
    elsewhereGets: 404,
    success: 201,
  },
  ...['', '/content'].map((path) => ({
    name: `GET /materials/:id${path}`,
    ask: (actor: TestClaims | null) => stand.send(actor, 'GET', `/materials/${materialId}${path}`),
    // The place that uploaded it, and the places whose bodies work on the application that uses it.
    right: [windowSystem(), clerk(), as('reviewer', '340100'), as('back-office', '371300'), as('auditor')],
    wrongRole: [as('operator'), as('dashboard'), as('supervisor', '430600'), as('courier-desk', '430600')],
    elsewhere: [windowSystem('411200'), clerk('411200'), as('reviewer', '411200'), as('back-office', '411200')],
    elsewhereGets: 404,
    success: 200,
  })),
];

describe.each(endpoints.map((endpoint) => [endpoint.name, endpoint] as const))('%s', (_, endpoint) => {
  it('needs a token', async () => expect((await endpoint.ask(null)).status).toBe(401));

  it('refuses other roles', async () => {
    for (const actor of endpoint.wrongRole) expect((await endpoint.ask(actor)).status).toBe(403);
  });

  it('answers the right ones', async () => {
    for (const actor of endpoint.right) expect((await endpoint.ask(actor)).status).toBe(endpoint.success);
  });

  it('knows nothing of it for another place', async () => {
    for (const actor of endpoint.elsewhere) {
      const response = await endpoint.ask(actor);
      const body = (await response.json()) as { total?: number; items?: unknown[] };
      if (endpoint.elsewhereGets === 'an empty list') expect(body).toMatchObject({ total: 0, items: [] });
      else expect(response.status).toBe(endpoint.elsewhereGets);
      expect(JSON.stringify(body)).not.toContain(application.source.number);
    }
  });
});

it('every endpoint is in the list above', async () => {
  const response = await fetch(`${stand.services[0]!.url}/openapi.json`);
  const { paths } = (await response.json()) as { paths: Record<string, object> };
  const own = Object.entries(paths)
    .filter(([path]) => /^\/(applications|materials)/.test(path))
    .flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace('{id}', ':id')}`),
    );
  expect(own.sort()).toEqual(endpoints.map(({ name }) => name).sort());
});

it('what is not there and what is not yours are one answer', async () => {
  for (const path of ['/applications', '/materials']) {
    const mine = path === '/applications' ? caseId : materialId;
    const [hidden, none] = await Promise.all(
      [mine, randomUUID()].map((id) => stand.http(clerk('411200'), 'GET', `${path}/${id}`)),
    );
    const { correlationId: _h, ...ofHidden } = hidden!.body;
    const { correlationId: _n, ...ofNone } = none!.body;
    expect(ofHidden).toEqual(ofNone);
  }
});

it('a material is open to the places of an application only once it is used', async () => {
  const { body } = await stand.upload(clerk(), files.png);
  expect((await stand.http(as('reviewer', '340100'), 'GET', `/materials/${body.materialId}`)).status).toBe(404);
});

describe('personal data', () => {
  const secrets = () => [application.applicant.name, application.applicant.idNumber, application.applicant.phone];
  it('is masked in lists, for everyone', async () => {
    for (const actor of [clerk(), windowSystem(), as('supervisor', '430600'), as('auditor')]) {
      const text = await (await stand.send(actor, 'GET', '/applications')).text();
      expect(text).toContain(caseId);
      for (const secret of secrets()) expect(text).not.toContain(secret);
    }
  });
  it('is shown to the clerks of the receiving place, and masked for all others', async () => {
    const read = async (actor: TestClaims) => (await stand.send(actor, 'GET', `/applications/${caseId}`)).text();
    const full = await read(clerk());
    for (const secret of secrets()) expect(full).toContain(secret);
    for (const actor of [windowSystem(), as('supervisor', '430600'), as('auditor')])
      for (const secret of secrets()) expect(await read(actor)).not.toContain(secret);
  });
});

describe('GET /applications', () => {
  it('is paged and filtered', async () => {
    const more = await Promise.all([1, 2].map(() => stand.application()));
    for (const one of more) await stand.http(windowSystem(), 'POST', '/applications', one);
    const list = async (query: string) =>
      (
        await stand.http<{ items: { source: { number: string } }[]; total: number }>(
          clerk(),
          'GET',
          `/applications?${query}`,
        )
      ).body;
    expect(await list('limit=2')).toMatchObject({ total: 3, limit: 2, offset: 0, items: [{}, {}] });
    expect((await list('limit=2&offset=2')).items.map(({ source }) => source.number)).toEqual([
      application.source.number,
    ]);
    expect(await list(`number=${application.source.number}`)).toMatchObject({ total: 1 });
    expect(await list('status=concluded')).toMatchObject({ total: 0 });
    expect(await list('status=received&item=pension-transfer')).toMatchObject({ total: 3 });
    expect(await list('item=hpf-transfer')).toMatchObject({ total: 0 });
    for (const bad of ['limit=0', 'limit=101', 'offset=-1', 'status=lost', 'locality=371300'])
      expect((await stand.http(clerk(), 'GET', `/applications?${bad}`)).status).toBe(422);
  });
});
