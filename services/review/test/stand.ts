/** The service as it runs, on a real database and the embedded log, with dispatch's side of the log played by the spec. */
import { randomUUID } from 'node:crypto';
import type { Actor } from '@lianban/access/actor';
import { caseStream, type TaskRequested, taskRecalled, taskRequested } from '@lianban/contracts-dispatch/events';
import { BACKOFFICE_RESULTS_TOPIC, localityTasksTopic, taskStream } from '@lianban/contracts-review/events';
import { createEventing } from '@lianban/eventing/eventing';
import { eventingMigrations } from '@lianban/eventing/migrations';
import { append, newEvent } from '@lianban/eventing/outbox';
import { createOutsideClient } from '@lianban/eventing/outside';
import { runMigrations } from '@lianban/service-kit/migrate';
import { type RunningService, startService } from '@lianban/service-kit/service';
import { eventually } from '@lianban/testing/eventually';
import { testDatabase, testEmbeddedLog } from '@lianban/testing/test-database';
import { startTestIssuer } from '@lianban/testing/tokens';
import pg from 'pg';
import { AppModule } from '../src/app.module.js';
import { wiring } from '../src/config.js';
import { migrations } from '../src/migrations/all.js';

/** A message on the log as an outsider reads it. */
export interface Said {
  type: string;
  caseId: string;
  headers: Record<string, string>;
  data: Record<string, unknown>;
}

export interface Answer<Body = Record<string, unknown>> {
  status: number;
  body: Body;
}

/** Two places; each has two bodies. */
export const linyi = {
  code: '371300',
  name: { zh: '临沂市', en: 'Linyi' },
};
export const hefei = {
  code: '340100',
  name: { zh: '合肥市', en: 'Hefei' },
};
export const bodyOf = (locality: typeof linyi, fn: string) => ({
  id: `${locality.code}-${fn}`,
  name: { zh: `${locality.name.zh}${fn}`, en: `${locality.name.en} ${fn}` },
  function: fn,
  locality,
});
export const backOffice = (locality: string, fn = 'social-insurance', subject = `backoffice-${locality}-${fn}`) => ({
  subject,
  locality,
  body: `${locality}-${fn}`,
  roles: ['back-office'] as const,
});
export const reviewer = (subject: string, locality = '371300', fn = 'social-insurance') => ({
  subject,
  name: `${subject} by name`,
  locality,
  body: `${locality}-${fn}`,
  roles: ['reviewer'] as const,
});
/** What an approval has to issue for the task to be one with a certificate. */
export const issuing = (prefix = 'ZR', kind = 'pension-transfer-notice'): Pick<TaskRequested, 'produces'> => ({
  produces: [{ document: { zh: '转入确认通知书', en: 'Notice of transfer' }, certificate: { kind, prefix } }],
});

export type Stand = Awaited<ReturnType<typeof startStand>>;

export async function startStand({ instances = 1 } = {}) {
  const issuer = await startTestIssuer();
  const database = await testDatabase((url) => runMigrations('review', migrations, url));
  const ofDispatch = await testDatabase((url) => runMigrations('dispatch', eventingMigrations, url));
  const eventLog = await testEmbeddedLog();

  const dispatchPool = new pg.Pool({ connectionString: ofDispatch.databaseUrl, max: 2 });
  const dispatch = createEventing({
    service: 'dispatch',
    pool: dispatchPool,
    log: eventLog,
    publishes: [caseStream],
    consumes: [],
  });
  await dispatch.start();

  const services: RunningService[] = [];
  for (let instance = 0; instance < instances; instance++) {
    services.push(
      await startService(
        {
          ...wiring,
          module: () => AppModule,
          config: {
            port: 0,
            host: '127.0.0.1',
            databaseUrl: database.databaseUrl,
            eventLog,
            oidc: { issuer: issuer.issuer, audience: issuer.audience },
            mode: 'demo',
            logLevel: process.env.SPEC_LOG ?? 'silent',
          },
        },
        { signals: false },
      ),
    );
  }
  const pool = new pg.Pool({ connectionString: database.databaseUrl, max: 2 });
  const outside = await createOutsideClient(eventLog);

  /** Everything said on a topic so far. */
  async function said(topic: string): Promise<Said[]> {
    const records = await outside.read(topic, new Map(), { limit: 1000, waitMs: 0 });
    return records.map((record) => ({
      type: record.headers.ce_type ?? '',
      caseId: record.headers.ce_caseid ?? '',
      headers: record.headers,
      data: JSON.parse(record.value.toString()) as Record<string, unknown>,
    }));
  }

  async function http<Body = Record<string, unknown>>(
    actor: Partial<Actor> | { roles: readonly string[] } | null,
    method: string,
    path: string,
    body?: unknown,
    instance = 0,
  ): Promise<Answer<Body>> {
    const token = actor && (await issuer.token(actor));
    const response = await fetch(`${services[instance]!.url}${path}`, {
      method,
      headers: {
        'accept-language': 'en',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Body };
  }

  const query = async <R extends object>(text: string, values: unknown[] = []): Promise<R[]> =>
    (await pool.query<R>(text, values)).rows;
  const taskIsThere = (id: string, status: string) =>
    eventually(
      async () => (await query(`select 1 from task where id = $1 and status = $2`, [id, status])).length === 1,
    );

  /** Keeps the task's row locked until `waiting` sessions of the service queue behind it, so that what `work` starts really meets. */
  async function meetingAt<T>(taskId: string, waiting: number, work: () => Promise<T>): Promise<T> {
    const client = await pool.connect();
    try {
      await client.query('begin');
      await client.query('select 1 from task where id = $1 for update', [taskId]);
      const result = work();
      await eventually(async () => {
        const [row] = await query<{ n: number }>(
          `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return row!.n >= waiting;
      });
      await client.query('rollback');
      return await result;
    } finally {
      client.release();
    }
  }

  return {
    services,
    meetingAt,
    query,
    http,
    said,
    token: (...args: Parameters<typeof issuer.token>) => issuer.token(...args),
    saidAboutTasks: () => said(taskStream.topic),
    saidTo: (locality: string) => said(localityTasksTopic(locality)),

    /** Dispatch asks for tasks, each of a case of its own; resolves when all are open. */
    async request(...wishes: Partial<TaskRequested>[]): Promise<{ taskId: string; caseId: string }[]> {
      const asked = wishes.map((wish) => ({
        caseId: randomUUID(),
        data: { ...taskRequested.example, taskId: randomUUID(), ...wish },
      }));
      await dispatch.database.transaction(async (tx) => {
        append(
          tx,
          asked.map(({ caseId, data }) => newEvent(taskRequested, { caseId, data })),
        );
      });
      for (const { data } of asked) await taskIsThere(data.taskId, 'open');
      return asked.map(({ caseId, data }) => ({ caseId, taskId: data.taskId }));
    },

    /** Dispatch says anything about cases. */
    async tell(
      ...events: { caseId: string; requested?: TaskRequested; recalled?: { taskId: string; reason: string } }[]
    ): Promise<void> {
      await dispatch.database.transaction(async (tx) => {
        append(
          tx,
          events.map(({ caseId, requested, recalled }) =>
            requested
              ? newEvent(taskRequested, { caseId, data: requested })
              : newEvent(taskRecalled, {
                  caseId,
                  data: { ...taskRecalled.example, ...recalled },
                }),
          ),
        );
      });
    },

    /** A back office puts a message on the results topic. */
    async send(
      actor: Partial<Actor> | { roles: readonly string[] } | null,
      value: unknown,
      token?: string,
    ): Promise<void> {
      const bearer = token ?? (actor && (await issuer.token(actor)));
      await outside.publish(BACKOFFICE_RESULTS_TOPIC, [
        {
          key: null,
          headers: bearer ? { authorization: `Bearer ${bearer}` } : {},
          value: Buffer.isBuffer(value) || typeof value === 'string' ? value : JSON.stringify(value),
        },
      ]);
    },

    async stop(): Promise<void> {
      for (const service of services) await service.stop();
      await dispatch.stop();
      await outside.close();
      await pool.end();
      await dispatchPool.end();
      await database.drop();
      await ofDispatch.drop();
      await issuer.stop();
    },
  };
}
