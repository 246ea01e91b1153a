import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CASE_ID, FORM, NOW, Play, procedureOf, product, task } from '../test/play.js';
import { type CaseState, openCase, waitingOn } from './engine.js';
import type { ParcelStep, Step } from './procedure.js';

const parcel = (id: string, after: string[], from: ParcelStep['from'], to: ParcelStep['to']): Step => ({
  id,
  kind: 'parcel',
  name: { zh: id, en: id },
  after,
  limit: null,
  contents: 'originals',
  from,
  to,
  payer: 'competent',
});

describe('order', () => {
  it('asks for the first steps when the case opens and for the next when one is complete', () => {
    const play = new Play(procedureOf([task('one', 'a', []), task('two', 'b', ['one'])]));
    expect(play.happened()).toEqual(['request-task one@100001']);
    expect(play.approve('one').happened()).toEqual(['request-task two@100002']);
    expect(play.approve('two').happened()).toEqual(['applicant-done', 'conclude approved']);
    expect(play.waiting()).toEqual([]);
  });

  it('runs steps in parallel and joins all of them', () => {
    const play = new Play(
      procedureOf([
        task('one', 'a', []),
        task('left', 'a', ['one']),
        task('right', 'b', ['one']),
        task('join', 'a', ['left', 'right']),
      ]),
    );
    expect(play.approve('one').happened()).toEqual(['request-task left@100001', 'request-task right@100002']);
    expect(play.approve('right').happened()).toEqual([]);
    expect(play.waiting()).toEqual(['left@100001']);
    expect(play.approve('left').happened()).toEqual(['request-task join@100001']);
  });

  it.each([
    ['info', 'money'],
    ['money', 'info'],
  ])('joins two signals: %s before %s', (first, second) => {
    const play = new Play(
      procedureOf([task('info', 'a', []), task('money', 'a', []), task('match', 'b', ['info', 'money'])]),
    );
    expect(play.approve(first).happened()).toEqual([]);
    expect(play.approve(second).happened()).toEqual(['request-task match@100002']);
  });

  it('asks every body of a party with many, once each', () => {
    const play = new Play(procedureOf([task('out', 'all', [])]), { ...FORM, all: ['200001', '200002', '200001'] });
    expect(play.happened()).toEqual(['request-task out@200001', 'request-task out@200002']);
    expect(play.approve('out', '200001').happened()).toEqual([]);
    expect(play.approve('out', '200002').happened()).toEqual(['applicant-done', 'conclude approved']);
  });

  it('gives a task the same id however often the case is opened, and other cases and bodies another', () => {
    const procedure = procedureOf([task('out', 'all', [])]);
    const ids = (play: Play) => play.state.steps.out!.tasks.map(({ id }) => id);
    expect(ids(new Play(procedure))).toEqual(ids(new Play(procedure)));
    expect(new Set(ids(new Play(procedure))).size).toBe(3);
    expect(ids(new Play(procedure))[0]).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    const { state, parties } = { state: new Play(procedure).state, parties: new Play(procedure).state.parties };
    const other = openCase(procedure, {
      caseId: CASE_ID.replace('aa', 'bb'),
      receivingLocality: state.receivingLocality,
      parties,
      form: FORM,
      receivedAt: NOW,
      now: NOW,
    });
    expect(other.state.steps.out!.tasks[0]!.id).not.toBe(state.steps.out!.tasks[0]!.id);
  });

  it('does not open where a party has no body', () => {
    const procedure = procedureOf([task('one', 'a', [])]);
    const { receivingLocality } = new Play(procedure).state;
    const opening = { caseId: CASE_ID, receivingLocality, parties: {}, form: FORM, receivedAt: NOW, now: NOW };
    expect(() => openCase(procedure, opening)).toThrow('party a has no body');
  });
});

describe('conditions', () => {
  const steps = [
    task('one', 'a', []),
    task('maybe', 'b', ['one'], { when: { field: 'extra', equals: 'yes' } }),
    task('end', 'a', ['maybe']),
  ];
  it('leave a step out, and what follows it goes on', () => {
    const play = new Play(procedureOf(steps), { ...FORM, extra: 'no' });
    expect(play.approve('one').happened()).toEqual(['request-task end@100001']);
    expect(play.approve('end').happened()).toEqual(['applicant-done', 'conclude approved']);
  });
  it('keep it where the form meets them', () => {
    expect(new Play(procedureOf(steps), { ...FORM, extra: 'yes' }).approve('one').happened()).toEqual([
      'request-task maybe@100002',
    ]);
  });
  it.each([
    [true, { extra: 'x' }, true],
    [true, {}, false],
    [true, { extra: '' }, false],
    [false, {}, true],
  ])('present: %p on %p opens the step: %p', (present, form, opens) => {
    const procedure = procedureOf([task('one', 'a', []), task('two', 'b', [], { when: { field: 'extra', present } })]);
    expect(new Play(procedure, { ...FORM, ...form }).waiting().includes('two@100002')).toBe(opens);
  });
});

describe('refusal', () => {
  it('ends the case, takes back what is open, and gives the reason', () => {
    const play = new Play(
      procedureOf([task('left', 'a', []), task('right', 'b', []), task('end', 'a', ['left', 'right'])]),
    );
    expect(play.refuse('left', undefined, 'not registered').happened()).toEqual([
      'recall-task right@100002',
      'conclude refused',
    ]);
    expect(play.last.at(-1)).toEqual({ type: 'conclude', outcome: 'refused', reason: 'not registered' });
    expect(play.waiting()).toEqual([]);
    expect(play.approve('right').ignored).toBe(true);
  });

  it('is only recorded where the step says so', () => {
    const play = new Play(
      procedureOf([task('one', 'a', []), task('follow', 'b', ['one'], { onReject: 'continue' })], {
        applicantDone: ['one'],
      }),
    );
    play.approve('one');
    expect(play.refuse('follow').happened()).toEqual(['conclude approved']);
  });

  it('leaves a decision of another step alone: decisions are final', () => {
    const play = new Play(procedureOf([task('left', 'a', []), task('right', 'b', [])]));
    expect(play.approve('left').refuse('right').happened()).toEqual(['conclude refused']);
    expect(play.state.steps.left!.tasks[0]!.status).toBe('approved');
  });
});

describe('all or none', () => {
  const steps = [task('out', 'all', [], { acceptance: 'all-or-none' }), task('in', 'a', ['out'])];
  it('goes on when all approve', () => {
    const play = new Play(procedureOf(steps));
    play.approve('out', '200001').approve('out', '200002');
    expect(play.happened()).toEqual([]);
    expect(play.approve('out', '200003').happened()).toEqual(['request-task in@100001']);
  });

  it('takes back the open and the decided when one refuses', () => {
    const play = new Play(procedureOf(steps));
    play.approve('out', '200001').refuse('out', '200002');
    expect(play.happened()).toEqual(['recall-task out@200001 decided', 'recall-task out@200003', 'conclude refused']);
    expect(play.state.steps.out!.tasks.map(({ status }) => status)).toEqual(['recalled', 'refused', 'recalled']);
    expect(play.state.status).toBe('refused');
  });

  it('means none also where the case goes on after a refusal', () => {
    const play = new Play(
      procedureOf([
        task('out', 'all', [], { acceptance: 'all-or-none', onReject: 'continue' }),
        task('in', 'a', ['out']),
      ]),
    );
    play.approve('out', '200001').refuse('out', '200002');
    expect(play.happened()).toEqual([
      'recall-task out@200001 decided',
      'recall-task out@200003',
      'request-task in@100001',
    ]);
  });

  it('holds also when another step ends the case before all have answered', () => {
    const play = new Play(procedureOf([task('out', 'all', [], { acceptance: 'all-or-none' }), task('other', 'a', [])]));
    play.approve('out', '200001').refuse('other');
    expect(play.happened()).toEqual([
      'recall-task out@200001 decided',
      'recall-task out@200002',
      'recall-task out@200003',
      'conclude refused',
    ]);
  });

  it('without it the decided ones stand', () => {
    const play = new Play(procedureOf([task('out', 'all', [])]));
    play.approve('out', '200001').refuse('out', '200002');
    expect(play.happened()).toEqual(['recall-task out@200003', 'conclude refused']);
  });
});

describe('certificate and follow-ups', () => {
  it('the applicant is done while other steps stay open, and the case ends with the last', () => {
    const play = new Play(
      procedureOf(
        [
          task('license', 'a', [], { produces: product('licence') }),
          task('archive', 'b', ['license'], { onReject: 'continue' }),
          task('tax', 'all', ['license'], { onReject: 'continue' }),
        ],
        { applicantDone: ['license'] },
      ),
    );
    play.signal({
      type: 'task-decided',
      taskId: play.taskId('license'),
      outcome: 'approve',
      certificate: { number: 'X-1' },
    });
    expect(play.happened().at(-1)).toBe('applicant-done');
    expect(play.state.steps.license!.tasks[0]!.certificate).toBe('X-1');
    expect(play.waiting()).toEqual(['archive@100002', 'tax@200001', 'tax@200002', 'tax@200003']);
    for (const place of FORM.all) play.approve('tax', place);
    expect(play.approve('archive').happened()).toEqual(['conclude approved']);
    expect(play.effects.filter(({ type }) => type === 'applicant-done')).toHaveLength(1);
  });
});

describe('parcels', () => {
  const steps = [parcel('send', [], 'window', { party: 'a' }), task('one', 'b', []), task('end', 'a', ['send', 'one'])];
  it('travel, and delivery completes the step', () => {
    const play = new Play(procedureOf(steps));
    expect(play.happened()).toEqual(['request-parcel send window>body', 'request-task one@100002']);
    expect(waitingOn(play.state, play.procedure)[0]).toMatchObject({ on: 'courier', body: { id: '100001-office' } });
    play.approve('one');
    expect(play.parcel('delivered', 'send').happened()).toEqual(['request-task end@100001']);
  });

  it.each(['lost', 'returned'] as const)('that are %s suspend the step until they are sent again', (event) => {
    const play = new Play(procedureOf(steps));
    expect(play.parcel(event, 'send').happened()).toEqual([`suspend send parcel-${event}`]);
    expect(play.state.status).toBe('suspended');
    expect(waitingOn(play.state, play.procedure)[0]).toMatchObject({ suspended: true, parcel: { status: event } });
    expect(play.approve('one').ignored).toBe(false);
    expect(play.state.status).toBe('suspended');
    expect(play.parcel('resent', 'send').happened()).toEqual(['resume send']);
    expect(play.state.status).toBe('open');
    expect(play.parcel('delivered', 'send').happened()).toEqual(['request-task end@100001']);
  });

  it('stay suspended until the last of several is on its way again', () => {
    const play = new Play(
      procedureOf([parcel('x', [], 'window', { party: 'a' }), parcel('y', [], 'window', { party: 'b' })]),
    );
    play.parcel('lost', 'x').parcel('lost', 'y').parcel('resent', 'x');
    expect(play.happened()).toEqual(['resume x']);
    expect(play.state.status).toBe('suspended');
    expect(play.parcel('resent', 'y').state.status).toBe('open');
  });

  it('ignore what is repeated or about an earlier posting', () => {
    const play = new Play(procedureOf(steps));
    expect(play.parcel('resent', 'send').ignored).toBe(true);
    play.parcel('lost', 'send', 1);
    expect(play.parcel('lost', 'send', 1).ignored).toBe(true);
    play.parcel('resent', 'send', 2);
    expect(play.parcel('resent', 'send', 2).ignored).toBe(true);
    expect(play.parcel('lost', 'send', 1).ignored).toBe(true);
    expect(play.parcel('lost', 'send', 2).ignored).toBe(false);
    play.parcel('resent', 'send', 3).parcel('delivered', 'send', 3);
    expect(play.parcel('delivered', 'send', 3).ignored).toBe(true);
    expect(play.parcel('lost', 'send', 3).ignored).toBe(true);
  });

  it('that turn up after all complete the step', () => {
    const play = new Play(procedureOf(steps));
    play.parcel('lost', 'send');
    expect(play.parcel('delivered', 'send').happened()).toEqual(['resume send']);
    expect(play.state).toMatchObject({ status: 'open', steps: { send: { status: 'done' } } });
  });
});

describe('limits', () => {
  const limit = { value: 3, unit: 'workingDay', kind: 'regulation', basis: '某规程' } as const;
  it('give each task its date and basis, and none where no source states one', () => {
    const play = new Play(procedureOf([task('one', 'a', [], { limit }), task('two', 'b', ['one'])]));
    expect(play.last[0]).toMatchObject({ dueAt: '2026-03-05T09:00:00.000Z', provisional: false, limitBasis: '某规程' });
    expect(play.approve('one').last[0]).toMatchObject({ dueAt: null, provisional: false, limitBasis: null });
  });

  it('that cover several steps run from the opening of the first', () => {
    const play = new Play(
      procedureOf([task('one', 'a', [], { limit }), task('two', 'b', ['one'], { limit: { ...limit, since: 'one' } })]),
    );
    play.approve('one', undefined, new Date('2026-03-04T02:00:00Z'));
    expect(play.last[0]).toMatchObject({ dueAt: '2026-03-05T09:00:00.000Z' });
  });

  it('of the whole case run from the receipt of the application', () => {
    const procedure = procedureOf([task('one', 'a', [])], { totalLimit: { ...limit, value: 45 } });
    const { receivingLocality, parties } = new Play(procedure).state;
    const opening = { caseId: CASE_ID, receivingLocality, parties, form: FORM, now: NOW };
    expect(openCase(procedure, { ...opening, receivedAt: new Date('2026-11-24T02:00:00Z') })).toMatchObject({
      dueAt: '2027-01-26T09:00:00.000Z',
      provisional: true,
    });
    expect(openCase(procedure, { ...opening, receivedAt: NOW })).toMatchObject({
      dueAt: '2026-05-08T09:00:00.000Z',
      provisional: false,
    });
  });
});

describe('any order', () => {
  const procedure = procedureOf([
    task('start', 'a', []),
    task('out', 'all', ['start'], { acceptance: 'all-or-none' }),
    task('info', 'a', ['start']),
    task('money', 'b', ['start']),
    task('join', 'a', ['out', 'info', 'money'], { produces: product('paper') }),
  ]);
  const bodies = [
    ['out', '200001'],
    ['out', '200002'],
    ['out', '200003'],
    ['info', '100001'],
    ['money', '100002'],
  ] as const;
  const orders = fc.shuffledSubarray([...bodies], { minLength: bodies.length });
  const repeats = fc.array(fc.nat(bodies.length - 1), { maxLength: 12 });
  const begun = () => new Play(procedure).approve('start');

  /** Plays the order with earlier decisions repeated in between. */
  function play(order: (typeof bodies)[number][], again: number[], outcomeOf: (place: string) => 'approve' | 'refuse') {
    const running = begun();
    order.forEach(([step, place], i) => {
      running.decide(outcomeOf(place), step, place);
      for (const k of again.filter((_, j) => j % order.length === i)) {
        const [repeated, where] = order[k % (i + 1)]!;
        const before = running.state;
        running.decide(outcomeOf(where), repeated, where);
        expect(running.ignored).toBe(true);
        expect(running.state).toEqual(before);
      }
    });
    return running;
  }

  it('of parallel approvals, with repeats, leads to the same state', () => {
    const expected: CaseState = play([...bodies], [], () => 'approve').state;
    expect(expected.steps.join!.status).toBe('open');
    fc.assert(
      fc.property(orders, repeats, (order, again) => {
        const running = play(order, again, () => 'approve');
        expect(running.state).toEqual(expected);
        expect(running.effects.filter(({ type }) => type === 'request-task')).toHaveLength(7);
      }),
    );
  });

  it('with a refusal among them, leads to a refused case in which nobody’s yes stands alone', () => {
    const refusers = fc.subarray(['200001', '200002', '200003'], { minLength: 1 });
    fc.assert(
      fc.property(orders, repeats, refusers, (order, again, no) => {
        const running = play(order, again, (place) => (no.includes(place) ? 'refuse' : 'approve'));
        expect(running.state.status).toBe('refused');
        expect(running.state.steps.join!.status).toBe('stopped');
        expect(running.waiting()).toEqual([]);
        const statuses = running.state.steps.out!.tasks.map(({ status }) => status);
        expect(statuses.filter((status) => status === 'refused')).toHaveLength(1);
        expect(statuses.filter((status) => status === 'recalled')).toHaveLength(2);
        expect(running.effects.filter(({ type }) => type === 'conclude')).toHaveLength(1);
        const recalled = running.effects.flatMap((effect) => (effect.type === 'recall-task' ? effect.taskId : []));
        expect(new Set(recalled).size).toBe(recalled.length);
      }),
    );
  });

  it('every state on the way has ended or waits on a named body', () => {
    fc.assert(
      fc.property(orders, fc.nat(4), (order, stop) => {
        const running = begun();
        for (const [step, place] of order.slice(0, stop)) running.approve(step, place);
        const waiting = waitingOn(running.state, procedure);
        expect(waiting.length).toBeGreaterThan(0);
        for (const one of waiting) expect(one.body.name.zh).not.toBe('');
      }),
    );
  });
});
