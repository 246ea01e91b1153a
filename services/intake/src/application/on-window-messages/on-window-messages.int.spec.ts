import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { IssuerUnavailable } from '@lianban/access/verify';
import { WINDOW_INTAKE_TOPIC } from '@lianban/contracts-intake/events';
import type { OutsideMessage } from '@lianban/eventing/envelope';
import { isTransient } from '@lianban/eventing/pg-errors';
import { eventually } from '@lianban/testing/eventually';
import type { TestClaims, TestTokenOptions } from '@lianban/testing/tokens';
import { badInput } from '../../../test/bad-input.js';
import { clerk, type Said, type Stand, startStand, windowSystem } from '../../../test/stand.js';
import { CatalogCopy } from '../../catalog-copy/catalog.store.js';
import { OnWindowMessages } from './on-window-messages.controller.js';

let stand: Stand;
beforeAll(async () => (stand = await startStand({ instances: 2 })));
afterAll(() => stand.stop());

/** The receipts about a number, once there are as many. */
const receipts = (number: string | null, count = 1): Promise<Said[]> =>
  eventually(async () => {
    const found = await stand.receipts(number);
    return found.length >= count && found;
  });
let sent = 0;
const emit: Stand['emit'] = async (...args) => {
  sent++;
  await stand.emit(...args);
};

describe('window.intake.v1', () => {
  it('takes an application as POST /applications does', async () => {
    const application = await stand.application();
    await emit(windowSystem(), application);
    const [receipt] = await receipts(application.source.number);
    expect(receipt).toMatchObject({ type: 'intake.receipt.issued', data: { source: application.source } });
    const again = await stand.http(windowSystem(), 'POST', '/applications', application);
    expect(again).toMatchObject({
      status: 200,
      body: { caseId: receipt!.caseId, caseNo: receipt!.data.caseNo, receiptNo: receipt!.data.receiptNo },
    });
  });

  it('answers a message that is sent again with the same receipt, and makes no second case', async () => {
    const application = await stand.application();
    for (let i = 0; i < 3; i++) await emit(windowSystem(), application);
    const found = await receipts(application.source.number, 3);
    expect(new Set(found.map(({ data }) => JSON.stringify(data))).size).toBe(1);
    expect(
      await stand.query('select from application where source_number = $1', [application.source.number]),
    ).toHaveLength(1);
  });

  it('rejects a number that stands for other content', async () => {
    const application = await stand.application();
    await emit(windowSystem(), application);
    await receipts(application.source.number);
    await emit(windowSystem(), { ...application, form: { origin: '371300', destination: '340100' } });
    const found = await receipts(application.source.number, 2);
    expect(found.map(({ type }) => type).sort()).toEqual(['intake.receipt.issued', 'intake.receipt.rejected']);
    expect(found.find(({ type }) => type === 'intake.receipt.rejected')!.data).toMatchObject({
      source: application.source,
      code: 'application.number-reused',
      title: { zh: expect.any(String), en: expect.any(String) },
    });
  });

  it.each(badInput)('rejects %s: %s, and stores nothing', async (_, code, change) => {
    const good = await stand.application();
    await emit(windowSystem(), change(good));
    const [receipt] = await receipts(good.source.number);
    expect(receipt).toMatchObject({ type: 'intake.receipt.rejected', data: { source: good.source, code } });
    expect(JSON.stringify(receipt!.data)).not.toContain(good.applicant.phone);
    expect(await stand.query('select from submission where source_number = $1', [good.source.number])).toEqual([]);
  });

  it.each<[string, (good: string) => Buffer, string]>([
    ['broken JSON', () => Buffer.from('{"source":'), 'message.invalid'],
    ['nothing', () => Buffer.alloc(0), 'message.invalid'],
    ['broken UTF-8', (good) => Buffer.concat([Buffer.from(good), Buffer.from([0xe5])]), 'message.invalid'],
    ['a text', () => Buffer.from('"hello"'), 'message.invalid'],
    ['a prototype', () => Buffer.from('{"__proto__":{"item":"x"}}'), 'request.invalid'],
    ['100,000 levels', () => Buffer.from(`${'['.repeat(1e5)}${']'.repeat(1e5)}`), 'message.invalid'],
    ['1e400', () => Buffer.from('{"form":{"a":1e400}}'), 'request.invalid'],
    ['5 MB', () => Buffer.alloc(5_000_000, ' '), 'message.too-large'],
  ])('rejects %s, tells the sender and goes on', async (_, bytes, code) => {
    const before = (await stand.receipts(null)).length;
    await emit(windowSystem(), bytes(JSON.stringify(await stand.application())));
    const found = await receipts(null, before + 1);
    expect(found.at(-1)!.type).toBe('intake.receipt.rejected');
    expect(found.map(({ data }) => data)).toContainEqual(
      expect.objectContaining({ source: { system: 'window-430600', number: null }, code }),
    );
  });

  it('counts the last of a repeated name', async () => {
    const application = await stand.application();
    await emit(windowSystem(), JSON.stringify(application).replace('{', '{"item":"moon-transfer",'));
    expect((await receipts(application.source.number))[0]!.type).toBe('intake.receipt.issued');
  });

  it.each<[string, TestClaims | null, TestTokenOptions, string]>([
    ['no token', null, {}, 'access.token-required'],
    ['a forged token', windowSystem(), { forged: true }, 'access.token-required'],
    ['a token for another service', windowSystem(), { audience: 'other' }, 'access.token-required'],
    ['an expired token', windowSystem(), { issuedIn: -7200, expiresIn: -3600 }, 'access.token-required'],
    ['the token of a reviewer', { locality: '430600', roles: ['reviewer'] }, {}, 'access.denied'],
    ['a clerk’s token of another place', clerk('371300'), {}, 'access.denied'],
  ])('rejects an application with %s', async (_, actor, options, code) => {
    const application = await stand.application();
    await emit(actor, application, options);
    expect((await receipts(application.source.number))[0]!.data).toMatchObject({ source: application.source, code });
    expect(await stand.query('select from submission where source_number = $1', [application.source.number])).toEqual(
      [],
    );
  });

  it('tells a system that sent in another’s name, and not that other one', async () => {
    const application = await stand.application();
    const before = (await stand.receipts(null)).length;
    await emit(windowSystem('371300'), application);
    const found = await receipts(null, before + 1);
    expect(found.map(({ data }) => data)).toContainEqual(
      expect.objectContaining({ source: { system: 'window-371300', number: null }, code: 'access.denied' }),
    );
    expect(await stand.receipts(application.source.number)).toEqual([]);
  });

  it('reads the header’s name in any case', async () => {
    const application = await stand.application();
    await emit(windowSystem(), application, {}, 'Authorization');
    expect((await receipts(application.source.number))[0]!.type).toBe('intake.receipt.issued');
  });

  it('takes every good message among bad ones, each exactly once', async () => {
    const good = await stand.application();
    const numbers = Array.from({ length: 40 }, (_, i) => `mixed-${i}`);
    await Promise.all(
      numbers.map((number, i) =>
        emit(windowSystem(), i % 4 === 0 ? '{{{' : { ...good, source: { ...good.source, number } }),
      ),
    );
    await eventually(
      async () => (await stand.query(`select from application where source_number like 'mixed-%'`)).length === 30,
    );
    await eventually(async () => (await stand.query('select from answered_message')).length === sent);
    const found = (await Promise.all(numbers.map((number) => stand.receipts(number)))).flat();
    expect(found).toHaveLength(30);
    expect(await stand.count('dead_letter')).toBe(0);
  });
});

describe('a message that the log hands over again', () => {
  const messageOf = async (value: unknown): Promise<OutsideMessage> => ({
    topic: WINDOW_INTAKE_TOPIC,
    partition: 3,
    offset: String(Math.floor(Math.random() * 1e9) + 1e6),
    key: null,
    headers: { authorization: `Bearer ${await stand.token(windowSystem())}` },
    value: Buffer.from(JSON.stringify(value)),
    appendedAt: new Date(),
  });
  const deliver = (messages: OutsideMessage[]) => {
    const { app, eventing } = stand.services[0]!;
    return eventing.database.transaction((tx) => app.get(OnWindowMessages).apply(messages, { tx, now: new Date() }));
  };

  it('is not answered again, whether it was taken or rejected', async () => {
    const good = await stand.application();
    const bad = { ...(await stand.application()), form: {} };
    const messages = await Promise.all([good, bad].map(messageOf));
    await deliver(messages);
    await deliver(messages);
    await Promise.all([deliver(messages), deliver(messages)]);
    const other = await stand.application();
    await deliver([...messages, await messageOf(other)]);
    await receipts(other.source.number);
    expect(await stand.receipts(good.source.number)).toHaveLength(1);
    expect(await stand.receipts(bad.source.number)).toHaveLength(1);
  });

  it('is answered after all when its transaction did not end well', async () => {
    const good = await stand.application();
    const message = await messageOf(good);
    const { app, eventing } = stand.services[0]!;
    await expect(
      eventing.database.transaction(async (tx) => {
        await app.get(OnWindowMessages).apply([message], { tx, now: new Date() });
        throw new Error('the power fails');
      }),
    ).rejects.toThrow('the power fails');
    expect(await stand.query('select from submission where source_number = $1', [good.source.number])).toEqual([]);
    await deliver([message]);
    expect(await receipts(good.source.number)).toHaveLength(1);
  });

  it('waits while the issuer of tokens is away, and is not taken for a bad one', async () => {
    const away = new OnWindowMessages(
      () => Promise.reject(new IssuerUnavailable('the issuer cannot be reached')),
      new CatalogCopy(),
    );
    const message = await messageOf(await stand.application());
    const error: unknown = await stand.services[0]!.eventing.database.transaction((tx) =>
      away.apply([message], { tx, now: new Date() }),
    ).catch((caught: unknown) => caught);
    expect(isTransient(error)).toBe(true);
  });
});
