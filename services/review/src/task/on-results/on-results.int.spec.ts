import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BACKOFFICE_RESULTS_TOPIC } from '@lianban/contracts-review/events';
import { eventually } from '@lianban/testing/eventually';
import type { OutsideMessage } from '@lianban/eventing/envelope';
import { backOffice, bodyOf, hefei, issuing, linyi, reviewer, type Stand, startStand } from '../../../test/stand.js';
import { OnResults } from './on-results.controller.js';

const office = backOffice('371300');
const ofHefei = backOffice('340100');

let stand: Stand;
beforeAll(async () => {
  stand = await startStand({ instances: 2 });
}, 120_000);
afterAll(() => stand.stop());

/** Answers on a locality's feed so far, oldest first per case. */
const answersTo = async (locality: string) =>
  (await stand.saidTo(locality)).filter(({ type }) => type.startsWith('review.result.'));

/** Sends one message and waits for the answer to that very message. */
async function answerTo(actor: typeof office | ReturnType<typeof reviewer>, value: unknown) {
  const before = (await answersTo(actor.locality)).length;
  await stand.send(actor, value);
  return eventually(async () => {
    const answers = await answersTo(actor.locality);
    return answers.length > before && answers.find(({ headers }) => isNewest(headers, answers));
  });
}
type Answer = Awaited<ReturnType<typeof answersTo>>[number];
/** Ids are UUIDv7: the newest is the greatest. */
const isNewest = (headers: Answer['headers'], all: readonly Answer[]) =>
  all.every((other) => other.headers.ce_id! <= headers.ce_id!);

const rejected = async (code: string) =>
  stand.query<{ size: number; locality: string | null; head: Buffer }>(
    'select size, locality, head from rejected_result where code = $1 order by recorded_at desc',
    [code],
  );

describe('a result on the topic', () => {
  it('decides the task like a decision over HTTP and is answered with the number of the certificate', async () => {
    const [task] = await stand.request(issuing('TP'));
    const answer = await answerTo(office, { taskId: task!.taskId, outcome: 'approve', reference: '17' });
    expect(answer).toMatchObject({
      type: 'review.result.accepted',
      caseId: task!.caseId,
      data: {
        taskId: task!.taskId,
        bodyId: office.body,
        outcome: 'approve',
        message: { partition: expect.any(Number) },
      },
    });
    const { body } = await stand.http(office, 'GET', `/tasks/${task!.taskId}`);
    expect(body).toMatchObject({
      state: 'decided',
      decision: {
        reference: '17',
        decidedBy: { subject: office.subject },
        certificate: { number: answer.data.certificateNumber },
      },
    });
    const said = await eventually(async () => {
      const events = (await stand.saidAboutTasks()).filter(({ data }) => data.taskId === task!.taskId);
      return events.length === 2 && events;
    });
    expect(said.map(({ type }) => type)).toEqual(['review.certificate.issued', 'review.task.decided']);
  });

  it('sent again as a new message is accepted again, and nothing is decided twice', async () => {
    const [task] = await stand.request({});
    const message = { taskId: task!.taskId, outcome: 'approve' };
    const first = await answerTo(office, message);
    const second = await answerTo(office, message);
    expect([first.type, second.type]).toEqual(['review.result.accepted', 'review.result.accepted']);
    expect(second.data.message).not.toEqual(first.data.message);
    // Over HTTP it is the same decision too.
    expect((await stand.http(office, 'POST', `/tasks/${task!.taskId}/decide`, { outcome: 'approve' })).status).toBe(
      200,
    );
    expect((await stand.query('select 1 from decision where task_id = $1', [task!.taskId])).length).toBe(1);
    expect((await stand.saidAboutTasks()).filter(({ data }) => data.taskId === task!.taskId)).toHaveLength(1);
  });

  it('read again by the same instance or another is neither applied nor answered again', async () => {
    const [task] = await stand.request(issuing('AGAIN'));
    const good = { taskId: task!.taskId, outcome: 'approve' };
    const authorization = `Bearer ${await stand.token(office)}`;
    const appendedAt = new Date();
    // Positions no real message of this spec has.
    const messages: OutsideMessage[] = [good, { ...good, outcome: 'maybe' }].map((value, n) => ({
      topic: BACKOFFICE_RESULTS_TOPIC,
      partition: 7,
      offset: String(1_000_000 + n),
      key: null,
      headers: { authorization },
      value: Buffer.from(JSON.stringify(value)),
      appendedAt,
    }));
    const before = (await answersTo('371300')).length;
    const kept = (await rejected('request.invalid')).length;
    const read = (instance: number) => {
      const { app, eventing } = stand.services[instance]!;
      return eventing.database.transaction((tx) => app.get(OnResults).apply(messages, { tx, now: new Date() }));
    };
    await Promise.all([read(0), read(1)]);
    await read(0);
    const [next] = await stand.request({});
    await answerTo(office, { taskId: next!.taskId, outcome: 'approve' });
    const mine = await eventually(async () => {
      const answers = await answersTo('371300');
      return answers.length >= before + 3 && answers.filter(({ data }) => data.taskId !== next!.taskId).slice(before);
    });
    expect(mine.map(({ type }) => type).sort()).toEqual(['review.result.accepted', 'review.result.rejected']);
    expect(await rejected('request.invalid')).toHaveLength(kept + 1);
    // A log that was set up anew counts from the start: the same place at another time is another message.
    messages[0]!.appendedAt = new Date(appendedAt.getTime() + 1);
    await read(0);
    await eventually(async () => (await answersTo('371300')).length === before + 4);
  });

  it.each([
    ['an unknown task', { taskId: randomUUID(), outcome: 'approve' }, 'task.not-found'],
    ['an unknown field', { taskId: randomUUID(), outcome: 'approve', force: true }, 'request.invalid'],
    ['no task', { outcome: 'approve' }, 'request.invalid'],
    ['broken JSON', '{"taskId": "5f0c', 'message.invalid'],
    ['broken UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'message.invalid'],
    ['no content', '', 'message.invalid'],
    ['5 MB', { taskId: randomUUID(), outcome: 'approve', reason: 'x'.repeat(5_000_000) }, 'message.too-large'],
  ])('with %s is answered with a code and kept', async (_, value, code) => {
    const kept = (await rejected(code)).length;
    const answer = await answerTo(office, value);
    expect(answer).toMatchObject({
      type: 'review.result.rejected',
      data: { code, bodyId: office.body, title: { zh: expect.any(String), en: expect.any(String) } },
    });
    if (code === 'request.invalid') expect((answer.data.findings as object[]).length).toBeGreaterThan(0);
    const rows = await rejected(code);
    expect(rows).toHaveLength(kept + 1);
    const sent = Buffer.isBuffer(value)
      ? value
      : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
    expect(rows[0]).toMatchObject({ size: sent.length, locality: '371300' });
    expect(rows[0]!.head.equals(sent.subarray(0, 65_536))).toBe(true);
  });

  it('of the wrong body, another locality, or a person who did not claim, changes nothing', async () => {
    const [task] = await stand.request({});
    const message = { taskId: task!.taskId, outcome: 'approve' };
    expect((await answerTo(backOffice('371300', 'tax'), message)).data).toMatchObject({ code: 'task.wrong-body' });
    expect((await answerTo(reviewer('li'), message)).data).toMatchObject({ code: 'task.not-claimed' });
    // The other place is told on its own feed, and not more than of a task that does not exist.
    const elsewhere = await answerTo(ofHefei, message);
    expect(elsewhere.data).toMatchObject({ code: 'task.not-found', bodyId: ofHefei.body });
    expect(elsewhere.caseId).not.toBe(task!.caseId);
    // Nor with the id of the right body in a token of the wrong place.
    expect((await answerTo({ ...ofHefei, body: office.body }, message)).data).toMatchObject({ code: 'task.not-found' });
    expect((await stand.http(office, 'GET', `/tasks/${task!.taskId}`)).body).toMatchObject({ state: 'open' });
  });

  it('that decides once more is told who won and when; a recalled task says so', async () => {
    const [decided, recalled] = await stand.request({}, {});
    await answerTo(office, { taskId: decided!.taskId, outcome: 'approve' });
    const again = await answerTo(office, { taskId: decided!.taskId, outcome: 'refuse', reason: 'changed my mind' });
    expect(again.data).toMatchObject({ code: 'task.already-decided' });
    expect((again.data.title as { en: string }).en).toContain(`by ${office.subject} at 20`);
    expect(again.caseId).toBe(decided!.caseId);
    await stand.tell({ caseId: recalled!.caseId, recalled: { taskId: recalled!.taskId, reason: 'why' } });
    await eventually(
      async () =>
        (await stand.query(`select 1 from task where id = $1 and status = 'recalled'`, [recalled!.taskId])).length ===
        1,
    );
    expect((await answerTo(office, { taskId: recalled!.taskId, outcome: 'approve' })).data).toMatchObject({
      code: 'task.recalled',
    });
  });

  it('without a valid token is kept and counted, tells nobody and stops nobody', async () => {
    const [task] = await stand.request({});
    const message = { taskId: task!.taskId, outcome: 'approve' };
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const [, payload, signature] = (await stand.token(office)).split('.');
    const tokens = [
      undefined,
      await stand.token(office, { forged: true }),
      await stand.token(office, { expiresIn: -3600, issuedIn: -7200 }),
      await stand.token(office, { audience: 'somebody-else' }),
      await stand.token(office, { issuer: 'http://127.0.0.1:1' }),
      'no.token.atall',
      '..',
      `${part({ alg: 'none' })}.${payload}.`,
      `${part(null)}.${part(null)}.AA`,
      `${part({ alg: 'ES256', kid: 'nobody' })}.${payload}.${signature}`,
      `${part({ alg: 'RS256', kid: 'test' })}.${payload}.${signature}`,
      `${part({ alg: 'ES256', kid: 'test', padding: 'x'.repeat(2_000_000) })}.${payload}.${signature}`,
    ];
    const before = (await rejected('access.token-required')).length;
    const said = (await answersTo('371300')).length;
    for (const token of tokens) await stand.send(null, message, token);
    const rows = await eventually(async () => {
      const found = await rejected('access.token-required');
      return found.length === before + tokens.length && found;
    });
    expect(rows[0]).toMatchObject({ locality: null });
    // A good one behind them is answered, and nothing else was.
    expect((await answerTo(office, message)).type).toBe('review.result.accepted');
    expect(await answersTo('371300')).toHaveLength(said + 1);
    const metrics = await Promise.all(stand.services.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
    const counted = metrics
      .map((text) => /lianban_review_results_total\{code="access.token-required".*\} (\d+)/.exec(text)?.[1] ?? '0')
      .reduce((sum, value) => sum + Number(value), 0);
    expect(counted).toBe(tokens.length);
  });

  it('was valid while its token was, however late it is read', async () => {
    const [task] = await stand.request({});
    const token = await stand.token(office, { issuedIn: -30, expiresIn: 1 });
    await stand.send(null, { taskId: task!.taskId, outcome: 'approve' }, token);
    await eventually(
      async () => (await stand.query('select 1 from decision where task_id = $1', [task!.taskId])).length === 1,
    );
  });

  it('of a role that decides nothing is answered as such', async () => {
    const supervisor = { ...office, roles: ['supervisor'] as unknown as typeof office.roles };
    expect((await answerTo(supervisor, { taskId: randomUUID(), outcome: 'approve' })).data).toMatchObject({
      code: 'access.denied',
    });
  });

  it('has its place among many: each message gets one answer, over both instances', async () => {
    const tasks = await stand.request(
      ...Array.from({ length: 40 }, (_, n) =>
        n % 2 === 0 ? issuing('MANY') : { ...issuing('MANY'), body: bodyOf(n % 4 === 1 ? hefei : linyi, 'tax') },
      ),
    );
    const answersBefore = (await answersTo('371300')).length;
    await Promise.all(
      tasks.flatMap(({ taskId }) => [
        stand.send(office, { taskId, outcome: 'approve' }),
        stand.send(office, { taskId, outcome: 'refuse', reason: 'no' }),
      ]),
    );
    const answers = await eventually(async () => {
      const found = await answersTo('371300');
      return found.length >= answersBefore + 80 && found;
    });
    const mine = answers.filter(({ data }) => tasks.some(({ taskId }) => taskId === data.taskId));
    const count = (code: string) => mine.filter(({ data }) => data.code === code).length;
    expect(mine).toHaveLength(80);
    expect({
      accepted: mine.filter(({ type }) => type === 'review.result.accepted').length,
      decided: count('task.already-decided'),
      wrongBody: count('task.wrong-body'),
      unknown: count('task.not-found'),
    }).toEqual({ accepted: 20, decided: 20, wrongBody: 20, unknown: 20 });
    const [open] = await stand.query<{ n: number }>(
      'select count(*)::int as n from result_message where answered_to is null and code is null',
    );
    expect(open).toEqual({ n: 0 });
  });
});
