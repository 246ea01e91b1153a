import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@lianban/testing/eventually';
import { type Stand, startStand } from '../../test/stand.js';
import { claimDue, markAnswered, sendDueNotices } from './send-due-notices/send-due-notices.js';

/** The loops are off: each spec does their steps by hand and stops between two of them, as a kill would. */
let stand: Stand;
beforeAll(async () => {
  stand = await startStand({ loops: false });
}, 120_000);
afterAll(() => stand.stop());

const claim = () => stand.database.transaction((tx) => claimDue(tx, stand.config.sending, new Date()));
const send = () => sendDueNotices(stand.database, stand.providers, stand.config.sending);
/** The lease of whoever died runs out. */
const runOut = () => stand.query(`update notice_due set due_at = now() - interval '1 second'`);
const noticeOf = async (caseId: string) => (await stand.notices(caseId))[0]!;

describe('a crash', () => {
  it('after the attempt was put on record, before the call: the notice is sent once', async () => {
    const caseId = await stand.apply();
    expect(await claim()).toHaveLength(1);
    expect(await noticeOf(caseId)).toMatchObject({ status: 'due', history: [{ n: 1, result: null }] });
    expect(await send()).toBe(0);
    await runOut();
    expect(await send()).toBe(1);
    const notice = await noticeOf(caseId);
    expect(notice).toMatchObject({
      status: 'sent',
      attempts: 2,
      history: [
        { n: 1, result: 'unknown', finishedAt: null },
        { n: 2, result: 'ok' },
      ],
    });
    expect(await stand.delivered([notice])).toMatchObject([{ requests: 1 }]);
  });

  it('between call and mark: the repeat has the same key and words, and one message arrives', async () => {
    const caseId = await stand.apply();
    const [attempt] = await claim();
    const result = await stand.providers.send(attempt!);
    expect(result).toMatchObject({ ok: true });
    await runOut();
    expect(await send()).toBe(1);
    const notice = await noticeOf(caseId);
    expect(notice).toMatchObject({ status: 'sent', attempts: 2 });
    expect(await stand.delivered([notice])).toMatchObject([{ requests: 2 }]);

    // The first instance was only frozen and marks its answer after all: on record, but without effect.
    await stand.database.transaction((tx) =>
      markAnswered(tx, [{ attempt: attempt!, result }], stand.config.sending.policy, new Date()),
    );
    const after = await noticeOf(caseId);
    expect(after.history.map(({ result: code }) => code)).toEqual(['ok', 'ok']);
    expect({ ...after, history: [] }).toEqual({ ...notice, history: [] });
    await eventually(async () => (await stand.said(caseId)).length > 0);
    expect(await stand.said(caseId)).toHaveLength(1);

    // What the record says of an attempt stays.
    const second = { ok: false as const, code: 'provider.timeout', final: false, ms: 1 };
    await stand.database.transaction((tx) =>
      markAnswered(tx, [{ attempt: attempt!, result: second }], stand.config.sending.policy, new Date()),
    );
    expect(await noticeOf(caseId)).toEqual(after);
  });

  it('leaves nothing for two instances to take at once', async () => {
    const cases = await Promise.all(Array.from({ length: 12 }, () => stand.apply()));
    const done = await Promise.all(Array.from({ length: 6 }, () => send()));
    expect(done.reduce((sum, n) => sum + n, 0)).toBe(12);
    for (const caseId of cases) {
      const notices = await stand.notices(caseId);
      expect(notices).toMatchObject([{ status: 'sent', attempts: 1 }]);
      expect(await stand.delivered(notices)).toMatchObject([{ requests: 1 }]);
    }
  });
});
