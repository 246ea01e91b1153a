/** The catalog as it runs, on a real database and the embedded log. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createOutsideClient } from '@lianban/eventing/outside';
import type { LogRecord } from '@lianban/eventing/log';
import { runMigrations } from '@lianban/service-kit/migrate';
import { type RunningService, startService } from '@lianban/service-kit/service';
import { testDatabase, testEmbeddedLog } from '@lianban/testing/test-database';
import { startTestIssuer, type TestClaims } from '@lianban/testing/tokens';
import pg from 'pg';
import { migrations } from '../src/migrations/all.js';
import { catalogService } from '../src/service.js';

export const DATA = fileURLToPath(new URL('../data', import.meta.url));
/** What answers of the catalog may hold; a spec reads what it asked for. */
export interface Answer {
  id: string;
  version: string;
  code: string;
  name: { zh: string; en: string };
  procedure: { id: string; version: string };
  items: Answer[];
  total: number;
  missing: string[];
  paths: Record<string, object>;
}

export type Stand = Awaited<ReturnType<typeof startStand>>;

/** A stand without a running service; `start` runs one on a copy of the checked-in data that specs may change. */
export async function startStand() {
  const issuer = await startTestIssuer();
  const database = await testDatabase((url) => runMigrations('catalog', migrations, url));
  const eventLog = await testEmbeddedLog();
  const outside = await createOutsideClient(eventLog);
  const folder = await mkdtemp(join(tmpdir(), 'catalog-'));
  await cp(DATA, folder, { recursive: true });
  const pool = new pg.Pool({ connectionString: database.databaseUrl, max: 2 });
  const services: RunningService[] = [];

  async function start(): Promise<RunningService> {
    const config = {
      port: 0,
      host: '127.0.0.1',
      databaseUrl: database.databaseUrl,
      eventLog,
      oidc: { issuer: issuer.issuer, audience: issuer.audience },
      mode: 'demo' as const,
      logLevel: process.env.SPEC_LOG ?? 'silent',
      dataFolder: folder,
    };
    const service = await startService(catalogService(config), { signals: false });
    services.push(service);
    return service;
  }

  return {
    folder,
    start,
    async edit<T>(file: string, change: (content: T) => unknown): Promise<void> {
      const content = JSON.parse(await readFile(join(folder, file), 'utf8')) as T;
      await writeFile(join(folder, file), JSON.stringify(change(content)));
    },
    async get(claims: TestClaims | null, path: string, service = services.at(-1)!) {
      const token = claims && (await issuer.token(claims));
      const response = await fetch(service.url + path, token ? { headers: { authorization: `Bearer ${token}` } } : {});
      return { status: response.status, body: (await response.json()) as Answer };
    },
    async call(claims: TestClaims | null, method: string, path: string, body: object) {
      const token = claims && (await issuer.token(claims));
      const response = await fetch(services.at(-1)!.url + path, {
        method,
        headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as Answer };
    },
    /** Everything on the topic so far. */
    published: (topic: string): Promise<LogRecord[]> => outside.read(topic, new Map(), { limit: 1_000, waitMs: 0 }),
    query: async (text: string): Promise<object[]> => (await pool.query<object>(text)).rows,
    async stop() {
      for (const service of services) await service.stop();
      await outside.close();
      await pool.end();
      await database.drop();
      await issuer.stop();
      await rm(folder, { recursive: true });
    },
  };
}
