import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { taskRequested } from '@lianban/contracts-dispatch/events';
import { eventually } from '@lianban/testing/eventually';
import { backOffice, bodyOf, hefei, issuing, linyi, reviewer, type Stand, startStand } from '../../test/stand.js';

const office = backOffice('371300');
const approve = { outcome: 'approve', reference: '临社保审〔2026〕17号' };

let stand: Stand;
beforeAll(async () => {
  stand = await startStand({ instances: 2 });
}, 120_000);
afterAll(() => stand.stop());

/** What was said about one task, on the internal topic or on a feed. */
const about = async (taskId: string, from?: string) =>
  (await (from === undefined ? stand.saidAboutTasks() : stand.saidTo(from))).filter(
    ({ data }) => data.taskId === taskId,
  );
const typesAbout = async (taskId: string, from?: string) => (await about(taskId, from)).map(({ type }) => type);

describe('a task that dispatch asks for', () => {
  it('opens, by the example dispatch publishes, and is offered to its locality with the applicant masked', async () => {
    const requested = { ...taskRequested.example, taskId: randomUUID() };
    const caseId = randomUUID();
    await stand.tell({ caseId, requested });
    const offer = await eventually(async () => (await about(requested.taskId, '371300'))[0]);
    expect(offer).toMatchObject({
      type: 'review.task.offered',
      caseId,
      data: {
        bodyId: '371300-social-insurance',
        dueAt: '2026-12-15T09:00:00.000Z',
        applicant: { name: '张*', idNumber: '110105********002X' },
      },
    });
    expect(JSON.stringify(offer)).not.toMatch(/张三|11010519491231002X|13800000000/);
    const { body } = await stand.http(office, 'GET', `/tasks/${requested.taskId}`);
    expect(body).toMatchObject({
      state: 'open',
      masked: false,
      caseNo: requested.caseNo,
      stepId: 'review',
      party: 'destination',
      limitBasis: '国办发〔2009〕66号',
      form: requested.form,
      applicant: requested.applicant,
      actions: ['claim', 'decide'],
    });
  });

  it('opens once, however often dispatch says so', async () => {
    const requested = { ...taskRequested.example, taskId: randomUUID() };
    const caseId = randomUUID();
    await stand.tell({ caseId, requested }, { caseId, requested });
    await stand.tell({ caseId, requested });
    const [after] = await stand.request({});
    await eventually(async () => (await typesAbout(after!.taskId, '371300')).length === 1);
    expect(await typesAbout(requested.taskId, '371300')).toEqual(['review.task.offered']);
  });

  it('is found by body, state, due date and case number, what is due first comes first', async () => {
    const caseNo = `LB-${randomUUID()}`;
    const tax = bodyOf(linyi, 'tax');
    const [soon, late, open, ofTax] = await stand.request(
      { caseNo, dueAt: '2026-12-01T09:00:00.000Z' },
      { caseNo, dueAt: '2026-12-20T09:00:00.000Z' },
      { caseNo, dueAt: null },
      { caseNo, body: tax, dueAt: '2026-12-10T09:00:00.000Z' },
    );
    const found = async (filter: string) => {
      const { status, body } = await stand.http<{ items: { id: string }[]; total: number }>(
        office,
        'GET',
        `/tasks?caseNo=${caseNo}${filter}`,
      );
      expect(status).toBe(200);
      return { ids: body.items.map(({ id }) => id), total: body.total };
    };
    const ids = (...tasks: ({ taskId: string } | undefined)[]) => tasks.map((task) => task!.taskId);
    expect(await found('')).toEqual({ ids: ids(soon, ofTax, late, open), total: 4 });
    expect(await found('&limit=2&offset=1')).toEqual({ ids: ids(ofTax, late), total: 4 });
    expect((await found(`&body=${tax.id}`)).ids).toEqual(ids(ofTax));
    expect((await found('&dueBefore=2026-12-10T09:00:00Z')).ids).toEqual(ids(soon));
    expect((await found('&dueAfter=2026-12-10T09:00:00Z')).ids).toEqual(ids(ofTax, late));
    await stand.http(office, 'POST', `/tasks/${soon!.taskId}/claim`);
    expect((await found('&state=claimed')).ids).toEqual(ids(soon));
    expect((await found('&state=open')).ids).toEqual(ids(ofTax, late, open));
  });

  it.each([
    '?state=lost',
    '?limit=0',
    '?limit=101',
    '?offset=-1',
    '?dueBefore=tomorrow',
    '?caseNo=%00',
    '?body=',
    '?colour=red',
  ])('is not looked for with %s', async (filter) => {
    const { status, body } = await stand.http(office, 'GET', `/tasks${filter}`);
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'request.invalid' });
  });
});

describe('a decision', () => {
  it('is one, out of fifty at the same time over two instances; the others are told who won and when', async () => {
    const [task] = await stand.request(issuing());
    const answers = await stand.meetingAt(task!.taskId, 10, () =>
      Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          stand.http(
            backOffice('371300', 'social-insurance', `system-${n}`),
            'POST',
            `/tasks/${task!.taskId}/decide`,
            { outcome: n % 2 === 0 ? 'approve' : 'refuse', reason: `of system ${n}` },
            n % 2,
          ),
        ),
      ),
    );
    const won = answers.filter(({ status }) => status === 200);
    const lost = answers.filter(({ status }) => status === 409);
    expect([won.length, lost.length]).toEqual([1, 49]);
    const { decidedBy, decidedAt } = won[0]!.body as { decidedBy: { subject: string }; decidedAt: string };
    for (const { body } of lost)
      expect(body).toMatchObject({
        code: 'task.already-decided',
        title: `This task was already decided by ${decidedBy.subject} at ${decidedAt}`,
      });
    const rows = await stand.query<{ decided_by: string }>('select decided_by from decision where task_id = $1', [
      task!.taskId,
    ]);
    expect(rows).toEqual([{ decided_by: decidedBy.subject }]);
    await eventually(async () => (await typesAbout(task!.taskId)).includes('review.task.decided'));
    expect((await typesAbout(task!.taskId)).filter((type) => type === 'review.task.decided')).toHaveLength(1);
  });

  it('repeated by the same actor is the same answer, and nothing is said twice', async () => {
    const [task, next] = await stand.request(issuing(), {});
    const path = `/tasks/${task!.taskId}/decide`;
    const first = await stand.http(office, 'POST', path, approve);
    const again = await Promise.all([0, 1].map((instance) => stand.http(office, 'POST', path, approve, instance)));
    expect(first).toMatchObject({
      status: 200,
      body: { outcome: 'approve', certificate: { kind: 'pension-transfer-notice' } },
    });
    expect(again).toEqual([first, first]);
    // What is said about the next task comes after all that could have been said about this one.
    await stand.http(office, 'POST', `/tasks/${next!.taskId}/decide`, approve);
    await eventually(async () => (await typesAbout(next!.taskId)).length === 1);
    await eventually(async () => (await typesAbout(task!.taskId)).length === 2);
    expect(await typesAbout(task!.taskId)).toEqual(['review.certificate.issued', 'review.task.decided']);
  });

  it('needs a claim by a person, stays with who claimed, and can be passed on', async () => {
    const [task] = await stand.request({});
    const path = `/tasks/${task!.taskId}`;
    const li = reviewer('li');
    const wang = reviewer('wang');
    expect(await stand.http(li, 'POST', `${path}/decide`, approve)).toMatchObject({
      status: 409,
      body: { code: 'task.not-claimed' },
    });
    expect(await stand.http(li, 'POST', `${path}/claim`)).toMatchObject({
      status: 200,
      body: { state: 'claimed', claim: { by: { subject: 'li', name: 'li by name' } }, actions: ['release', 'decide'] },
    });
    for (const [actor, action] of [
      [wang, 'claim'],
      [wang, 'release'],
      [wang, 'decide'],
      [office, 'decide'],
    ] as const)
      expect(
        await stand.http(actor, 'POST', `${path}/${action}`, action === 'decide' ? approve : undefined),
      ).toMatchObject({
        status: 409,
        body: { code: 'task.claimed-by-other' },
      });
    expect((await stand.http(li, 'POST', `${path}/claim`)).status).toBe(200);
    expect((await stand.http(li, 'POST', `${path}/release`)).body).toMatchObject({ state: 'open', claim: null });
    await stand.http(wang, 'POST', `${path}/claim`);
    expect((await stand.http(wang, 'POST', `${path}/decide`, approve)).status).toBe(200);
    expect((await stand.http(wang, 'GET', path)).body).toMatchObject({
      state: 'decided',
      actions: [],
      decision: { outcome: 'approve', decidedBy: { subject: 'wang' } },
    });
    await eventually(async () => (await typesAbout(task!.taskId)).includes('review.task.decided'));
    expect(await typesAbout(task!.taskId)).toEqual([
      'review.task.claimed',
      'review.task.released',
      'review.task.claimed',
      'review.task.decided',
    ]);
  });

  it.each([
    ['no outcome', {}, 422, 'request.invalid'],
    ['an unknown outcome', { outcome: 'maybe' }, 422, 'request.invalid'],
    ['an unknown field', { ...approve, force: true }, 422, 'request.invalid'],
    ['a refusal without a reason', { outcome: 'refuse' }, 422, 'request.invalid'],
    ['a refusal with an empty reason', { outcome: 'refuse', reason: '  ' }, 422, 'request.invalid'],
    ['a character no database keeps', { ...approve, reason: 'a\u0000b' }, 422, 'request.invalid'],
    ['5 MB', { ...approve, reason: 'x'.repeat(5_000_000) }, 413, 'message.too-large'],
  ])('with %s is refused and leaves the task open', async (_, body, status, code) => {
    const [task] = await stand.request({});
    const answer = await stand.http(office, 'POST', `/tasks/${task!.taskId}/decide`, body);
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
    expect((await stand.http(office, 'GET', `/tasks/${task!.taskId}`)).body.state).toBe('open');
  });

  it.each(['5f0c2f7e-3c1b-5e0a-9c55-000000000000', 'no-uuid'])('on the unknown task %s is refused', async (id) => {
    const answer = await stand.http(office, 'POST', `/tasks/${id}/decide`, approve);
    expect(answer).toMatchObject({ status: 404, body: { code: 'task.not-found' } });
  });
});

describe('a task that dispatch recalls', () => {
  it('is taken back from its list and from whoever claimed it, and cannot be decided', async () => {
    const [open, claimed] = await stand.request({}, {});
    await stand.http(office, 'POST', `/tasks/${claimed!.taskId}/claim`);
    for (const { caseId, taskId } of [open!, claimed!]) {
      await stand.tell({ caseId, recalled: { taskId, reason: 'another origin refused' } });
      await eventually(async () => (await typesAbout(taskId, '371300')).length === 2);
      expect((await about(taskId, '371300'))[1]).toMatchObject({
        type: 'review.task.withdrawn',
        data: { bodyId: office.body, reason: 'another origin refused', wasDecided: false },
      });
      const answer = await stand.http(office, 'POST', `/tasks/${taskId}/decide`, approve);
      expect(answer).toMatchObject({ status: 409, body: { code: 'task.recalled' } });
      expect((await stand.http(office, 'GET', `/tasks/${taskId}`)).body).toMatchObject({
        state: 'recalled',
        recall: { reason: 'another origin refused' },
        actions: [],
      });
    }
  });

  it('can be asked for and recalled in one breath', async () => {
    const caseId = randomUUID();
    const taskId = randomUUID();
    await stand.tell(
      { caseId, requested: { ...taskRequested.example, taskId } },
      { caseId, recalled: { taskId, reason: 'why' } },
    );
    await eventually(async () => (await typesAbout(taskId, '371300')).length === 2);
    expect(await typesAbout(taskId, '371300')).toEqual(['review.task.offered', 'review.task.withdrawn']);
  });

  it('keeps its decision but annuls it and revokes the certificate, once', async () => {
    const [task, next] = await stand.request(issuing(), {});
    const { taskId, caseId } = task!;
    const decision = await stand.http<{ certificate: { id: string; number: string } }>(
      office,
      'POST',
      `/tasks/${taskId}/decide`,
      approve,
    );
    const recalled = { taskId, reason: 'another origin refused' };
    await stand.tell({ caseId, recalled }, { caseId, recalled: { taskId, reason: 'again' } });
    await eventually(async () => (await typesAbout(taskId)).includes('review.certificate.revoked'));
    await stand.tell({ caseId: next!.caseId, recalled: { taskId: next!.taskId, reason: 'the last' } });
    await eventually(async () => (await typesAbout(next!.taskId, '371300')).length === 2);
    expect(await typesAbout(taskId)).toEqual([
      'review.certificate.issued',
      'review.task.decided',
      'review.certificate.revoked',
    ]);
    expect(await typesAbout(taskId, '371300')).toEqual(['review.task.offered', 'review.task.withdrawn']);
    expect((await about(taskId, '371300'))[1]!.data).toMatchObject({ wasDecided: true });
    const { certificate } = decision.body;
    expect((await stand.http(office, 'GET', `/certificates/${certificate.id}`)).body).toMatchObject({
      number: certificate.number,
      revoked: { reason: 'another origin refused' },
      intact: true,
    });
    expect((await stand.http(office, 'GET', `/tasks/${taskId}`)).body).toMatchObject({
      state: 'decided',
      decision: { annulled: { reason: 'another origin refused' } },
    });
    // Whoever lost the answer may still ask again.
    expect(await stand.http(office, 'POST', `/tasks/${taskId}/decide`, approve)).toMatchObject({
      status: 200,
      body: { annulled: { reason: 'another origin refused' }, certificate: { number: certificate.number } },
    });
  });

  it('need not be known', async () => {
    await stand.tell({ caseId: randomUUID(), recalled: { taskId: randomUUID(), reason: 'never heard of' } });
    const [after] = await stand.request({});
    expect((await stand.http(office, 'GET', `/tasks/${after!.taskId}`)).status).toBe(200);
  });
});

describe('certificates', () => {
  it('are numbered without a gap per place and prefix, also where decisions fail in between and two instances issue', async () => {
    const hefeiOffice = backOffice('340100');
    const tasks = await stand.request(
      ...Array.from({ length: 20 }, () => issuing('HF')),
      ...Array.from({ length: 5 }, () => ({ ...issuing('HF'), body: bodyOf(hefei, 'social-insurance') })),
    );
    const answers = await Promise.all(
      tasks.flatMap(({ taskId }, n) => {
        const actor = n < 20 ? office : hefeiOffice;
        const path = `/tasks/${taskId}/decide`;
        return [
          stand.http<{ certificate: { number: string } }>(actor, 'POST', path, approve, n % 2),
          // Refused: another body; it must not use up a number.
          stand.http<{ certificate: { number: string } }>(
            { ...actor, body: `${actor.locality}-tax` },
            'POST',
            path,
            approve,
            (n + 1) % 2,
          ),
        ];
      }),
    );
    const numbers = answers.filter(({ status }) => status === 200).map(({ body }) => body.certificate.number);
    const year = String(new Date(Date.now() + 8 * 3_600_000).getUTCFullYear());
    const series = (place: string, count: number) =>
      Array.from({ length: count }, (_, n) => `HF-${place}-${year}-${String(n + 1).padStart(6, '0')}`);
    expect(numbers.sort()).toEqual([...series('340100', 5), ...series('371300', 20)]);
  });

  it('are none for a refusal', async () => {
    const [task] = await stand.request(issuing('NO'));
    const { body } = await stand.http(office, 'POST', `/tasks/${task!.taskId}/decide`, {
      outcome: 'refuse',
      reason: '参保关系未终止',
    });
    expect(body.certificate).toBeNull();
    expect(await stand.query('select 1 from certificate where task_id = $1', [task!.taskId])).toEqual([]);
    expect(await stand.query(`select 1 from certificate_counter where series like 'NO-%'`)).toEqual([]);
  });

  it('travel with the decision and come back byte-equal; a changed one is found', async () => {
    const [task] = await stand.request(issuing('DOC'));
    const { body: decision } = await stand.http<{ certificate: { id: string; number: string } }>(
      office,
      'POST',
      `/tasks/${task!.taskId}/decide`,
      approve,
    );
    const { id, number } = decision.certificate;
    const said = await eventually(async () => {
      const events = await about(task!.taskId);
      return events.length === 2 && events;
    });
    const file = await stand.http<{ document: string; sha256: string; verificationCode: string }>(
      office,
      'GET',
      `/certificates/${id}`,
    );
    expect(said.map(({ data }) => data)).toMatchObject([
      { certificateId: id, number, sha256: file.body.sha256 },
      { certificate: { certificateId: id, number, kind: 'pension-transfer-notice' } },
    ]);
    expect(file.body).toMatchObject({ number, intact: true, masked: false, revoked: null });
    expect(file.body.document).toContain(`编号 Number: ${number}\n持有人 Holder: 张三\n`);
    expect(file.body.document).toContain(file.body.verificationCode);
    const [row] = await stand.query<{ same: boolean }>(
      `select encode(sha256(convert_to(document, 'UTF8')), 'hex') = sha256 as same from certificate where id = $1`,
      [id],
    );
    expect(row).toEqual({ same: true });
    const list = await stand.http<{ items: object[]; total: number }>(office, 'GET', `/certificates?number=${number}`);
    expect(list.body).toMatchObject({
      total: 1,
      items: [{ id, holder: { name: '张*', idNumber: '110105********002X' } }],
    });
    await stand.query(`update certificate set document = replace(document, '张三', '李四') where id = $1`, [id]);
    expect((await stand.http(office, 'GET', `/certificates/${id}`)).body).toMatchObject({ intact: false });
  });
});
