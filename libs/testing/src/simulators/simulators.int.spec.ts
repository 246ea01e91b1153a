import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startCarrier } from './carrier.js';
import { startMessages } from './messages.js';
import type { RunningSimulator } from './server.js';

const key = 'spec-key-0001';
const running: RunningSimulator[] = [];
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'simulators-'));
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.stop()));
});
afterAll(() => rm(folder, { recursive: true }));

const messages = async (stateFile?: string) => {
  const simulator = await startMessages({ key, ...(stateFile ? { stateFile } : {}) });
  running.push(simulator);
  return simulator;
};
const carrier = async (stateFile?: string) => {
  const simulator = await startCarrier({ key, paceMs: 5, ...(stateFile ? { stateFile } : {}) });
  running.push(simulator);
  return simulator;
};
/** What any of the answers may hold. */
interface Body {
  messageId: string;
  waybill: string;
  total: number;
  items: { key: string }[];
  events: { n: number; kind: string; waybill: string; place: string; signedBy?: string }[];
}
const call = async (
  { url }: RunningSimulator,
  method: string,
  path: string,
  body?: object,
  idempotencyKey?: string,
  timeoutMs = 5_000,
) => {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      'x-carrier-key': key,
      'x-sms-key': key,
      connection: 'close',
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...(idempotencyKey ? { 'idempotency-key': idempotencyKey } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: AbortSignal.timeout(timeoutMs),
  });
  return { status: response.status, body: JSON.parse(await response.text()) as Body };
};
const sms = { to: '13800000000', text: '您好' };
const parcel = {
  from: { code: '371300', name: '临沂市' },
  to: { code: '430600', name: '岳阳市' },
  sealNo: 'FH-1',
  things: ['转入确认通知书'],
  payer: 'competent',
};
/** All events of the carrier once `kind` is among them. */
async function eventsUntil(simulator: RunningSimulator, kind: string) {
  for (;;) {
    const { body } = await call(simulator, 'GET', '/events?after=0&limit=1000');
    if (body.events.some((event) => event.kind === kind)) return body.events;
  }
}

describe('the message simulator', () => {
  it('refuses a wrong key everywhere, controls included', async () => {
    const simulator = await messages();
    for (const [method, path] of [
      ['GET', '/messages'],
      ['POST', '/messages'],
      ['PUT', '/control'],
    ] as const) {
      expect((await fetch(`${simulator.url}${path}`, { method, headers: { 'x-sms-key': 'wrong' } })).status).toBe(401);
    }
  });

  it('hands a message over once however often its key comes, and refuses the key for another text', async () => {
    const simulator = await messages();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => call(simulator, 'POST', '/messages', sms, 'n1:sms')),
    );
    expect(new Set(answers.map(({ body }) => body.messageId)).size).toBe(1);
    expect((await call(simulator, 'POST', '/messages', { ...sms, text: 'other' }, 'n1:sms')).status).toBe(422);
    const { body } = await call(simulator, 'GET', '/messages');
    expect(body).toMatchObject({ total: 1, items: [{ ...sms, key: 'n1:sms', requests: 21 }] });
  });

  it('fails, stalls and hangs up as often as it was told, then works again', async () => {
    const simulator = await messages();
    await call(simulator, 'PUT', '/control', { mode: 'fail', count: 2 });
    expect((await call(simulator, 'POST', '/messages', sms, 'a')).status).toBe(503);
    expect((await call(simulator, 'POST', '/messages', sms, 'a')).status).toBe(503);
    expect((await call(simulator, 'POST', '/messages', sms, 'a')).status).toBe(201);
    await call(simulator, 'PUT', '/control', { mode: 'stall' });
    await expect(call(simulator, 'POST', '/messages', sms, 'b', 100)).rejects.toMatchObject({ name: 'TimeoutError' });
    await call(simulator, 'PUT', '/control', { mode: 'drop' });
    await expect(call(simulator, 'POST', '/messages', sms, 'c')).rejects.toThrow('fetch failed');
    const { body } = await call(simulator, 'GET', '/messages');
    expect(body.items.map((item) => item.key)).toEqual(['a', 'c']);
  });

  it('answers twice for one message', async () => {
    const simulator = await messages();
    await call(simulator, 'PUT', '/control', { mode: 'twice' });
    expect((await call(simulator, 'POST', '/messages', sms, 'a')).status).toBe(201);
    expect((await call(simulator, 'GET', '/messages')).body.total).toBe(1);
  });

  it('knows after a restart what it confirmed, even behind a line that a kill cut short', async () => {
    const file = join(folder, 'messages.jsonl');
    const first = await messages(file);
    const { body } = await call(first, 'POST', '/messages', sms, 'a');
    await running.pop()!.stop();
    await appendFile(file, '{"delivered":{"messageId":"MSG');
    const second = await messages(file);
    expect((await call(second, 'POST', '/messages', sms, 'a')).body).toEqual(body);
    await call(second, 'POST', '/messages', sms, 'b');
    await running.pop()!.stop();
    expect((await call(await messages(file), 'GET', '/messages')).body.total).toBe(2);
  });
});

describe('the carrier simulator', () => {
  it('gives one waybill per key and moves the parcel to its end, numbering the events without a gap', async () => {
    const simulator = await carrier();
    const waybills = await Promise.all(
      Array.from({ length: 10 }, () => call(simulator, 'POST', '/waybills', parcel, 'p:1')),
    );
    expect(new Set(waybills.map(({ body }) => body.waybill)).size).toBe(1);
    const events = await eventsUntil(simulator, 'delivered');
    expect(events.map(({ kind }) => kind)).toEqual(['posted', 'moved', 'moved', 'delivered']);
    expect(events.map(({ n }) => n)).toEqual([1, 2, 3, 4]);
    expect(events.at(-1)).toMatchObject({ signedBy: '岳阳市', place: '岳阳市' });
  });

  it('loses and returns the next parcels when told to, in that order', async () => {
    const simulator = await carrier();
    await call(simulator, 'PUT', '/control', { fate: 'lose', count: 1 });
    await call(simulator, 'PUT', '/control', { fate: 'return', count: 1 });
    const lost = await call(simulator, 'POST', '/waybills', parcel, 'p:1');
    const returned = await call(simulator, 'POST', '/waybills', parcel, 'q:1');
    await call(simulator, 'POST', '/waybills', parcel, 'r:1');
    const events = await eventsUntil(simulator, 'delivered');
    const last = (waybill: string) => events.filter((event) => event.waybill === waybill).at(-1)!.kind;
    expect(last(lost.body.waybill)).toBe('lost');
    expect(last(returned.body.waybill)).toBe('returned');
  });

  it('goes on after a restart where it stood: same waybill, no event twice', async () => {
    const file = join(folder, 'carrier.jsonl');
    const first = await carrier(file);
    await call(first, 'PUT', '/control', { fate: 'lose', count: 1 });
    const { body } = await call(first, 'POST', '/waybills', parcel, 'p:1');
    await running.pop()!.stop();
    const second = await carrier(file);
    expect((await call(second, 'POST', '/waybills', parcel, 'p:1')).body).toEqual(body);
    const events = await eventsUntil(second, 'lost');
    expect(events.map(({ kind }) => kind)).toEqual(['posted', 'moved', 'lost']);
    await call(second, 'POST', '/waybills', parcel, 'q:1');
    expect((await eventsUntil(second, 'delivered')).map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
});
