/** The service as it runs, on a real database and the embedded log, with the other services' side of the log played by the spec. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { DynamicModule } from '@nestjs/common';
import { procedurePublished, procedureStream } from '@lianban/contracts-catalog/events';
import { parcelEvents, parcelStream } from '@lianban/contracts-courier/events';
import { caseStream, feedStream } from '@lianban/contracts-dispatch/events';
import { type ApplicationReceived, applicationReceived, applicationStream } from '@lianban/contracts-intake/events';
import { type TaskDecided, taskDecided, taskStream } from '@lianban/contracts-review/events';
import { createEventing } from '@lianban/eventing/eventing';
import { eventingMigrations } from '@lianban/eventing/migrations';
import { append, newEvent, type NewEvent } from '@lianban/eventing/outbox';
import { createOutsideClient } from '@lianban/eventing/outside';
import { runMigrations } from '@lianban/service-kit/migrate';
import { type RunningService, startService } from '@lianban/service-kit/service';
import { eventually } from '@lianban/testing/eventually';
import { testDatabase, testEmbeddedLog } from '@lianban/testing/test-database';
import { startTestIssuer, type TestClaims } from '@lianban/testing/tokens';
import pg from 'pg';
import { AppModule } from '../src/app.module.js';
import { PULSE_TIMES } from '../src/case/pulse.js';
import { wiring } from '../src/config.js';
import { migrations } from '../src/migrations/all.js';

/** A message on the log as an outsider reads it. */
export interface Said {
  type: string;
  caseId: string;
  headers: Record<string, string>;
  data: Record<string, unknown>;
}

/** One message of a stream of server-sent events; a heartbeat has only a comment. */
export interface SseMessage {
  id?: string;
  event?: string;
  data?: Record<string, unknown>;
  comment?: string;
}

export const procedure = (id: string): { id: string; version: string } =>
  JSON.parse(readFileSync(new URL(`../../catalog/data/procedures/${id}.json`, import.meta.url), 'utf8')) as {
    id: string;
    version: string;
  };

/** Short times, so that nobody waits; nothing is asserted about them. */
const times = { lookMs: 50, restMs: 5, heartbeatMs: 200 };
const moduleUnderTest: DynamicModule = {
  module: AppModule,
  providers: [{ provide: PULSE_TIMES, useValue: times }],
};

export type Stand = Awaited<ReturnType<typeof startStand>>;

export async function startStand({ instances = 1 } = {}) {
  const issuer = await startTestIssuer();
  const database = await testDatabase((url) => runMigrations('dispatch', migrations, url));
  const ofOthers = await testDatabase((url) => runMigrations('others', eventingMigrations, url));
  const eventLog = await testEmbeddedLog();

  const othersPool = new pg.Pool({ connectionString: ofOthers.databaseUrl, max: 4 });
  const others = createEventing({
    service: 'others',
    pool: othersPool,
    log: eventLog,
    publishes: [applicationStream, taskStream, parcelStream, procedureStream],
    consumes: [],
  });
  await others.start();

  const services: RunningService[] = [];
  for (let instance = 0; instance < instances; instance++)
    services.push(
      await startService(
        {
          ...wiring,
          module: () => moduleUnderTest,
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
  const outside = await createOutsideClient(eventLog);
  const pool = new pg.Pool({ connectionString: database.databaseUrl, max: 2 });

  const tell = (events: NewEvent[]): Promise<void> =>
    others.database.transaction(async (tx) => {
      append(tx, events);
    });

  async function open(
    path: string,
    actor: TestClaims | null,
    headers: Record<string, string> = {},
    signal?: AbortSignal,
  ) {
    const token = actor && (await issuer.token(actor));
    return fetch(`${services.at(-1)!.url}${path}`, {
      headers: { 'accept-language': 'en', ...headers, ...(token ? { authorization: `Bearer ${token}` } : {}) },
      ...(signal ? { signal } : {}),
    });
  }

  async function get<Body = Record<string, unknown>>(actor: TestClaims | null, path: string) {
    const response = await open(path, actor);
    // A stream that opens although the spec expects it not to must fail the spec, not hang it.
    if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
      await response.body?.cancel();
      return { status: response.status, body: {} as Body };
    }
    return { status: response.status, body: (await response.json()) as Body };
  }

  async function said(topic: string): Promise<Said[]> {
    const records = await outside.read(topic, new Map(), { limit: 5000, waitMs: 0 });
    return records.map((record) => ({
      type: record.headers.ce_type ?? '',
      caseId: record.headers.ce_caseid ?? '',
      headers: record.headers,
      data: JSON.parse(record.value.toString()) as Record<string, unknown>,
    }));
  }

  return {
    services,
    get,
    said,
    tell,
    query: async <R extends object>(text: string, values: unknown[] = []): Promise<R[]> =>
      (await pool.query<R>(text, values)).rows,
    /** What dispatch said about the case, without the feed. */
    saidAbout: async (caseId: string) => (await said(caseStream.topic)).filter((event) => event.caseId === caseId),
    feedOf: async (caseId: string) => (await said(feedStream.topic)).filter((event) => event.caseId === caseId),

    publish: (id: string, document: object = procedure(id), version = '2026.1') =>
      tell([newEvent(procedurePublished, { caseId: id, data: { id, version, document: { ...document } } })]),

    /** An application as intake announces it; resolves with the id of its case. */
    async apply(changes: Partial<ApplicationReceived> = {}): Promise<string> {
      const caseId = randomUUID();
      const data = { ...applicationReceived.example, caseNo: `LB-430600-20261124-${caseId.slice(0, 8)}`, ...changes };
      await tell([newEvent(applicationReceived, { caseId, data })]);
      return caseId;
    },

    /** The body decides the step's task as soon as dispatch has asked for it. */
    async decide(caseId: string, stepId: string, changes: Partial<TaskDecided> = {}, locality?: string): Promise<void> {
      const asked = await eventually(async () =>
        (await said(caseStream.topic)).find(
          ({ type, caseId: id, data }) =>
            type === 'dispatch.task.requested' &&
            id === caseId &&
            data.stepId === stepId &&
            (locality === undefined || (data.body as { locality: { code: string } }).locality.code === locality),
        ),
      );
      const { taskId, body } = asked.data as { taskId: string; body: TaskDecided['body'] };
      await tell([
        newEvent(taskDecided, { caseId, data: { ...taskDecided.example, taskId, stepId, body, ...changes } }),
      ]);
    },

    async parcel(caseId: string, event: (typeof parcelEvents)[number], stepId: string, attempt = 1): Promise<void> {
      const asked = await eventually(async () =>
        (await said(caseStream.topic)).find(
          ({ type, caseId: id, data }) =>
            type === 'dispatch.parcel.requested' && id === caseId && data.stepId === stepId,
        ),
      );
      const { parcelId } = asked.data as { parcelId: string };
      await tell([newEvent(event, { caseId, data: { ...event.example, parcelId, stepId, attempt } })]);
    },

    /** The case as the auditor sees it, once it looks as wanted. */
    caseWhere: (caseId: string, wanted: (view: Record<string, unknown>) => boolean) =>
      eventually(async () => {
        const { status, body } = await get({ roles: ['auditor'] }, `/cases/${caseId}`);
        return status === 200 && wanted(body) ? body : undefined;
      }),

    /** Opens a stream and collects until `enough`; then hangs up, as a client does. */
    async listen(
      actor: TestClaims,
      path: string,
      enough: (messages: SseMessage[]) => boolean,
      { lastEventId, onOpen }: { lastEventId?: string; onOpen?: () => Promise<unknown> } = {},
    ): Promise<SseMessage[]> {
      const hangUp = new AbortController();
      const response = await open(path, actor, lastEventId ? { 'last-event-id': lastEventId } : {}, hangUp.signal);
      if (response.status !== 200 || !response.headers.get('content-type')?.startsWith('text/event-stream'))
        throw new Error(`no stream: ${response.status} ${await response.text()}`);
      await onOpen?.();
      const messages: SseMessage[] = [];
      const tooLate = setTimeout(() => hangUp.abort(new Error(`only got ${JSON.stringify(messages)}`)), 20_000);
      let rest = '';
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        const blocks = (rest + chunk).split('\n\n');
        rest = blocks.pop()!;
        messages.push(...blocks.map(messageOf).filter((message) => Object.keys(message).length > 0));
        if (enough(messages)) break;
      }
      clearTimeout(tooLate);
      hangUp.abort();
      return messages;
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
    },
  };
}

function messageOf(block: string): SseMessage {
  const message: SseMessage = {};
  for (const line of block.split('\n')) {
    const [, field, value] = /^(id|event|data|): ?(.*)$/.exec(line) ?? [];
    if (field === 'data') message.data = JSON.parse(value!) as Record<string, unknown>;
    else if (field === '') message.comment = value!;
    else if (field === 'id' || field === 'event') message[field] = value!;
  }
  return message;
}
