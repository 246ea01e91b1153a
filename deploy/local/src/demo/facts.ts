/** Collects what the books are judged by: from the services as their auditor sees them, their databases, the log and the simulated providers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { bodyStream, itemStream, procedureStream } from '@lianban/contracts-catalog/events';
import { parcelStream } from '@lianban/contracts-courier/events';
import { caseStream, feedStream } from '@lianban/contracts-dispatch/events';
import { applicationStream, receiptStream, WINDOW_INTAKE_TOPIC } from '@lianban/contracts-intake/events';
import { noticeStream } from '@lianban/contracts-notifications/events';
import { BACKOFFICE_RESULTS_TOPIC, localityTasksTopic, taskStream } from '@lianban/contracts-review/events';
import type { OutsideClient } from '@lianban/eventing/outside';
import { ask } from '@lianban/testing/postgres';
import { SERVICES } from '../system/services.js';
import type { System } from '../system/system.js';
import { type Facts, unread } from './books.js';
import { readAll, type SeenEvent, toEvent } from './follow.js';
import type { Http } from './http.js';
import { outcomeOf } from './plan.js';
import type { Play } from './play.js';

/** How long the last notices and events may take after the last case, counted from the last change. */
const QUIET_LIMIT_MS = 60_000;

/** Waits until nothing is on its way any more; what still is when nothing moves for a minute is for the books to tell. */
export async function untilQuiet(system: System, http: Http): Promise<void> {
  let last = '';
  let movedAt = performance.now();
  while (performance.now() - movedAt < QUIET_LIMIT_MS) {
    const [tables, due] = await Promise.all([
      eventingTables(system),
      http.get<{ total: number }>(`${system.urls.notifications}/notices?status=due&limit=1`, system.token('auditor')),
    ]);
    const unsent = tables.outbox.filter(({ last, published }) => published < last);
    const behind = unread(tables);
    const now = JSON.stringify([unsent, behind, due.total]);
    if (unsent.length === 0 && behind.length === 0 && due.total === 0) return;
    if (now !== last) movedAt = performance.now();
    last = now;
    await sleep(200);
  }
}

export async function collect(system: System, play: Play, localities: readonly string[]): Promise<Facts> {
  const { http, client } = play;
  const auditor = system.token('auditor');
  const list = <T>(url: string) => http.list<T>(url, auditor);
  const { urls } = system;
  const ours = play.ledger.all();
  const isOurs = ({ caseId }: { caseId: string }) => play.ledger.find(caseId) !== undefined;
  const certified = await certifiedItems(system, http);
  const [log, outside] = [
    await readLog(client, [...topics, ...localities.map(localityTasksTopic)]),
    await lastOffsets(client, [WINDOW_INTAKE_TOPIC, BACKOFFICE_RESULTS_TOPIC]),
  ];
  return {
    ours: ours.map(({ caseId, caseNo, number, plan }) => ({
      caseId,
      caseNo,
      number,
      expected: outcomeOf(plan),
      certified: certified.has(plan.item),
    })),
    receipts: log
      .filter(({ type }) => type === 'intake.receipt.issued')
      .map(({ caseId, data }) => ({ caseId, number: (data.source as { number: string }).number })),
    applications: (
      await list<{ caseId: string; caseNo: string; source: { number: string } }>(`${urls.intake}/applications`)
    ).map(({ caseId, caseNo, source }) => ({ caseId, caseNo, number: source.number })),
    cases: await list<Facts['cases'][number]>(`${urls.dispatch}/cases`),
    feed: log
      .filter(({ topic }) => topic === feedStream.topic)
      .map(({ caseId, data }) => ({
        caseId,
        n: Number(data.n),
        status: String(data.status),
      })),
    certificates: await list(`${urls.review}/certificates`),
    parcels: (await list<Facts['parcels'][number]>(`${urls.courier}/parcels`)).filter(isOurs),
    waybills: await simulated(http, `${urls.carrier}/waybills`, 'x-carrier-key', system.keys.carrier),
    notices: await list(`${urls.notifications}/notices`),
    messages: await simulated(http, `${urls.messages}/messages`, 'x-sms-key', system.keys.sms),
    log: log.map(({ topic, partition, offset, id, source, lane, seq }) => ({
      topic,
      partition,
      offset: Number(offset),
      id,
      stream: source.replace(/^lianban\//, ''),
      lane,
      seq,
    })),
    compacted: [itemStream, bodyStream, procedureStream].map(({ name }) => name),
    outside,
    ...(await eventingTables(system)),
    health: await Promise.all(
      SERVICES.map(async (service) => {
        const [letters, { body }, metrics] = await Promise.all([
          http.list<{ state: string }>(`${urls[service]}/dead-letters`, auditor),
          http.call<{ missing: string[] }>(`${urls[service]}/health/ready`),
          fetch(`${urls[service]}/metrics`).then((answer) => answer.text()),
        ]);
        return {
          service,
          missing: body.missing,
          deadLetters: letters.filter(({ state }) => state === 'open').length,
          parkedCases: Number(/^lianban_parked_cases\{[^}]*\} (\d+)$/m.exec(metrics)?.[1]),
        };
      }),
    ),
  };
}

/** Items whose procedure issues a certificate. */
async function certifiedItems(system: System, http: Http): Promise<Set<string>> {
  const [url, token] = [system.urls.catalog, system.token('auditor')];
  const items = await http.list<{ id: string; procedure: { id: string; version: string } }>(`${url}/items`, token);
  const certified = new Set<string>();
  for (const { id, procedure } of items) {
    const { steps } = await http.get<{ steps: { produces?: { certificate: object | null }[] }[] }>(
      `${url}/procedures/${procedure.id}/${procedure.version}`,
      token,
    );
    if (steps.some(({ produces }) => produces?.some(({ certificate }) => certificate))) certified.add(id);
  }
  return certified;
}

const streams = [
  ...[itemStream, bodyStream, procedureStream, applicationStream, receiptStream],
  ...[caseStream, feedStream, taskStream, parcelStream, noticeStream],
];
const topics = streams.flatMap(({ topic }) => (topic === undefined ? [] : [topic]));

async function readLog(client: OutsideClient, names: readonly string[]): Promise<SeenEvent[]> {
  const perTopic: SeenEvent[][] = [];
  for (const name of names) perTopic.push((await readAll(client, name)).map(toEvent));
  return perTopic.flat();
}

async function lastOffsets(client: OutsideClient, names: readonly string[]): Promise<Facts['outside']> {
  const last = new Map<string, Facts['outside'][number]>();
  for (const topic of names) {
    for (const { partition, offset } of await readAll(client, topic))
      last.set(`${topic} ${partition}`, { topic, partition, last: Number(offset) });
  }
  return [...last.values()];
}

/** What each service has numbered, sent and applied. */
async function eventingTables(system: System): Promise<Pick<Facts, 'outbox' | 'marks'>> {
  const perService = await Promise.all(
    SERVICES.map((service) =>
      ask(system.databases[service], async (client) => ({
        outbox: (
          await client.query<Facts['outbox'][number]>(
            `select $1 as service, stream, lane, next_seq::int - 1 as last, published_seq::int as published from outbox_lane`,
            [service],
          )
        ).rows,
        marks: (
          await client.query<Facts['marks'][number]>(
            `select $1 as service, source as stream, topic, partition, last_seq::int as seq from consumer_mark`,
            [service],
          )
        ).rows,
      })),
    ),
  );
  return {
    outbox: perService.flatMap(({ outbox }) => outbox),
    marks: perService.flatMap(({ marks }) => marks),
  };
}

/** Everything a simulated provider has on record. */
async function simulated<T>(http: Http, url: string, header: string, key: string): Promise<T[]> {
  const items: T[] = [];
  for (;;) {
    const { body } = await http.call<{ items: T[]; total: number }>(`${url}?limit=1000&offset=${items.length}`, {
      headers: { [header]: key },
    });
    items.push(...body.items);
    if (body.items.length === 0 || items.length >= body.total) return items;
  }
}
