/** The engine: folds signals into the state of a joint case. It is pure and knows no procedure by name. */
import { deadline } from '@lianban/calendar/deadline';
import type { Condition, Limit, ParcelEnd, ParcelStep, Procedure, Step, TaskStep } from './procedure.js';
import type { Bilingual, BodyRef, LocalityRef, Place, Product } from './shapes.js';
import { uuidOf } from './uuid.js';

export type { Procedure } from './procedure.js';

/** One body's share of a step. A decision is final; only an all-or-none step that fails takes it back (`recalled`). */
export interface TaskState {
  id: string;
  body: BodyRef;
  status: 'open' | 'approved' | 'refused' | 'recalled';
  dueAt: string | null;
  provisional: boolean;
  certificate: string | null;
}

/** `attempt` counts from 1; a parcel that was lost or came back waits to be sent again. */
export interface ParcelState {
  id: string;
  from: Place;
  to: Place;
  status: 'under-way' | 'lost' | 'returned' | 'delivered';
  attempt: number;
  dueAt: string | null;
  provisional: boolean;
}

/** `wanted`: the form meets the step's condition; otherwise it is skipped in its turn. `stopped`: the case ended before the step did. `since` is an RFC 3339 instant. */
export interface StepState {
  wanted: boolean;
  status: 'pending' | 'skipped' | 'open' | 'done' | 'stopped';
  since: string | null;
  tasks: TaskState[];
  parcels: ParcelState[];
}

/** JSON-safe. Holds nothing personal: conditions on the form are settled when the case opens. */
export interface CaseState {
  caseId: string;
  status: 'open' | 'suspended' | 'approved' | 'refused';
  receivingLocality: LocalityRef;
  parties: Record<string, BodyRef[]>;
  dueAt: string | null;
  provisional: boolean;
  applicantDone: boolean;
  steps: Record<string, StepState>;
}

export type Signal =
  | {
      type: 'task-decided';
      taskId: string;
      outcome: 'approve' | 'refuse';
      reason?: string;
      certificate?: { number: string };
    }
  | {
      type: 'parcel-delivered' | 'parcel-lost' | 'parcel-returned' | 'parcel-resent';
      parcelId: string;
      /** Which posting the signal is about; one about an earlier posting than the current is late. */
      attempt?: number;
    };

export type Effect =
  | {
      type: 'request-task';
      taskId: string;
      stepId: string;
      party: string;
      body: BodyRef;
      dueAt: string | null;
      provisional: boolean;
      limitBasis: string | null;
      produces: Product[];
    }
  | { type: 'recall-task'; taskId: string; stepId: string; body: BodyRef; reason: string; wasDecided: boolean }
  | {
      type: 'request-parcel';
      parcelId: string;
      stepId: string;
      contents: 'originals' | 'results';
      from: Place;
      to: Place;
      payer: ParcelStep['payer'];
    }
  | { type: 'suspend'; stepId: string; reason: 'parcel-lost' | 'parcel-returned' }
  | { type: 'resume'; stepId: string }
  | { type: 'applicant-done' }
  | { type: 'conclude'; outcome: 'approved' | 'refused'; reason: string | null };

export interface Opening {
  caseId: string;
  receivingLocality: LocalityRef;
  parties: Record<string, BodyRef[]>;
  form: Record<string, unknown>;
  /** When the application came in: the total limit runs from here. */
  receivedAt: Date;
  now: Date;
}

/** Whom an open step waits for. `body` is never missing: for a parcel it is the body that sends it, or else receives it. */
export interface Waiting {
  stepId: string;
  stepName: Bilingual;
  on: 'body' | 'courier';
  body: BodyRef;
  taskId: string | null;
  parcel: { parcelId: string; from: Place; to: Place; status: ParcelState['status'] } | null;
  since: string;
  dueAt: string | null;
  provisional: boolean;
  suspended: boolean;
}

/** Opens a case: steps whose condition fails are left out, steps that wait for nothing are asked for. Throws where a party has no body. */
export function openCase(
  procedure: Procedure,
  { caseId, receivingLocality, parties, form, receivedAt, now }: Opening,
): { state: CaseState; effects: Effect[]; dueAt: string | null; provisional: boolean } {
  const { dueAt, provisional } = due(procedure.totalLimit, receivedAt);
  const draft: CaseState = {
    caseId,
    status: 'open',
    receivingLocality,
    parties,
    dueAt,
    provisional,
    applicantDone: false,
    steps: Object.fromEntries(
      procedure.steps.map((step): [string, StepState] => [
        step.id,
        { wanted: !step.when || holds(step.when, form), status: 'pending', since: null, tasks: [], parcels: [] },
      ]),
    ),
  };
  const effects: Effect[] = [];
  goOn(procedure, draft, now, effects);
  return { state: draft, effects, dueAt, provisional };
}

/** Applies one signal. `ignored`: it is repeated, late or about nothing known here, and the state is the same object as before. */
export function applySignal(
  procedure: Procedure,
  state: CaseState,
  signal: Signal,
  now: Date,
): { state: CaseState; effects: Effect[]; ignored: boolean } {
  const nothing = { state, effects: [], ignored: true };
  if (state.status === 'approved' || state.status === 'refused') return nothing;
  const draft = structuredClone(state);
  const effects: Effect[] = [];
  const applied =
    signal.type === 'task-decided'
      ? decide(procedure, draft, signal, effects)
      : carry(procedure, draft, signal, effects);
  if (!applied) return nothing;
  goOn(procedure, draft, now, effects);
  return { state: draft, effects, ignored: false };
}

/** For every open step, whom it waits for; empty exactly when the case has ended. */
export function waitingOn(state: CaseState, procedure: Procedure): Waiting[] {
  return procedure.steps.flatMap((step) => {
    const { status, since, tasks, parcels } = stepState(state, step);
    if (status !== 'open' || since === null) return [];
    const common = { stepId: step.id, stepName: step.name, since };
    return [
      ...tasks
        .filter((task) => task.status === 'open')
        .map(({ id, body, dueAt, provisional }): Waiting => {
          return { ...common, on: 'body', body, taskId: id, parcel: null, dueAt, provisional, suspended: false };
        }),
      ...parcels
        .filter((parcel) => parcel.status !== 'delivered')
        .map(({ id, from, to, status, dueAt, provisional }): Waiting => {
          const body = from.body ?? to.body;
          if (!body) throw new Error(`parcel ${id} travels between no bodies`);
          return {
            ...common,
            on: 'courier',
            body,
            taskId: null,
            parcel: { parcelId: id, from, to, status },
            dueAt,
            provisional,
            suspended: status !== 'under-way',
          };
        }),
    ];
  });
}

type Of<Type extends Signal['type']> = Extract<Signal, { type: Type }>;

const complete = (status: StepState['status']): boolean => status === 'done' || status === 'skipped';
const ended = (state: CaseState): boolean => state.status === 'approved' || state.status === 'refused';

function stepState(state: CaseState, step: Pick<Step, 'id'>): StepState {
  const found = state.steps[step.id];
  if (!found) throw new Error(`the case has no step ${step.id}: it belongs to another version of the procedure`);
  return found;
}

/** Records a decision in the draft. False: not an open task. */
function decide(procedure: Procedure, draft: CaseState, signal: Of<'task-decided'>, effects: Effect[]): boolean {
  const step = procedure.steps.find(
    (candidate): candidate is TaskStep =>
      candidate.kind === 'task' && stepState(draft, candidate).tasks.some((task) => task.id === signal.taskId),
  );
  if (!step) return false;
  const own = stepState(draft, step);
  const task = own.tasks.find(({ id }) => id === signal.taskId)!;
  if (own.status !== 'open' || task.status !== 'open') return false;
  if (signal.outcome === 'approve') {
    task.status = 'approved';
    task.certificate = signal.certificate?.number ?? null;
  } else {
    task.status = 'refused';
    if (step.acceptance === 'all-or-none') recall(step, own, 'all-or-none: another body refused', effects);
    if (step.onReject !== 'continue') return refuse(procedure, draft, step, signal.reason ?? null, effects);
  }
  if (own.tasks.every(({ status }) => status !== 'open')) own.status = 'done';
  return true;
}

/** Takes back the open tasks of a step, and of an all-or-none step also what was approved: none means none. */
function recall(step: TaskStep, own: StepState, reason: string, effects: Effect[]): void {
  for (const task of own.tasks) {
    const wasDecided = task.status === 'approved';
    if (task.status !== 'open' && !(wasDecided && step.acceptance === 'all-or-none')) continue;
    task.status = 'recalled';
    effects.push({ type: 'recall-task', taskId: task.id, stepId: step.id, body: task.body, reason, wasDecided });
  }
}

/** A body refused and that ends the case: whatever is still open is taken back, an unfinished all-or-none step as a whole. */
function refuse(
  procedure: Procedure,
  draft: CaseState,
  refused: TaskStep,
  reason: string | null,
  effects: Effect[],
): true {
  for (const step of procedure.steps) {
    const own = stepState(draft, step);
    if (complete(own.status)) continue;
    if (step.kind === 'task') recall(step, own, `case refused at step ${refused.id}`, effects);
    own.status = 'stopped';
  }
  draft.status = 'refused';
  effects.push({ type: 'conclude', outcome: 'refused', reason });
  return true;
}

/** Records what happened to a parcel. False: nothing new. */
function carry(
  procedure: Procedure,
  draft: CaseState,
  signal: Exclude<Signal, { type: 'task-decided' }>,
  effects: Effect[],
): boolean {
  const step = procedure.steps.find((candidate) =>
    stepState(draft, candidate).parcels.some(({ id }) => id === signal.parcelId),
  );
  if (!step) return false;
  const own = stepState(draft, step);
  const parcel = own.parcels.find(({ id }) => id === signal.parcelId)!;
  if (own.status !== 'open' || parcel.status === 'delivered') return false;
  const wasSuspended = isSuspended(own);
  switch (signal.type) {
    case 'parcel-delivered':
      if ((signal.attempt ?? parcel.attempt) < parcel.attempt) return false;
      parcel.status = 'delivered';
      break;
    case 'parcel-lost':
    case 'parcel-returned':
      if (parcel.status !== 'under-way' || (signal.attempt ?? parcel.attempt) < parcel.attempt) return false;
      parcel.status = signal.type === 'parcel-lost' ? 'lost' : 'returned';
      if (!wasSuspended) effects.push({ type: 'suspend', stepId: step.id, reason: signal.type });
      break;
    case 'parcel-resent':
      if (parcel.status === 'under-way' || (signal.attempt ?? parcel.attempt + 1) <= parcel.attempt) return false;
      parcel.status = 'under-way';
      parcel.attempt = signal.attempt ?? parcel.attempt + 1;
      break;
  }
  if (own.parcels.every(({ status }) => status === 'delivered')) own.status = 'done';
  const suspended = procedure.steps.some((candidate) => isSuspended(stepState(draft, candidate)));
  draft.status = suspended ? 'suspended' : 'open';
  if (wasSuspended && !isSuspended(own)) effects.push({ type: 'resume', stepId: step.id });
  return true;
}

/** A step stands still while one of its parcels is lost or came back. */
const isSuspended = (own: StepState): boolean =>
  own.status === 'open' && own.parcels.some(({ status }) => status === 'lost' || status === 'returned');

/** Asks for every step that has become ready, then says whether the applicant is done and whether the case has ended. */
function goOn(procedure: Procedure, draft: CaseState, now: Date, effects: Effect[]): void {
  if (ended(draft)) return;
  // A skipped step is complete at once, so that what follows it may be ready too.
  for (let skipped = true; skipped;) {
    skipped = false;
    for (const step of procedure.steps) {
      const own = stepState(draft, step);
      if (own.status !== 'pending' || !step.after.every((id) => complete(stepState(draft, { id }).status))) continue;
      if (own.wanted) begin(draft, step, own, now, effects);
      else {
        own.status = 'skipped';
        skipped = true;
      }
    }
  }
  if (!draft.applicantDone && procedure.applicantDone.every((id) => complete(stepState(draft, { id }).status))) {
    draft.applicantDone = true;
    effects.push({ type: 'applicant-done' });
  }
  if (procedure.steps.every((step) => complete(stepState(draft, step).status))) {
    draft.status = 'approved';
    effects.push({ type: 'conclude', outcome: 'approved', reason: null });
  }
}

function begin(draft: CaseState, step: Step, own: StepState, now: Date, effects: Effect[]): void {
  own.status = 'open';
  own.since = now.toISOString();
  const since = step.limit?.since === undefined ? null : stepState(draft, { id: step.limit.since }).since;
  const { dueAt, provisional } = due(step.limit, since === null ? now : new Date(since));
  if (step.kind === 'task') beginTasks(draft, step, own, { dueAt, provisional }, effects);
  else beginParcels(draft, step, own, { dueAt, provisional }, effects);
}

interface Due {
  dueAt: string | null;
  provisional: boolean;
}

/** One task per body of the party. */
function beginTasks(draft: CaseState, step: TaskStep, own: StepState, until: Due, effects: Effect[]): void {
  const { party, produces } = step;
  for (const body of bodiesOf(draft, party)) {
    const id = uuidOf(draft.caseId, 'task', step.id, body.id, 1);
    own.tasks.push({ id, body, status: 'open', ...until, certificate: null });
    effects.push({
      type: 'request-task',
      taskId: id,
      stepId: step.id,
      party,
      body,
      ...until,
      limitBasis: step.limit?.basis ?? null,
      produces,
    });
  }
}

/** One parcel per pair of ends. */
function beginParcels(draft: CaseState, step: ParcelStep, own: StepState, until: Due, effects: Effect[]): void {
  const { contents, payer } = step;
  for (const from of placesOf(draft, step.from))
    for (const to of placesOf(draft, step.to)) {
      const ends = [from, to].map(({ body }) => body?.id ?? 'window').join('>');
      const id = uuidOf(draft.caseId, 'parcel', step.id, ends, 1);
      own.parcels.push({ id, from, to, status: 'under-way', attempt: 1, ...until });
      effects.push({ type: 'request-parcel', parcelId: id, stepId: step.id, contents, from, to, payer });
    }
}

function bodiesOf(draft: CaseState, party: string): BodyRef[] {
  const bodies = draft.parties[party];
  if (!bodies?.length) throw new Error(`party ${party} has no body in this case`);
  return [...new Map(bodies.map((body) => [body.id, body])).values()];
}

const placesOf = (draft: CaseState, end: ParcelEnd): Place[] =>
  end === 'window'
    ? [{ kind: 'window', locality: draft.receivingLocality, body: null }]
    : bodiesOf(draft, end.party).map((body) => ({ kind: 'body', locality: body.locality, body }));

function due(limit: Limit | null, from: Date): Due {
  if (!limit) return { dueAt: null, provisional: false };
  const { dueAt, provisional } = deadline(from, limit);
  return { dueAt: dueAt.toISOString(), provisional };
}

function holds(condition: Condition, form: Record<string, unknown>): boolean {
  const value = Object.hasOwn(form, condition.field) ? form[condition.field] : undefined;
  if ('equals' in condition) return value === condition.equals;
  const present = value !== undefined && value !== null && value !== '';
  return present === condition.present;
}
