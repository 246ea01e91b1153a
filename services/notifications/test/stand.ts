/** Notifications as it runs, on a real database and the embedded log, with the other services' sides of the log played by the spec, and provider simulators. */
import { randomUUID } from 'node:crypto';
import { parcelStream } from '@lianban/contracts-courier/events';
import { caseStream } from '@lianban/contracts-dispatch/events';
import { applicationReceived, applicationStream } from '@lianban/contracts-intake/events';
import { noticeStream } from '@lianban/contracts-notifications/events';
import type { EventData, EventDefinition } from '@lianban/eventing/contract';
import { createEventing, type Eventing } from '@lianban/eventing/eventing';
import { eventingMigrations } from '@lianban/eventing/migrations';
import { append, newEvent } from '@lianban/eventing/outbox';
import { createOutsideClient } from '@lianban/eventing/outside';
import { runMigrations } from '@lianban/service-kit/migrate';
import { type RunningService, startService } from '@lianban/service-kit/service';
import { eventually } from '@lianban/testing/eventually';
import { startMessages } from '@lianban/testing/simulators/messages';
import type { RunningSimulator } from '@lianban/testing/simulators/server';
import { testDatabase, testEmbeddedLog } from '@lianban/testing/test-database';
import { startTestIssuer, type TestClaims } from '@lianban/testing/tokens';
import pg from 'pg';
import { definition } from '../src/app.module.js';
import type { NotificationsConfig } from '../src/config.js';
import { migrations } from '../src/migrations/all.js';
import type { NoticeFile, NoticeView } from '../src/notice/get-notice/notice.query.js';
import { Providers } from '../src/provider/provider.js';

const key = 'messages-spec-key';
export const PHONE = '13800001234';
/** The window of the example application is in Yueyang. */
export const [RECEIVING, ELSEWHERE] = ['430600', '340100'] as const;
export const clerk = (locality: string) => ({ subject: `clerk-${locality}`, locality, roles: ['window-clerk'] });

export interface DeliveredMessage {
  messageId: string;
  key: string;
  to: string;
  text: string;
  requests: number;
}
/** What a spec says that happened to a case. */
export interface Happening {
  caseId: string;
  definition: EventDefinition;
  data: unknown;
}
export const happening = <D extends EventDefinition>(
  caseId: string,
  definition: D,
  data: Partial<EventData<D>> = {},
): Happening => ({ caseId, definition, data: { ...(definition.example as object), ...data } });

export type Stand = Awaited<ReturnType<typeof startStand>>;

/** `loops: false` sends nothing: the spec does by hand what the loops would do, and can stop in the middle. */
export async function startStand({ loops = true, instances = 1 } = {}) {
  const issuer = await startTestIssuer();
  const database = await testDatabase((url) => runMigrations('notifications', migrations, url));
  const eventLog = await testEmbeddedLog();
  const sms = await startMessages({ key });
  const email = await startMessages({ key });

  const others: { service: string; eventing: Eventing; stop(): Promise<void> }[] = [];
  for (const stream of [applicationStream, caseStream, parcelStream]) {
    const own = await testDatabase((url) => runMigrations(stream.service, eventingMigrations, url));
    const pool = new pg.Pool({ connectionString: own.databaseUrl, max: 2 });
    const eventing = createEventing({
      service: stream.service,
      pool,
      log: eventLog,
      publishes: [stream],
      consumes: [],
    });
    await eventing.start();
    others.push({
      service: stream.service,
      eventing,
      stop: async () => {
        await eventing.stop();
        await pool.end();
        await own.drop();
      },
    });
  }

  const config: NotificationsConfig = {
    port: 0,
    host: '127.0.0.1',
    databaseUrl: database.databaseUrl,
    eventLog,
    oidc: { issuer: issuer.issuer, audience: issuer.audience },
    mode: 'demo',
    logLevel: process.env.SPEC_LOG ?? 'silent',
    sending: {
      sms: { url: sms.url, key },
      email: { url: email.url, key },
      timeoutMs: 300,
      policy: { maxTries: 4, pace: { baseMs: 10, maxMs: 50 } },
      language: 'zh',
    },
  };
  const services: RunningService[] = [];
  for (let instance = 0; instance < instances; instance++) {
    const service = definition(config);
    services.push(await startService(loops ? service : { ...service, background: () => [] }, { signals: false }));
  }
  const pool = new pg.Pool({ connectionString: database.databaseUrl, max: 2 });
  const outside = await createOutsideClient(eventLog);

  async function http<Body = Record<string, unknown>>(
    actor: TestClaims | null,
    path: string,
  ): Promise<{ status: number; body: Body }> {
    const token = actor && (await issuer.token(actor));
    const response = await fetch(`${services[0]!.url}${path}`, {
      headers: { ...(token ? { authorization: `Bearer ${token}` } : {}) },
    });
    return { status: response.status, body: (await response.json()) as Body };
  }
  async function ofProvider<Body>(
    { url }: RunningSimulator,
    method: string,
    path: string,
    body?: object,
  ): Promise<Body> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { 'x-sms-key': key, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return (await response.json()) as Body;
  }
  const query = async <R extends object>(text: string, values: unknown[] = []): Promise<R[]> =>
    (await pool.query<R>(text, values)).rows;

  /** The services whose events these are publish them, in order. */
  async function tell(...happenings: Happening[]): Promise<void> {
    for (const { service, eventing } of others) {
      const own = happenings.filter(({ definition: { stream } }) => stream.service === service);
      if (own.length === 0) continue;
      await eventing.database.transaction(async (tx) =>
        append(
          tx,
          own.map(({ caseId, definition, data }) => newEvent(definition, { caseId, data })),
        ),
      );
    }
  }

  return {
    config,
    services,
    database: services[0]!.eventing.database,
    providers: new Providers(config.sending),
    http,
    query,
    tell,

    /** An application arrives; resolves with the case id once its contact is known. */
    async apply(applicant: { phone?: string; email?: string } = {}, caseId: string = randomUUID()): Promise<string> {
      await tell(
        happening(caseId, applicationReceived, {
          applicant: { ...applicationReceived.example.applicant, phone: PHONE, ...applicant },
        }),
      );
      await eventually(async () => (await query('select 1 from contact where case_id = $1', [caseId])).length === 1);
      return caseId;
    },

    /** The notices of a case, oldest first, each with every attempt. */
    async notices(caseId: string): Promise<NoticeFile[]> {
      const { body } = await http<{ items: NoticeView[] }>(clerk(RECEIVING), `/notices?caseId=${caseId}&limit=100`);
      const files = body.items.map(async ({ id }) => (await http<NoticeFile>(clerk(RECEIVING), `/notices/${id}`)).body);
      return (await Promise.all(files)).reverse();
    },

    controlSms: (order: object) => ofProvider(sms, 'PUT', '/control', order),
    controlEmail: (order: object) => ofProvider(email, 'PUT', '/control', order),
    /** What was really handed to a phone or a mailbox for these notices. */
    async delivered(notices: readonly { id: string }[]): Promise<DeliveredMessage[]> {
      const all: DeliveredMessage[] = [];
      for (const provider of [sms, email])
        all.push(...(await ofProvider<{ items: DeliveredMessage[] }>(provider, 'GET', '/messages?limit=1000')).items);
      return all.filter((message) => notices.some(({ id }) => message.key.startsWith(id)));
    },

    async said(caseId: string): Promise<{ type: string; data: Record<string, unknown> }[]> {
      const records = await outside.read(noticeStream.topic, new Map(), { limit: 1000, waitMs: 0 });
      return records
        .filter(({ headers }) => headers.ce_caseid === caseId)
        .map(({ headers, value }) => ({
          type: headers.ce_type ?? '',
          data: JSON.parse(value.toString()) as Record<string, unknown>,
        }));
    },

    async stop(): Promise<void> {
      for (const service of services) await service.stop();
      for (const other of others) await other.stop();
      await outside.close();
      await pool.end();
      await database.drop();
      await sms.stop();
      await email.stop();
      await issuer.stop();
    },
  };
}
