/** Intake as it runs, on a real database, the embedded log and a folder of materials, with the catalog's and dispatch's side of the log played by the spec. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  bodyPublished,
  bodyStream,
  itemPublished,
  itemStream,
  procedurePublished,
  procedureStream,
} from '@lianban/contracts-catalog/events';
import { type CaseConcluded, caseConcluded, caseStream } from '@lianban/contracts-dispatch/events';
import { applicationStream, receiptStream, WINDOW_INTAKE_TOPIC } from '@lianban/contracts-intake/events';
import { createEventing } from '@lianban/eventing/eventing';
import { eventingMigrations } from '@lianban/eventing/migrations';
import { append, newEvent } from '@lianban/eventing/outbox';
import { createOutsideClient } from '@lianban/eventing/outside';
import { runMigrations } from '@lianban/service-kit/migrate';
import { type RunningService, startService } from '@lianban/service-kit/service';
import { eventually } from '@lianban/testing/eventually';
import { testDatabase, testEmbeddedLog } from '@lianban/testing/test-database';
import { startTestIssuer, type TestClaims, type TestTokenOptions } from '@lianban/testing/tokens';
import pg from 'pg';
import type { Application } from '../src/application/application.js';
import { migrations } from '../src/migrations/all.js';
import { intakeService } from '../src/service.js';
import { bodies, files, items, pensionTransfer, procedures } from './fixtures.js';

export const MATERIAL_MAX_BYTES = 200_000;

/** An event on the log as an outsider reads it. */
export interface Said {
  type: string;
  caseId: string;
  headers: Record<string, string>;
  data: Record<string, unknown>;
}
export interface Answer<Body = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: Body;
}

export const clerk = (locality = '430600'): TestClaims => ({
  subject: `clerk-${locality}`,
  locality,
  roles: ['window-clerk'],
});
export const windowSystem = (locality = '430600'): TestClaims => ({
  subject: `window-${locality}`,
  system: `window-${locality}`,
  locality,
  roles: ['window-system'],
});

export type Stand = Awaited<ReturnType<typeof startStand>>;

export async function startStand({ instances = 1 } = {}) {
  const issuer = await startTestIssuer();
  const database = await testDatabase((url) => runMigrations('intake', migrations, url));
  const ofOthers = await testDatabase((url) => runMigrations('catalog', eventingMigrations, url));
  const eventLog = await testEmbeddedLog();
  const folder = await mkdtemp(join(tmpdir(), 'lianban-intake-'));

  const othersPool = new pg.Pool({ connectionString: ofOthers.databaseUrl, max: 2 });
  const others = createEventing({
    service: 'others',
    pool: othersPool,
    log: eventLog,
    publishes: [itemStream, bodyStream, procedureStream, caseStream],
    consumes: [],
  });
  await others.start();
  await others.database.transaction(async (tx) =>
    append(tx, [
      ...procedures.map((data) => newEvent(procedurePublished, { caseId: data.id, data })),
      ...bodies.map((data) => newEvent(bodyPublished, { caseId: data.id, data })),
      ...items.map((data) => newEvent(itemPublished, { caseId: data.id, data })),
    ]),
  );

  const services: RunningService[] = [];
  for (let instance = 0; instance < instances; instance++)
    services.push(
      await startService(
        intakeService({
          port: 0,
          host: '127.0.0.1',
          databaseUrl: database.databaseUrl,
          eventLog,
          oidc: { issuer: issuer.issuer, audience: issuer.audience },
          mode: 'demo',
          logLevel: process.env.SPEC_LOG ?? 'silent',
          materialsUrl: pathToFileURL(folder).href,
          materialMaxBytes: MATERIAL_MAX_BYTES,
        }),
        { signals: false },
      ),
    );
  const pool = new pg.Pool({ connectionString: database.databaseUrl, max: 2 });
  const outside = await createOutsideClient(eventLog);
  const query = async <R extends object>(text: string, values: unknown[] = []): Promise<R[]> =>
    (await pool.query<R>(text, values)).rows;
  const count = async (table: string) => (await query<{ n: number }>(`select count(*)::int as n from ${table}`))[0]!.n;
  await eventually(async () => (await count('body_copy')) === bodies.length && (await count('item_copy')) === 4);

  async function send(
    actor: TestClaims | null,
    method: string,
    path: string,
    rest: Pick<RequestInit, 'body'> & { headers?: Record<string, string> } = {},
    instance = 0,
  ): Promise<Response> {
    const token = actor && (await issuer.token(actor));
    return fetch(`${services[instance]!.url}${path}`, {
      method,
      headers: { 'accept-language': 'en', ...(token ? { authorization: `Bearer ${token}` } : {}), ...rest.headers },
      ...(rest.body === undefined ? {} : { body: rest.body }),
    });
  }
  async function http<Body = Record<string, unknown>>(
    actor: TestClaims | null,
    method: string,
    path: string,
    body?: unknown,
    instance = 0,
  ): Promise<Answer<Body>> {
    const response = await send(
      actor,
      method,
      path,
      body === undefined
        ? {}
        : {
            headers: { 'content-type': 'application/json' },
            body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
          },
      instance,
    );
    return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
  }
  async function upload(
    actor: TestClaims | null,
    bytes: Buffer,
    { name = 'scan.pdf', field = 'file', type = 'application/pdf' } = {},
  ): Promise<Answer<{ materialId: string; code?: string }>> {
    const form = new FormData();
    form.set(field, new Blob([new Uint8Array(bytes)], { type }), name);
    const response = await send(actor, 'POST', '/materials', { body: form });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as { materialId: string },
    };
  }
  let serial = 0;

  return {
    services,
    query,
    count,
    http,
    send,
    upload,
    token: (...args: Parameters<typeof issuer.token>) => issuer.token(...args),
    folder,
    /** Files of the material folder that hold content or are on their way in. */
    stored: async () =>
      (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length,

    /** An application that can be taken, under a number of its own, with materials uploaded by the place. */
    async application(change: Partial<Application> = {}): Promise<Application> {
      const locality = change.receivingLocality ?? '430600';
      const ids = [];
      for (let i = 0; i < 2; i++) ids.push((await upload(clerk(locality), files.pdf)).body.materialId);
      return {
        ...pensionTransfer(ids),
        source: { system: `window-${locality}`, number: `YY-${++serial}` },
        ...change,
      };
    },

    /** Everything said on a topic so far. */
    async said(topic: string): Promise<Said[]> {
      const records = await outside.read(topic, new Map(), { limit: 1000, waitMs: 0 });
      return records.map((record) => ({
        type: record.headers.ce_type ?? '',
        caseId: record.headers.ce_caseid ?? '',
        headers: record.headers,
        data: JSON.parse(record.value.toString()) as Record<string, unknown>,
      }));
    },
    saidOfApplications(): Promise<Said[]> {
      return this.said(applicationStream.topic);
    },
    /** Receipts about this number, in order. */
    async receipts(number: string | null): Promise<Said[]> {
      const all = await this.said(receiptStream.topic);
      return all.filter(({ data }) => (data.source as { number: string | null }).number === number);
    },

    /** A window system puts a message on the topic. */
    async emit(actor: TestClaims | null, value: unknown, options?: TestTokenOptions, name = 'authorization') {
      const token = actor && (await issuer.token(actor, options));
      await outside.publish(WINDOW_INTAKE_TOPIC, [
        {
          key: null,
          headers: token ? { [name]: `Bearer ${token}` } : {},
          value: Buffer.isBuffer(value) || typeof value === 'string' ? value : JSON.stringify(value),
        },
      ]);
    },

    /** Dispatch says how cases ended. */
    async conclude(...ends: { caseId: string; data?: Partial<CaseConcluded> }[]): Promise<void> {
      await others.database.transaction(async (tx) =>
        append(
          tx,
          ends.map(({ caseId, data }) =>
            newEvent(caseConcluded, { caseId, data: { ...caseConcluded.example, ...data } }),
          ),
        ),
      );
    },

    async stop(): Promise<void> {
      for (const service of services) await service.stop();
      await others.stop();
      await outside.close();
      await pool.end();
      await othersPool.end();
      await database.drop();
      await ofOthers.drop();
      await issuer.stop();
      await rm(folder, { recursive: true });
    },
  };
}
