import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { applicationReceived } from '@lianban/contracts-intake/events';
import type { NewEvent } from '@lianban/eventing/outbox';
import { parseProcedure, type Procedure } from '@lianban/procedure/procedure';
import { advance, awaitProcedure, open, type Outcome } from './case.effects.js';
import { type IssuedCertificate, type JointCase, newCase } from './joint-case.js';

const NOW = new Date('2026-03-02T02:00:00.000Z');
const CAUSE = { id: 'event-1', correlationid: 'correlation-1' };
const CANARY = '11010519491231002X';

const procedureOf = (id: string): Procedure =>
  parseProcedure(
    JSON.parse(readFileSync(new URL(`../../../catalog/data/procedures/${id}.json`, import.meta.url), 'utf8')),
  );
const place = (code: string, fn: string) => ({
  id: `${code}-${fn}`,
  name: { zh: `机构${code}`, en: `Body ${code}` },
  function: fn,
  locality: { code, name: { zh: `地区${code}`, en: `Place ${code}` } },
});

const { source: _, receivedAt: __, ...application } = applicationReceived.example;
const joint = (changes: Partial<JointCase> = {}): JointCase => ({
  ...newCase({
    ...application,
    id: '01936f4e-7c00-7000-8000-0000000000aa',
    correlationId: 'correlation-1',
    receivedAt: NOW,
  }),
  ...changes,
});

/** A case on its way: the outcome of the last event and all there was before. */
class Running {
  events: NewEvent[] = [];
  last: Outcome;

  constructor(
    readonly procedure: Procedure,
    changes: Partial<JointCase> = {},
  ) {
    this.last = open(joint(changes), procedure, NOW, CAUSE);
    this.events.push(...this.last.events);
  }

  private tell(occurrence: Parameters<typeof advance>[2]): this {
    this.last = advance(this.last.joint, this.procedure, occurrence, NOW, CAUSE);
    this.events.push(...this.last.events);
    return this;
  }

  decide(outcome: 'approve' | 'refuse', stepId: string, certificate: IssuedCertificate | null = null): this {
    const task = this.last.joint.state!.steps[stepId]!.tasks[0]!;
    return this.tell({
      signal: { type: 'task-decided', taskId: task.id, outcome, reason: `张三 ${CANARY} 不符合` },
      change: outcome === 'approve' ? 'task-approved' : 'task-refused',
      stepId,
      body: task.body,
      certificate,
    });
  }

  parcel(kind: 'delivered' | 'lost' | 'resent', stepId: string, attempt: number): this {
    const { id } = this.last.joint.state!.steps[stepId]!.parcels[0]!;
    return this.tell({
      signal: { type: `parcel-${kind}`, parcelId: id, attempt },
      change: `parcel-${kind}`,
      stepId,
      body: null,
      certificate: null,
    });
  }

  said(): string[] {
    return this.last.events
      .filter(({ topic }) => topic === 'dispatch.case.v1')
      .map(({ definition }) => definition.type.replace('dispatch.', ''));
  }

  data(type: string): Record<string, unknown> {
    return this.last.events.find(({ definition }) => definition.type === type)!.data as Record<string, unknown>;
  }
}

const certificate: IssuedCertificate = {
  kind: 'pension-transfer-confirmation',
  name: { zh: '转入确认', en: 'Confirmation' },
  number: 'ZR-371300-2026-000001',
  bodyId: '371300-social-insurance',
};
const pension = () => new Running(procedureOf('pension-transfer'));
const toResult = () =>
  pension().decide('approve', 'review').decide('approve', 'out').decide('approve', 'in', certificate);

describe('a case', () => {
  it('opens with its total limit and asks the first body, which gets the whole file', () => {
    const running = pension();
    expect(running.said()).toEqual(['case.opened', 'task.requested']);
    expect(running.last.joint).toMatchObject({
      status: 'open',
      dueAt: new Date('2026-05-08T09:00:00.000Z'),
      provisional: false,
      openedAt: NOW,
    });
    expect(running.data('dispatch.case.opened')).toMatchObject({ dueAt: '2026-05-08T09:00:00.000Z' });
    expect(running.data('dispatch.task.requested')).toMatchObject({
      stepId: 'review',
      dueAt: '2026-03-23T09:00:00.000Z',
      body: { id: '371300-social-insurance' },
      applicant: { idNumber: CANARY },
      form: application.form,
    });
    expect(running.last.joint.waitingOn).toMatchObject([{ stepId: 'review', body: { id: '371300-social-insurance' } }]);
  });

  it('counts its total limit from the receipt, however late it is opened', () => {
    const received = new Date('2026-02-24T02:00:00.000Z');
    const { joint: opened } = open(joint({ receivedAt: received }), procedureOf('pension-transfer'), NOW, CAUSE);
    expect(opened.dueAt).toEqual(new Date('2026-04-28T09:00:00.000Z'));
  });

  it('has no date where no source states one', () => {
    const housingFund = {
      origin: [place('340100', 'housing-fund')],
      destination: [place('371300', 'housing-fund')],
    };
    const running = new Running(procedureOf('hpf-transfer'), { parties: housingFund });
    expect(running.last.joint).toMatchObject({ dueAt: null, provisional: false });
  });

  it('waits for its procedure when that is not known yet, and says so', () => {
    const { joint: waiting, entries, events } = awaitProcedure(joint(), NOW, CAUSE);
    expect(waiting).toMatchObject({ status: 'awaiting-procedure', changes: 1, state: null });
    expect(entries).toMatchObject([{ n: 1, change: 'awaiting-procedure', status: 'open' }]);
    expect(events.map(({ definition }) => definition.type)).toEqual(['dispatch.feed.changed']);
    const opened = open(waiting, procedureOf('pension-transfer'), NOW, CAUSE);
    expect(opened.entries.map(({ n }) => n)).toEqual([2, 3]);
  });

  it('sends the results with what the body issued to the window', () => {
    const running = toResult();
    expect(running.said()).toEqual(['parcel.requested']);
    expect(running.data('dispatch.parcel.requested')).toMatchObject({
      contents: 'results',
      things: [{ kind: certificate.kind, name: certificate.name, number: certificate.number }],
      from: { kind: 'body', body: { id: '371300-social-insurance' } },
      to: { kind: 'window', locality: { code: '430600' }, body: null },
      payer: 'competent',
    });
    expect(running.parcel('delivered', 'result', 1).said()).toEqual(['case.applicant-done', 'case.concluded']);
    expect(running.last.joint).toMatchObject({
      status: 'approved',
      concludedAt: NOW,
      applicantDoneAt: NOW,
      waitingOn: [],
    });
  });

  it('is suspended while a parcel is lost and goes on when it is sent again', () => {
    const running = toResult().parcel('lost', 'result', 1);
    expect(running.said()).toEqual(['case.suspended']);
    expect(running.data('dispatch.case.suspended')).toMatchObject({ stepId: 'result', reason: 'parcel-lost' });
    expect(running.last.joint.status).toBe('suspended');
    expect(running.parcel('resent', 'result', 2).said()).toEqual(['case.resumed']);
    expect(running.last.joint.status).toBe('open');
    running.parcel('lost', 'result', 1);
    expect(running.last.entries).toMatchObject([{ change: 'signal-ignored', status: 'open' }]);
  });

  it('sends the originals the applicant handed in', () => {
    const material = application.materials[0]!;
    const parties = {
      origin: [place('340100', 'market-registration')],
      destination: [place('320500', 'market-registration')],
      tax: [place('340100', 'tax'), place('320500', 'tax')],
      'social-insurance': [place('340100', 'social-insurance')],
      'housing-fund': [place('320500', 'housing-fund')],
    };
    const licence = { ...material, kind: 'business-licence', original: true };
    const running = new Running(procedureOf('company-move'), { parties, materials: [material, licence] });
    running.decide('approve', 'check').decide('approve', 'consent');
    expect(running.data('dispatch.parcel.requested')).toMatchObject({
      contents: 'originals',
      things: [{ kind: 'business-licence', number: null }],
      from: { kind: 'window', locality: { code: '430600' } },
    });
  });

  it('ends with the reason of the body that refused', () => {
    const running = pension().decide('refuse', 'review');
    expect(running.said()).toEqual(['case.concluded']);
    expect(running.data('dispatch.case.concluded')).toMatchObject({
      outcome: 'refused',
      reason: `张三 ${CANARY} 不符合`,
    });
  });

  it('takes the tasks of the others back when one of all or none refuses', () => {
    const parties = {
      origins: ['340100', '131000', '411200'].map((code) => place(code, 'social-insurance')),
      destination: [place('371300', 'social-insurance')],
    };
    const running = new Running(procedureOf('unemployment-transfer'), { parties }).decide('approve', 'review');
    running.decide('refuse', 'out');
    expect(running.said()).toEqual(['task.recalled', 'task.recalled', 'case.concluded']);
    expect(running.last.entries.map(({ change, body }) => `${change} ${body?.locality.code ?? ''}`)).toEqual([
      'task-refused 340100',
      'task-recalled 131000',
      'task-recalled 411200',
      'refused ',
    ]);
  });

  it('only notes a decision that is repeated, and keeps no certificate from it', () => {
    const running = pension().decide('approve', 'review');
    const before = running.last.joint;
    running.decide('refuse', 'review', certificate);
    expect(running.said()).toEqual([]);
    expect(running.last.entries.map(({ change }) => change)).toEqual(['signal-ignored']);
    expect(running.last.joint).toEqual({ ...before, changes: before.changes + 1 });
  });
});

describe('the feed', () => {
  it('has one entry for each line of the timeline, numbered without a gap', () => {
    const running = toResult()
      .parcel('lost', 'result', 1)
      .parcel('resent', 'result', 2)
      .parcel('delivered', 'result', 2);
    const numbers = running.events
      .filter(({ topic }) => topic === 'case.feed.v1')
      .map(({ data }) => (data as { n: number }).n);
    expect(numbers).toEqual(Array.from({ length: running.last.joint.changes }, (_, i) => i + 1));
  });

  it('and the timeline name nobody, whatever was written in a reason', () => {
    const running = pension();
    const entries = [...running.last.entries];
    for (const step of ['review', 'out', 'in']) entries.push(...running.decide('approve', step).last.entries);
    const other = pension();
    entries.push(...other.decide('refuse', 'review').last.entries);
    const feed = [...running.events, ...other.events].filter(({ topic }) => topic === 'case.feed.v1');
    expect(feed.length).toBeGreaterThan(8);
    for (const secret of [CANARY, application.applicant.name, application.applicant.phone])
      for (const said of [feed, entries]) expect(JSON.stringify(said)).not.toContain(secret);
  });

  it('keeps every contract it publishes under', () => {
    const running = toResult()
      .parcel('lost', 'result', 1)
      .parcel('resent', 'result', 2)
      .parcel('delivered', 'result', 2);
    for (const { definition, data } of [...running.events, ...pension().decide('refuse', 'review').events])
      expect([definition.type, definition.validateStrictly(data)]).toEqual([definition.type, []]);
  });
});
