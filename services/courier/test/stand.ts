/** Courier as it runs, on a real database and the embedded log, with dispatch's side of the log played by the spec and the carrier simulator. */
import { randomUUID } from 'node:crypto';
import { caseStream, type ParcelRequested, parcelRequested } from '@lianban/contracts-dispatch/events';
import { parcelStream, type ParcelStation } from '@lianban/contracts-courier/events';
import { createEventing } from '@lianban/eventing/eventing';
import { eventingMigrations } from '@lianban/eventing/migrations';
import { append, newEvent } from '@lianban/eventing/outbox';
import { createOutsideClient } from '@lianban/eventing/outside';
import { runMigrations } from '@lianban/service-kit/migrate';
import { type RunningService, startService } from '@lianban/service-kit/service';
import { eventually } from '@lianban/testing/eventually';
import { startCarrier } from '@lianban/testing/simulators/carrier';
import { testDatabase, testEmbeddedLog } from '@lianban/testing/test-database';
import { startTestIssuer, type TestClaims } from '@lianban/testing/tokens';
import pg from 'pg';
import { definition } from '../src/app.module.js';
import { Carrier } from '../src/carrier/carrier.js';
import type { CourierConfig } from '../src/config.js';
import { migrations } from '../src/migrations/all.js';
import type { ParcelFile } from '../src/parcel/get-parcel/parcel.query.js';

const key = 'carrier-spec-key';
/** The example parcel goes from Linyi to the window in Yueyang. */
export const desk = (locality: string) => ({ subject: `desk-${locality}`, locality, roles: ['courier-desk'] });
export const [SENDER, RECEIVER, ELSEWHERE] = ['371300', '430600', '340100'] as const;

export type Stand = Awaited<ReturnType<typeof startStand>>;

/** `loops: false` leaves the carrier alone: the spec does by hand what the loops would do, and can stop in the middle. */
export async function startStand({ loops = true, instances = 1 } = {}) {
  const issuer = await startTestIssuer();
  const database = await testDatabase((url) => runMigrations('courier', migrations, url));
  const ofDispatch = await testDatabase((url) => runMigrations('dispatch', eventingMigrations, url));
  const eventLog = await testEmbeddedLog();
  const carrier = await startCarrier({ key, paceMs: 20 });

  const dispatchPool = new pg.Pool({ connectionString: ofDispatch.databaseUrl, max: 2 });
  const dispatch = createEventing({
    service: 'dispatch',
    pool: dispatchPool,
    log: eventLog,
    publishes: [caseStream],
    consumes: [],
  });
  await dispatch.start();

  const config: CourierConfig = {
    port: 0,
    host: '127.0.0.1',
    databaseUrl: database.databaseUrl,
    eventLog,
    oidc: { issuer: issuer.issuer, audience: issuer.audience },
    mode: 'demo',
    logLevel: process.env.SPEC_LOG ?? 'silent',
    carrier: { url: carrier.url, key, timeoutMs: 300, pollMs: 20, backoff: { baseMs: 10, maxMs: 100 } },
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
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: Body }> {
    const token = actor && (await issuer.token(actor));
    const response = await fetch(`${services[0]!.url}${path}`, {
      method,
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Body };
  }
  async function ofCarrier<Body>(method: string, path: string, body?: object): Promise<Body> {
    const response = await fetch(`${carrier.url}${path}`, {
      method,
      headers: { 'x-carrier-key': key, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return (await response.json()) as Body;
  }
  const query = async <R extends object>(text: string, values: unknown[] = []): Promise<R[]> =>
    (await pool.query<R>(text, values)).rows;

  return {
    config,
    services,
    database: services[0]!.eventing.database,
    carrier: new Carrier(config.carrier),
    http,
    query,

    /** Dispatch asks for parcels, each of a case of its own; resolves when all are at the desk. */
    async request(...wishes: Partial<ParcelRequested>[]): Promise<{ parcelId: string; caseId: string }[]> {
      const asked = wishes.map((wish) => ({
        caseId: randomUUID(),
        data: { ...parcelRequested.example, parcelId: randomUUID(), ...wish },
      }));
      await dispatch.database.transaction(async (tx) =>
        append(
          tx,
          asked.map(({ caseId, data }) => newEvent(parcelRequested, { caseId, data })),
        ),
      );
      const ids = asked.map(({ data }) => data.parcelId);
      await eventually(
        async () => (await query('select 1 from parcel where id = any($1::uuid[])', [ids])).length === ids.length,
      );
      return asked.map(({ caseId, data }) => ({ caseId, parcelId: data.parcelId }));
    },

    /** The parcel's file as its sender sees it. */
    file: async (parcelId: string): Promise<ParcelFile> =>
      (await http<ParcelFile>(desk(SENDER), 'GET', `/parcels/${parcelId}`)).body,
    command: (parcelId: string, action: string, body?: object) =>
      http<ParcelFile & { code?: string }>(desk(SENDER), 'POST', `/parcels/${parcelId}/${action}`, body),

    control: (order: object) => ofCarrier('PUT', '/control', order),
    /** Every waybill the carrier ever gave. */
    waybills: async () =>
      (await ofCarrier<{ items: { waybill: string; key: string }[] }>('GET', '/waybills?limit=1000')).items,

    /** Types and data of everything published about parcels, in order. */
    async said(parcelId?: string): Promise<{ type: string; data: ParcelStation }[]> {
      const records = await outside.read(parcelStream.topic, new Map(), { limit: 1000, waitMs: 0 });
      return records
        .map(({ headers, value }) => ({
          type: headers.ce_type ?? '',
          data: JSON.parse(value.toString()) as ParcelStation,
        }))
        .filter(({ data }) => parcelId === undefined || data.parcelId === parcelId);
    },

    async stop(): Promise<void> {
      for (const service of services) await service.stop();
      await carrier.stop();
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
