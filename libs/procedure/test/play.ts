/** Plays a case in a test: given a procedure and its places, when signals come, then effects and state. */
import { readFileSync } from 'node:fs';
import { applySignal, type CaseState, type Effect, openCase, type Signal, waitingOn } from '../src/engine.js';
import { parseProcedure, type Procedure, resolveParties, type Step } from '../src/procedure.js';
import type { BodyRef } from '../src/shapes.js';

export const NOW = new Date('2026-03-02T02:00:00.000Z');
export const CASE_ID = '01936f4e-7c00-7000-8000-0000000000aa';

const locality = (code: string) => ({ code, name: { zh: `地区${code}`, en: `Place ${code}` } });
export const bodyOf = (fn: string, code: string): BodyRef => ({
  id: `${code}-${fn}`,
  name: { zh: `${code}的${fn}`, en: `${fn} of ${code}` },
  function: fn,
  locality: locality(code),
});

const data = `${import.meta.dirname}/../../../services/catalog/data`;
export const readData = (name: string): unknown => JSON.parse(readFileSync(`${data}/${name}`, 'utf8'));
export const realProcedure = (id: string): Procedure => parseProcedure(readData(`procedures/${id}.json`));

const text = (value: string) => ({ zh: value, en: value });
const place = { type: 'string', pattern: '^[0-9]{6}$' };

/** A valid procedure over the given steps with a party `a`, a party `b` and a party `all` with many bodies. */
export const procedureOf = (steps: Step[], changes: Partial<Procedure> = {}): Procedure => {
  const all = { name: text('all'), function: 'office', localities: { form: 'all' }, many: true } as const;
  const parties = {
    a: { name: text('a'), function: 'office', localities: { form: 'a' } },
    b: { name: text('b'), function: 'office', localities: { form: 'b' } },
    all,
  };
  const used = new Set(
    steps.flatMap((step) =>
      step.kind === 'task' ? step.party : [step.from, step.to].flatMap((end) => (end === 'window' ? [] : end.party)),
    ),
  );
  return {
    id: 'example',
    version: '2026.1',
    name: text('example'),
    mode: 'joint',
    sources: ['none'],
    gaps: [],
    preconditions: [],
    form: {
      type: 'object',
      properties: {
        a: place,
        b: place,
        all: { type: 'array', items: place, minItems: 1 },
        extra: { type: 'string' },
      },
      required: ['a', 'b', 'all'],
      additionalProperties: false,
    },
    parties: Object.fromEntries(Object.entries(parties).filter(([role]) => used.has(role))),
    materials: [{ kind: 'licence', name: text('licence'), necessity: 'needed', original: true }],
    totalLimit: null,
    applicantDone: [steps.at(-1)!.id],
    steps,
    ...changes,
  };
};

export const FORM = { a: '100001', b: '100002', all: ['200001', '200002', '200003'] };

export const task = (id: string, party: string, after: string[], more: object = {}): Step => ({
  id,
  kind: 'task',
  name: text(id),
  party,
  after,
  limit: null,
  produces: [],
  ...more,
});

export const product = (kind: string) => [{ document: text(kind), certificate: { kind, prefix: 'X' } }];

/** A running case that remembers every effect since it was opened. */
export class Play {
  state: CaseState;
  effects: Effect[];
  /** What the last signal brought about. */
  last: Effect[];
  ignored = false;

  constructor(
    readonly procedure: Procedure,
    readonly form: Record<string, unknown> = FORM,
    now = NOW,
  ) {
    const { parties, findings } = resolveParties(procedure, form, '430600', bodyOf);
    if (findings.length > 0) throw new Error(JSON.stringify(findings));
    const opened = openCase(procedure, {
      caseId: CASE_ID,
      receivingLocality: locality('430600'),
      parties,
      form,
      receivedAt: now,
      now,
    });
    this.state = opened.state;
    this.effects = opened.effects;
    this.last = opened.effects;
  }

  signal(signal: Signal, now = NOW): this {
    // The state must survive storage, so every step goes through JSON.
    const stored = JSON.parse(JSON.stringify(this.state)) as CaseState;
    const before = JSON.stringify(stored);
    const { state, effects, ignored } = applySignal(this.procedure, stored, signal, now);
    if (JSON.stringify(stored) !== before) throw new Error('the engine changed the state it was given');
    this.ignored = ignored;
    this.last = effects;
    this.state = state;
    this.effects.push(...effects);
    return this;
  }

  /** Id of the step's task at the place (any where none is named). */
  taskId(stepId: string, locality?: string): string {
    const found = this.state.steps[stepId]?.tasks.find(
      ({ body }) => locality === undefined || body.locality.code === locality,
    );
    if (!found) throw new Error(`no task of ${stepId} at ${locality ?? 'any place'}`);
    return found.id;
  }

  decide(outcome: 'approve' | 'refuse', stepId: string, locality?: string, reason?: string, now = NOW): this {
    const taskId = this.taskId(stepId, locality);
    return this.signal({ type: 'task-decided', taskId, outcome, ...(reason === undefined ? {} : { reason }) }, now);
  }

  approve(stepId: string, locality?: string, now = NOW): this {
    return this.decide('approve', stepId, locality, undefined, now);
  }

  refuse(stepId: string, locality?: string, reason = 'no'): this {
    return this.decide('refuse', stepId, locality, reason);
  }

  parcel(event: 'delivered' | 'lost' | 'returned' | 'resent', stepId: string, attempt?: number): this {
    const parcelId = this.state.steps[stepId]!.parcels[0]!.id;
    return this.signal({ type: `parcel-${event}`, parcelId, ...(attempt === undefined ? {} : { attempt }) });
  }

  /** The open steps, each with the bodies it waits for. */
  waiting(): string[] {
    return waitingOn(this.state, this.procedure).map(({ stepId, body }) => `${stepId}@${body.locality.code}`);
  }

  /** The effects of the last signal in short: `request-task out@200001`. */
  happened(): string[] {
    return this.last.map((effect) => {
      switch (effect.type) {
        case 'request-task':
          return `request-task ${effect.stepId}@${effect.body.locality.code}`;
        case 'recall-task':
          return `recall-task ${effect.stepId}@${effect.body.locality.code}${effect.wasDecided ? ' decided' : ''}`;
        case 'request-parcel':
          return `request-parcel ${effect.stepId} ${effect.from.kind}>${effect.to.kind}`;
        case 'suspend':
          return `suspend ${effect.stepId} ${effect.reason}`;
        case 'resume':
          return `resume ${effect.stepId}`;
        case 'applicant-done':
          return 'applicant-done';
        case 'conclude':
          return `conclude ${effect.outcome}`;
      }
    });
  }
}
