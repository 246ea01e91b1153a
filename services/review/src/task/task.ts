/** Rules of a department task (任务): who may do what to it in which state. Pure; the time is an argument. */
import type { Actor } from '@lianban/access/actor';
import { may } from '@lianban/access/policy';
import type { Bilingual, BodyRef, ItemRef, LocalityRef } from '@lianban/contracts-catalog/shapes';
import type { Product, TaskRequested } from '@lianban/contracts-dispatch/events';
import type { Applicant, MaterialRef } from '@lianban/contracts-intake/shapes';
import { requestInvalid } from '@lianban/service-kit/errors';
import { alreadyDecided, claimedByOther, notClaimed, taskNotFound, taskRecalled, wrongBody } from './task.errors.js';

export const TASK_STATUSES = ['open', 'claimed', 'decided', 'recalled'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];
export type TaskAction = 'claim' | 'release' | 'decide';

/** What may be done to a task in each state. The server answers 409 to anything else; a console greys the button. */
export const ALLOWED_ACTIONS = {
  open: ['claim', 'decide'],
  claimed: ['release', 'decide'],
  decided: [],
  recalled: [],
} as const satisfies Record<TaskStatus, readonly TaskAction[]>;

export const OUTCOMES = ['approve', 'refuse'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Who acted: the token's subject, and the name people know them by where the token gives one. */
export interface Author {
  subject: string;
  name: string | null;
}
export interface Recall {
  reason: string;
  at: Date;
}
/** `reference`: the body's own file number. */
export interface Verdict {
  outcome: Outcome;
  reason: string | null;
  reference: string | null;
}
export interface Decision extends Verdict {
  by: Author;
  at: Date;
}

export interface Open {
  status: 'open';
}
export interface Claimed {
  status: 'claimed';
  by: Author;
  at: Date;
}
/** A decision cannot be withdrawn by its body; `annulled` says that the case took it back. */
export interface Decided {
  status: 'decided';
  decision: Decision;
  annulled: Recall | null;
}
export interface Recalled {
  status: 'recalled';
  recall: Recall;
}
export type TaskState = Open | Claimed | Decided | Recalled;

/** What was asked for; never changes. `dueAt` is null where no source states a limit. */
export interface TaskFile {
  id: string;
  caseId: string;
  correlationId: string;
  caseNo: string;
  item: ItemRef;
  receivingLocality: LocalityRef;
  stepId: string;
  stepName: Bilingual;
  party: string;
  body: BodyRef;
  dueAt: Date | null;
  provisional: boolean;
  limitBasis: string | null;
  produces: Product[];
  applicant: Applicant;
  form: Record<string, unknown>;
  materials: MaterialRef[];
  requestedAt: Date;
}
export interface Task<State extends TaskState = TaskState> extends TaskFile {
  state: State;
}

/** A new task as dispatch asks for it. */
export function openTask(request: TaskRequested, origin: { caseId: string; correlationId: string }): Task<Open> {
  const { taskId, dueAt, requestedAt, ...rest } = request;
  return {
    ...rest,
    ...origin,
    id: taskId,
    dueAt: dueAt === null ? null : new Date(dueAt),
    requestedAt: new Date(requestedAt),
    state: { status: 'open' },
  };
}

/** Throws `task.not-found` where the actor's locality is not the task's, `task.wrong-body` where only the body is another. */
export function assertInCharge(actor: Actor, action: 'task.claim' | 'task.decide', task: Task): void {
  if (!may(actor, 'task.read', { localities: [task.body.locality.code] })) throw taskNotFound();
  if (!may(actor, action, { body: task.body.id, localities: [task.body.locality.code] }))
    throw wrongBody({ body: task.body.name.zh, bodyEn: task.body.name.en });
}

/** @idempotent for whoever holds the claim: the task itself comes back. */
export function claim(task: Task, actor: Actor, now: Date): Task {
  assertInCharge(actor, 'task.claim', task);
  const { state } = task;
  switch (state.status) {
    case 'open':
      return { ...task, state: { status: 'claimed', by: authorOf(actor), at: now } };
    case 'claimed':
      if (state.by.subject === actor.subject) return task;
      throw claimedBy(state);
    case 'decided':
      throw decidedBefore(state.decision);
    case 'recalled':
      throw recalled(state.recall);
  }
}

/** Gives a claim back. @idempotent: an open task comes back as it is. */
export function release(task: Task, actor: Actor): Task {
  assertInCharge(actor, 'task.claim', task);
  const { state } = task;
  switch (state.status) {
    case 'open':
      return task;
    case 'claimed':
      if (state.by.subject !== actor.subject) throw claimedBy(state);
      return { ...task, state: { status: 'open' } };
    case 'decided':
      throw decidedBefore(state.decision);
    case 'recalled':
      throw recalled(state.recall);
  }
}

/**
 * One decision per task. A back-office system decides without a claim; a person claims first.
 * `repeated`: the same actor sent the same decision again, which is the same answer and not a second decision.
 */
export function decide(
  task: Task,
  verdict: Verdict,
  actor: Actor,
  now: Date,
): { task: Task<Decided>; repeated: boolean } {
  assertInCharge(actor, 'task.decide', task);
  // 行政许可法 38: a refusal states its reason.
  if (verdict.outcome === 'refuse' && !verdict.reason?.trim())
    throw requestInvalid({}, [
      { path: '/reason', message: { zh: '不予批准须说明理由', en: 'a refusal must state its reason' } },
    ]);
  const { state } = task;
  switch (state.status) {
    case 'open':
      if (!actor.roles.includes('back-office')) throw notClaimed();
      break;
    case 'claimed':
      if (state.by.subject !== actor.subject) throw claimedBy(state);
      break;
    case 'decided':
      if (!isSame(state.decision, verdict, actor)) throw decidedBefore(state.decision);
      return { task: { ...task, state }, repeated: true };
    case 'recalled':
      throw recalled(state.recall);
  }
  const decision = { ...verdict, by: authorOf(actor), at: now };
  return { task: { ...task, state: { status: 'decided', decision, annulled: null } }, repeated: false };
}

/** Takes the task back, whoever holds it; a decision made before is annulled. @idempotent: a task taken back already comes back as it is. */
export function recall(task: Task, reason: string, now: Date): Task<Decided | Recalled> {
  const { state } = task;
  switch (state.status) {
    case 'open':
    case 'claimed':
      return { ...task, state: { status: 'recalled', recall: { reason, at: now } } };
    case 'decided':
      return { ...task, state: state.annulled ? state : { ...state, annulled: { reason, at: now } } };
    case 'recalled':
      return { ...task, state };
  }
}

/** The certificate an approval of this task issues; null where it issues none. */
export const certificateOf = (task: TaskFile): { kind: string; prefix: string; name: Bilingual } | null => {
  const product = task.produces.find(({ certificate }) => certificate !== null);
  return product?.certificate ? { ...product.certificate, name: product.document } : null;
};

const authorOf = (actor: Actor): Author => ({ subject: actor.subject, name: actor.name ?? null });
const nameOf = (author: Author): string => author.name ?? author.subject;
const isSame = (decision: Decision, verdict: Verdict, actor: Actor): boolean =>
  decision.by.subject === actor.subject &&
  decision.outcome === verdict.outcome &&
  decision.reason === verdict.reason &&
  decision.reference === verdict.reference;

const claimedBy = (state: Claimed) => claimedByOther({ by: nameOf(state.by), at: state.at.toISOString() });
const decidedBefore = (decision: Decision) =>
  alreadyDecided({ by: nameOf(decision.by), at: decision.at.toISOString() });
const recalled = ({ reason, at }: Recall) => taskRecalled({ reason, at: at.toISOString() });
