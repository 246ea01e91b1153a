import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parcelLost, parcelResent } from '@lianban/contracts-courier/events';
import { applicantDone, caseConcluded, caseSuspended } from '@lianban/contracts-dispatch/events';
import { applicationReceived } from '@lianban/contracts-intake/events';
import { noticeFailed, noticeSent } from '@lianban/contracts-notifications/events';
import { eventually } from '@lianban/testing/eventually';
import { happening, PHONE, type Stand, startStand } from '../../test/stand.js';

let stand: Stand;
beforeAll(async () => {
  stand = await startStand({ instances: 2 });
}, 120_000);
afterAll(() => stand.stop());

/** The case's notices once there are `count` and none is due. */
const settled = (caseId: string, count: number) =>
  eventually(async () => {
    const notices = await stand.notices(caseId);
    return notices.length === count && notices.every(({ status }) => status !== 'due') ? notices : undefined;
  });
const saidAbout = (caseId: string, count: number) =>
  eventually(async () => {
    const said = await stand.said(caseId);
    return said.length >= count ? said : undefined;
  });

describe('with a provider that works', () => {
  it('an applicant hears each thing once, from receipt through a lost parcel to the end', async () => {
    const caseId = await stand.apply();
    const parcelId = randomUUID();
    await stand.tell(
      happening(caseId, parcelLost, { parcelId }),
      happening(caseId, caseSuspended),
      happening(caseId, parcelResent, { parcelId, attempt: 2 }),
      happening(caseId, applicantDone),
      happening(caseId, caseConcluded),
    );
    const notices = await settled(caseId, 5);
    expect(notices.map(({ template }) => template).sort()).toEqual([
      'application-received',
      'case-approved',
      'parcel-lost',
      'parcel-resent',
      'result-ready',
    ]);
    const delivered = await stand.delivered(notices);
    expect(delivered).toHaveLength(5);
    expect(new Set(delivered.map(({ to }) => to))).toEqual(new Set([PHONE]));
    for (const { text } of delivered) expect(text).toContain(applicationReceived.example.caseNo);
    const said = await saidAbout(caseId, 5);
    expect(new Set(said.map(({ type }) => type))).toEqual(new Set([noticeSent.type]));
    for (const { data } of said) expect(noticeSent.validateStrictly(data)).toEqual([]);
    expect(JSON.stringify(said)).not.toContain(PHONE);
  });

  it('the same event again, and one that says the same, are heard once', async () => {
    const caseId = await stand.apply();
    for (let repeat = 0; repeat < 3; repeat++)
      await stand.tell(happening(caseId, caseConcluded), happening(caseId, applicationReceived));
    await settled(caseId, 2);
    // Everything told before this one has been applied when its notice is there.
    await stand.tell(happening(caseId, applicantDone));
    expect(await stand.delivered(await settled(caseId, 3))).toHaveLength(3);
  });

  it('a refusal is told with its reason', async () => {
    const caseId = await stand.apply();
    await stand.tell(happening(caseId, caseConcluded, { outcome: 'refused', reason: '缴费年限不足' }));
    const notices = await settled(caseId, 2);
    const refusal = notices.find(({ template }) => template === 'case-refused');
    expect(refusal!.text).toContain('缴费年限不足');
  });

  it('what happened before the application was known here is told once it is', async () => {
    const caseId = randomUUID();
    await stand.tell(happening(caseId, applicantDone));
    await eventually(async () => (await stand.query('select 1 from notice where case_id = $1', [caseId])).length === 1);
    await stand.apply({}, caseId);
    const notices = await settled(caseId, 2);
    expect(notices.every(({ status }) => status === 'sent')).toBe(true);
  });
});

describe('with a provider that', () => {
  it.each([
    ['fails', 'fail', 'provider.answer-503'],
    ['stalls', 'stall', 'provider.timeout'],
    ['takes the message and hangs up', 'drop', 'provider.unreachable'],
  ])('%s, the notice is repeated under its key and arrives once, every attempt on record', async (_, mode, code) => {
    await stand.controlSms({ mode, count: 2 });
    const caseId = await stand.apply();
    const [notice] = await settled(caseId, 1);
    expect(notice).toMatchObject({ status: 'sent', channel: 'sms', attempts: 3, error: null });
    expect(notice!.history.map(({ n, channel, result }) => [n, channel, result])).toEqual([
      [1, 'sms', code],
      [2, 'sms', code],
      [3, 'sms', 'ok'],
    ]);
    for (const { ms } of notice!.history) expect(ms).toBeGreaterThanOrEqual(0);
    expect(await stand.delivered([notice!])).toMatchObject([{ key: `${notice!.id}:sms`, requests: 3 }]);
    expect(await saidAbout(caseId, 1)).toHaveLength(1);
  });

  it('answers twice, the second answer is ignored', async () => {
    await stand.controlSms({ mode: 'twice', count: 2 });
    const cases = [await stand.apply(), await stand.apply(), await stand.apply()];
    for (const caseId of cases) {
      const notices = await settled(caseId, 1);
      expect(notices).toMatchObject([{ status: 'sent', attempts: 1 }]);
      const [message, ...more] = await stand.delivered(notices);
      expect(more).toEqual([]);
      expect(notices[0]!.history).toMatchObject([{ messageId: message!.messageId }]);
      expect(await saidAbout(caseId, 1)).toHaveLength(1);
    }
  });

  it('never works, the notice goes by e-mail', async () => {
    await stand.controlSms({ mode: 'fail', count: 4 });
    const caseId = await stand.apply({ email: 'zhang@example.cn' });
    const [notice] = await settled(caseId, 1);
    expect(notice).toMatchObject({ status: 'sent', channel: 'email', attempts: 5, recipient: 'z***@example.cn' });
    expect(await stand.delivered([notice!])).toMatchObject([{ to: 'zhang@example.cn', key: `${notice!.id}:email` }]);
  });

  it('never works on any channel, the failure is published and stays visible', async () => {
    await stand.controlSms({ mode: 'fail', count: 4 });
    await stand.controlEmail({ mode: 'fail', count: 4 });
    const caseId = await stand.apply({ email: 'zhang@example.cn' });
    const [notice] = await settled(caseId, 1);
    expect(notice).toMatchObject({ status: 'failed', channel: 'email', attempts: 8, error: 'provider.answer-503' });
    expect(notice!.history).toHaveLength(8);
    const [said] = await saidAbout(caseId, 1);
    expect(said).toMatchObject({ type: noticeFailed.type, data: { attempts: 8, error: 'provider.answer-503' } });
    expect(noticeFailed.validateStrictly(said!.data)).toEqual([]);
    expect(await stand.delivered([notice!])).toEqual([]);
  });

  it('stalls for one, the others do not wait for it', async () => {
    await stand.controlSms({ mode: 'stall', count: 1 });
    const cases = await Promise.all(Array.from({ length: 10 }, () => stand.apply()));
    for (const caseId of cases) expect(await settled(caseId, 1)).toMatchObject([{ status: 'sent' }]);
  });
});
