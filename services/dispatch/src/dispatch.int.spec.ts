import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parcelDelivered, parcelLost, parcelResent } from '@lianban/contracts-courier/events';
import { applicationReceived } from '@lianban/contracts-intake/events';
import { taskDecided } from '@lianban/contracts-review/events';
import { defineEvent } from '@lianban/eventing/contract';
import { newEvent } from '@lianban/eventing/outbox';
import { eventually } from '@lianban/testing/eventually';
import { procedure, type Stand, startStand } from '../test/stand.js';

let stand: Stand;
beforeAll(async () => {
  stand = await startStand();
  await stand.publish('pension-transfer');
  await stand.publish('unemployment-transfer');
  await eventually(async () => (await stand.query('select 1 from procedure_copy')).length === 2);
}, 120_000);
afterAll(() => stand.stop());

const auditor = { subject: 'auditor', roles: ['auditor'] };
const dashboard = { subject: 'board', roles: ['dashboard'] };
const certificate = {
  certificateId: randomUUID(),
  kind: 'pension-transfer-confirmation',
  name: { zh: '转入确认', en: 'Confirmation' },
  number: 'ZR-371300-2026-000001',
};
const timeline = async (caseId: string) =>
  (
    await stand.get<{ items: { n: number; change: string; text: { zh: string } }[] }>(
      auditor,
      `/cases/${caseId}/timeline`,
    )
  ).body.items;

describe('a pension transfer', () => {
  it('goes through all its steps, a lost parcel included, and ends', async () => {
    const caseId = await stand.apply();
    const open = await stand.caseWhere(caseId, ({ status }) => status === 'open');
    expect(open).toMatchObject({ waitingOn: [{ stepId: 'review', body: { id: '371300-social-insurance' } }] });
    expect(open.dueAt).toEqual(expect.any(String));
    await stand.decide(caseId, 'review');
    await stand.decide(caseId, 'out');
    await stand.decide(caseId, 'in', { certificate });
    await stand.parcel(caseId, parcelLost, 'result', 1);
    await stand.caseWhere(caseId, ({ status }) => status === 'suspended');
    await stand.parcel(caseId, parcelResent, 'result', 2);
    await stand.parcel(caseId, parcelDelivered, 'result', 2);
    expect(await stand.caseWhere(caseId, ({ status }) => status === 'approved')).toMatchObject({ waitingOn: [] });

    const items = await timeline(caseId);
    expect(items.map(({ n }) => n)).toEqual(items.map((_, i) => i + 1));
    expect(items.map(({ change }) => change)).toEqual([
      'opened',
      'task-requested',
      'task-approved',
      'task-requested',
      'task-approved',
      'task-requested',
      'task-approved',
      'parcel-requested',
      'parcel-lost',
      'suspended',
      'parcel-resent',
      'resumed',
      'parcel-delivered',
      'applicant-done',
      'approved',
    ]);
    const said = await eventually(async () => {
      const events = await stand.saidAbout(caseId);
      return events.at(-1)?.type === 'dispatch.case.concluded' ? events : undefined;
    });
    expect(said.map(({ type }) => type.replace('dispatch.', ''))).toEqual([
      'case.opened',
      'task.requested',
      'task.requested',
      'task.requested',
      'parcel.requested',
      'case.suspended',
      'case.resumed',
      'case.applicant-done',
      'case.concluded',
    ]);
    expect(said.find(({ type }) => type === 'dispatch.parcel.requested')!.data.things).toMatchObject([
      { number: certificate.number },
    ]);
    const feed = await eventually(async () => {
      const events = await stand.feedOf(caseId);
      return events.length === items.length ? events : undefined;
    });
    expect(feed.map(({ data }) => [data.n, data.change])).toEqual(items.map(({ n, change }) => [n, change]));
  });

  it('that is decided twice keeps the first decision and notes the second', async () => {
    const caseId = await stand.apply();
    await stand.decide(caseId, 'review');
    await stand.decide(caseId, 'review', { outcome: 'refuse', reason: '晚了' });
    await eventually(async () => (await timeline(caseId)).some(({ change }) => change === 'signal-ignored'));
    expect((await stand.caseWhere(caseId, () => true)).status).toBe('open');
  });
});

describe('an unemployment transfer', () => {
  it('is all or none over the origins of the application', async () => {
    const body = (code: string) => ({
      ...applicationReceived.example.parties.origin![0]!,
      id: `${code}-social-insurance`,
      locality: { code, name: { zh: '某市', en: 'Some place' } },
    });
    const caseId = await stand.apply({
      procedure: { id: 'unemployment-transfer', version: '2026.1' },
      form: { origins: ['340100', '131000'], destination: '371300' },
      parties: { origins: [body('340100'), body('131000')], destination: [body('371300')] },
    });
    await stand.decide(caseId, 'review');
    await stand.decide(caseId, 'out', {}, '340100');
    await stand.decide(caseId, 'out', { outcome: 'refuse', reason: '未参保' }, '131000');
    await stand.caseWhere(caseId, ({ status }) => status === 'refused');
    const said = await eventually(async () => {
      const events = await stand.saidAbout(caseId);
      return events.at(-1)?.type === 'dispatch.case.concluded' ? events : undefined;
    });
    expect(said.filter(({ type }) => type === 'dispatch.task.recalled').map(({ data }) => data.wasDecided)).toEqual([
      true,
    ]);
    expect(said.at(-1)!.data).toMatchObject({ outcome: 'refused', reason: '未参保' });
  });
});

describe('a case whose procedure is not known yet', () => {
  it('waits, and opens when the procedure is published', async () => {
    const version = '2026.2';
    const caseId = await stand.apply({ procedure: { id: 'pension-transfer', version } });
    await stand.caseWhere(caseId, ({ status }) => status === 'awaiting-procedure');
    await stand.publish('pension-transfer', { ...procedure('pension-transfer'), version }, version);
    await stand.caseWhere(caseId, ({ status }) => status === 'open');
    expect((await timeline(caseId)).map(({ change }) => change)).toEqual([
      'awaiting-procedure',
      'opened',
      'task-requested',
    ]);
  });
});

describe('a document no case could run by', () => {
  it('is set aside, and all others go on', async () => {
    await stand.publish('broken', { id: 'broken', version: '2026.1' });
    const operator = { subject: 'operator', roles: ['operator'] };
    await eventually(async () => {
      const { body } = await stand.get<{ items: { type: string; caseId: string }[] }>(operator, '/dead-letters');
      return body.items.some(({ caseId, type }) => caseId === 'broken' && type === 'catalog.procedure.published');
    });
    await stand.publish('hpf-transfer');
    await eventually(
      async () => (await stand.query(`select 1 from procedure_copy where id = 'hpf-transfer'`)).length === 1,
    );
    expect(await stand.query(`select 1 from procedure_copy where id = 'broken'`)).toEqual([]);
  });
});

describe('a signal about a case nobody knows', () => {
  it('stops nobody', async () => {
    const known = await stand.apply();
    await stand.decide(known, 'review', {});
    await stand.caseWhere(known, ({ waitingOn }) => JSON.stringify(waitingOn).includes('"out"'));
    const asked = (await stand.saidAbout(known)).find(({ data }) => data.stepId === 'out')!;
    const decided = { ...taskDecided.example, taskId: asked.data.taskId as string, stepId: 'out' };
    await stand.tell([
      newEvent(taskDecided, { caseId: randomUUID(), data: decided }),
      newEvent(taskDecided, { caseId: known, data: decided }),
    ]);
    await stand.caseWhere(known, ({ waitingOn }) => JSON.stringify(waitingOn).includes('"in"'));
  });
});

describe('an event of a major version that is unknown here', () => {
  const later = defineEvent({
    type: taskDecided.type,
    version: 2,
    stream: taskDecided.stream,
    schema: { type: 'object', properties: { verdict: { type: 'string' } }, required: ['verdict'] } as const,
    example: { verdict: 'yes' },
  });

  it('is kept under its code with what follows in its case, and all other cases go on', async () => {
    const [stopped, other] = [await stand.apply(), await stand.apply()];
    await stand.caseWhere(stopped, ({ status }) => status === 'open');
    await stand.tell([newEvent(later, { caseId: stopped, data: later.example })]);
    await stand.decide(stopped, 'review');
    await stand.decide(other, 'review');
    await stand.caseWhere(other, ({ waitingOn }) => JSON.stringify(waitingOn).includes('"out"'));
    const operator = { subject: 'operator', roles: ['operator'] };
    const letter = await eventually(async () => {
      const { body } = await stand.get<{ items: { caseId: string; queued: number }[] }>(operator, '/dead-letters');
      return body.items.find(({ caseId, queued }) => caseId === stopped && queued === 1);
    });
    expect(letter).toMatchObject({
      type: taskDecided.type,
      state: 'open',
      error: `event.unknown-version: version 2 of ${taskDecided.type} is unknown here`,
    });
    await stand.caseWhere(stopped, ({ waitingOn }) => JSON.stringify(waitingOn).includes('"review"'));
  });
});

describe('the stream of a timeline', () => {
  it('begins at the beginning, goes on live, and resumes after Last-Event-ID', async () => {
    const caseId = await stand.apply();
    await stand.caseWhere(caseId, ({ status }) => status === 'open');
    const changes = (messages: { data?: Record<string, unknown> }[]) =>
      messages.flatMap(({ data }) => data?.change ?? []);
    const first = await stand.listen(
      auditor,
      `/cases/${caseId}/timeline/stream`,
      (messages) => changes(messages).length >= 4,
      {
        onOpen: () => stand.decide(caseId, 'review'),
      },
    );
    expect(changes(first)).toEqual(['opened', 'task-requested', 'task-approved', 'task-requested']);
    const ids = first.flatMap(({ id }) => id ?? []);
    expect(ids).toEqual(['1', '2', '3', '4']);
    const resumed = await stand.listen(
      auditor,
      `/cases/${caseId}/timeline/stream`,
      (messages) => changes(messages).length >= 2,
      {
        lastEventId: '2',
      },
    );
    expect(resumed.flatMap(({ id }) => id ?? [])).toEqual(['3', '4']);
  });

  it('sends comments while nothing happens, which proxies take for life', async () => {
    const caseId = await stand.apply();
    await stand.caseWhere(caseId, ({ status }) => status === 'open');
    const messages = await stand.listen(auditor, `/cases/${caseId}/timeline/stream`, (all) =>
      all.some(({ comment }) => comment),
    );
    expect(messages.find(({ comment }) => comment)).toEqual({ comment: 'still here' });
  });
});

describe('the stream of the feed', () => {
  it('brings what happens from now on, and resumes without a gap', async () => {
    const seen = (caseNo: string) => (messages: { data?: Record<string, unknown> }[]) =>
      messages.filter(({ data }) => data?.caseNo === caseNo);
    const caseNo = `LB-430600-20261124-${randomUUID()}`;
    const first = await stand.listen(dashboard, '/feed/stream', (messages) => seen(caseNo)(messages).length >= 2, {
      onOpen: () => stand.apply({ caseNo }),
    });
    const [opened, requested] = seen(caseNo)(first);
    expect([opened!.data!.change, requested!.data!.change]).toEqual(['opened', 'task-requested']);
    const again = await stand.listen(dashboard, '/feed/stream', (messages) => seen(caseNo)(messages).length >= 1, {
      lastEventId: first.find(({ data }) => data?.caseNo === caseNo)!.id!,
    });
    expect(seen(caseNo)(again)[0]).toEqual(requested);
  });

  it('shows a supervisor only the cases of their place', async () => {
    const here = `LB-430600-20261124-${randomUUID()}`;
    const elsewhere = `LB-320500-20261124-${randomUUID()}`;
    const suzhou = { code: '320500', name: { zh: '苏州市', en: 'Suzhou' } };
    const { destination, origin } = applicationReceived.example.parties;
    const there = (bodies: typeof origin) => bodies!.map((body) => ({ ...body, locality: suzhou }));
    const messages = await stand.listen(
      { subject: 'supervisor', locality: '371300', roles: ['supervisor'] },
      '/feed/stream',
      (all) => all.some(({ data }) => data?.caseNo === here),
      {
        onOpen: async () => {
          const foreign = await stand.apply({
            caseNo: elsewhere,
            receivingLocality: suzhou,
            parties: { origin: there(origin), destination: there(destination) },
          });
          await stand.caseWhere(foreign, ({ status }) => status === 'open');
          await stand.apply({ caseNo: here });
        },
      },
    );
    expect(messages.some(({ data }) => data?.caseNo === elsewhere)).toBe(false);
  });

  it.each(['99999999999999999999.1', '1.99999999999999999999', 'x', '-1.1'])(
    'takes %p for no Last-Event-ID',
    async (lastEventId) => {
      await stand.listen(dashboard, '/feed/stream', (messages) => messages.length > 0, { lastEventId });
    },
  );
});

describe('personal data', () => {
  const canary = {
    name: '王小明明',
    idType: 'resident-id' as const,
    idNumber: '110101199003070011',
    phone: '13900009999',
  };
  it('goes to the bodies in the task and nowhere else', async () => {
    const caseId = await stand.apply({ applicant: canary });
    await stand.decide(caseId, 'review', { outcome: 'refuse', reason: `${canary.name} ${canary.idNumber} 未参保` });
    await stand.caseWhere(caseId, ({ status }) => status === 'refused');
    const feed = await eventually(async () => {
      const events = await stand.feedOf(caseId);
      return events.some(({ data }) => data.change === 'refused') ? events : undefined;
    });
    const shown = JSON.stringify([
      feed,
      await stand.get(auditor, `/cases/${caseId}`),
      await stand.get(auditor, '/cases?limit=100'),
      await timeline(caseId),
    ]);
    for (const secret of [canary.name, canary.idNumber, canary.phone]) expect(shown).not.toContain(secret);
    expect(JSON.stringify(await stand.saidAbout(caseId))).toContain(canary.idNumber);
  });
});

describe('the list', () => {
  it('is paged and filtered, newest first', async () => {
    const all = await stand.get<{ items: { receivedAt: string }[]; total: number }>(auditor, '/cases?limit=2');
    expect(all.body.items).toHaveLength(2);
    expect(all.body.total).toBeGreaterThan(2);
    const refused = await stand.get<{ items: { status: string }[] }>(auditor, '/cases?status=refused');
    expect(new Set(refused.body.items.map(({ status }) => status))).toEqual(new Set(['refused']));
  });
  it.each(['/cases?status=strange', '/cases?limit=101', '/cases?nought=1'])('refuses %s', async (path) => {
    expect(await stand.get(auditor, path)).toMatchObject({ status: 422, body: { code: 'request.invalid' } });
  });
});

describe('two instances', () => {
  let pair: Stand;
  beforeAll(async () => {
    pair = await startStand({ instances: 2 });
    await pair.publish('pension-transfer');
  }, 120_000);
  afterAll(() => pair.stop());

  it('share the cases: each is worked on once and ends, and a stream of one sees what the other does', async () => {
    const caseIds = await Promise.all(Array.from({ length: 16 }, () => pair.apply()));
    const watched = caseIds[0]!;
    await pair.caseWhere(watched, ({ status }) => status === 'open');
    const [messages] = await Promise.all([
      pair.listen(auditor, `/cases/${watched}/timeline/stream`, (all) => all.at(-1)?.data?.change === 'refused'),
      ...caseIds.map(async (caseId) => {
        await pair.decide(caseId, 'review');
        await pair.decide(caseId, 'out', { outcome: 'refuse' });
        await pair.caseWhere(caseId, ({ status }) => status === 'refused');
      }),
    ]);
    expect(messages.flatMap(({ data }) => data?.change ?? [])).toEqual([
      'opened',
      'task-requested',
      'task-approved',
      'task-requested',
      'task-refused',
      'refused',
    ]);
    const gaps = await pair.query(
      'select case_id from case_timeline group by case_id having count(*) <> max(n) or count(*) <> 6',
    );
    expect(gaps).toEqual([]);
    const concluded = await eventually(async () => {
      const all = (await pair.said('dispatch.case.v1')).filter(({ type }) => type === 'dispatch.case.concluded');
      return all.length >= caseIds.length ? all : undefined;
    });
    expect(concluded.map(({ caseId }) => caseId).sort()).toEqual([...caseIds].sort());
  });

  it('end their streams when they stop', async () => {
    const caseId = await pair.apply();
    await pair.caseWhere(caseId, ({ status }) => status === 'open');
    await pair.listen(auditor, `/cases/${caseId}/timeline/stream`, () => false, {
      onOpen: async () => void pair.services.pop()!.stop(),
    });
  });
});
