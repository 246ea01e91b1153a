import { describe, expect, it } from '@jest/globals';
import type { Actor } from '@lianban/access/actor';
import { taskRequested } from '@lianban/contracts-dispatch/events';
import { CodedError } from '@lianban/service-kit/errors';
import {
  ALLOWED_ACTIONS,
  certificateOf,
  claim,
  decide,
  openTask,
  recall,
  release,
  type Task,
  type TaskAction,
  type TaskStatus,
  type Verdict,
} from './task.js';
import { toFile, toSummary } from './task.view.js';

const now = new Date('2026-11-25T02:00:00.000Z');
const later = new Date('2026-11-26T02:00:00.000Z');
const caseId = '01936f4e-7c00-7000-8000-000000000001';
const bodyId = '371300-social-insurance';
const li: Actor = { subject: 'li', name: '李审核', locality: '371300', body: bodyId, roles: ['reviewer'] };
const wang: Actor = { subject: 'wang', locality: '371300', body: bodyId, roles: ['reviewer'] };
const system: Actor = { subject: 'backoffice', locality: '371300', body: bodyId, roles: ['back-office'] };
const otherBody: Actor = {
  subject: 'zhao',
  locality: '371300',
  body: '371300-tax',
  roles: ['reviewer', 'back-office'],
};
const otherPlace: Actor = { subject: 'qian', locality: '340100', body: bodyId, roles: ['reviewer', 'back-office'] };
const approve: Verdict = { outcome: 'approve', reason: null, reference: '临社保审〔2026〕17号' };
const refuse: Verdict = { outcome: 'refuse', reason: '参保关系未终止', reference: null };

const opened = openTask(taskRequested.example, { caseId, correlationId: 'c-1' });
const claimed = claim(opened, li, now);
const decided = decide(opened, approve, system, now).task;
const recalled = recall(opened, 'another origin refused', now);
const annulled = recall(decided, 'another origin refused', later);

/** The code of what `work` throws; nothing else than a coded error may come out of the rules. */
function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof CodedError) return error.code;
    throw error;
  }
  return 'allowed';
}

describe('a request of dispatch', () => {
  it('opens a task with everything it asks for', () => {
    const { taskId, dueAt, requestedAt, ...rest } = taskRequested.example;
    expect(opened).toEqual({
      ...rest,
      id: taskId,
      caseId,
      correlationId: 'c-1',
      dueAt: new Date(dueAt!),
      requestedAt: new Date(requestedAt),
      state: { status: 'open' },
    });
  });
  it('keeps that no limit is stated', () => {
    expect(openTask({ ...taskRequested.example, dueAt: null }, { caseId, correlationId: 'c-1' }).dueAt).toBeNull();
  });
});

describe('the table of allowed actions', () => {
  const states: Record<TaskStatus, Task> = { open: opened, claimed, decided, recalled };
  // The holder of the claim, who is both a person and a system, so that only the state decides.
  const holder: Actor = { ...li, roles: ['reviewer', 'back-office'] };
  const acts: Record<TaskAction, (task: Task) => unknown> = {
    claim: (task) => claim(task, { ...holder, subject: 'somebody else' }, now),
    release: (task) => (release(task, holder) === task ? 'nothing changed' : undefined),
    decide: (task) => decide(task, refuse, holder, now),
  };
  const cases = Object.entries(states).flatMap(([status, task]) =>
    Object.entries(acts).map(([action, act]) => ({
      status: status as TaskStatus,
      action: action as TaskAction,
      task,
      act,
    })),
  );
  it.each(cases)('a task that is $status answers to $action as the table says', ({ status, action, task, act }) => {
    let changes: boolean;
    try {
      changes = act(task) !== 'nothing changed';
    } catch {
      changes = false;
    }
    expect(changes).toBe((ALLOWED_ACTIONS[status] as readonly TaskAction[]).includes(action));
  });
});

describe('claiming', () => {
  it('given an open task, when a reviewer of its body claims it, then it is theirs', () => {
    expect(claimed.state).toEqual({ status: 'claimed', by: { subject: 'li', name: '李审核' }, at: now });
  });
  it('given their own claim, when they claim again, then nothing changes', () => {
    expect(claim(claimed, li, later)).toBe(claimed);
  });
  it('given a claim, when a colleague claims, then the answer names the holder and the time', () => {
    expect(codeOf(() => claim(claimed, wang, later))).toBe('task.claimed-by-other');
    expect(() => claim(claimed, wang, later)).toThrow('李审核 at 2026-11-25T02:00:00.000Z');
  });
  it('given a decision or a recall, when somebody claims, then the answer says which', () => {
    expect(codeOf(() => claim(decided, li, later))).toBe('task.already-decided');
    expect(codeOf(() => claim(recalled, li, later))).toBe('task.recalled');
  });
  it('given a claim, when its holder gives it back, then a colleague can take it', () => {
    const free = release(claimed, li);
    expect(free.state).toEqual({ status: 'open' });
    expect(claim(free, wang, later).state).toMatchObject({ by: { subject: 'wang' } });
  });
  it('given a claim, when a colleague gives it back, then it stays', () => {
    expect(codeOf(() => release(claimed, wang))).toBe('task.claimed-by-other');
  });
});

describe('deciding', () => {
  it('given an open task, when a back-office system decides, then no claim is needed', () => {
    expect(decided.state).toEqual({
      status: 'decided',
      decision: { ...approve, by: { subject: 'backoffice', name: null }, at: now },
      annulled: null,
    });
  });
  it('given an open task, when a person decides, then they must claim first', () => {
    expect(codeOf(() => decide(opened, approve, li, now))).toBe('task.not-claimed');
    expect(decide(claimed, approve, li, later).task.state.decision.by.subject).toBe('li');
  });
  it('given a claim, when anyone else decides, even a system, then it stays with its holder', () => {
    expect(codeOf(() => decide(claimed, approve, wang, later))).toBe('task.claimed-by-other');
    expect(codeOf(() => decide(claimed, approve, system, later))).toBe('task.claimed-by-other');
  });
  it('given a decision, when the same actor repeats it, then it is the same decision with its first time', () => {
    expect(decide(decided, approve, system, later)).toEqual({ task: decided, repeated: true });
  });
  it.each([
    ['another outcome', refuse, system],
    ['another reference', { ...approve, reference: null }, system],
    ['another reason', { ...approve, reason: 'late' }, system],
    ['another author', approve, { ...system, subject: 'backoffice-2' }],
  ])('given a decision, when one with %s comes, then the answer names who won and when', (_, verdict, actor) => {
    expect(codeOf(() => decide(decided, verdict, actor, later))).toBe('task.already-decided');
    expect(() => decide(decided, verdict, actor, later)).toThrow('by backoffice at 2026-11-25T02:00:00.000Z');
  });
  it('given a recalled task, when it is decided, then it is refused', () => {
    expect(codeOf(() => decide(recalled, approve, system, later))).toBe('task.recalled');
  });
  it.each([null, '', '   '])('given the reason %j, when a body refuses, then a reason is asked for', (reason) => {
    expect(codeOf(() => decide(opened, { ...refuse, reason }, system, now))).toBe('request.invalid');
  });
});

describe('who may', () => {
  it.each([
    ['claim', (actor: Actor) => claim(opened, actor, now)],
    ['release', (actor: Actor) => release(claimed, actor)],
    ['decide', (actor: Actor) => decide(opened, approve, actor, now)],
  ])('%s: another body of the place is told so, another place learns nothing', (_, act) => {
    expect(codeOf(() => act(otherBody))).toBe('task.wrong-body');
    expect(codeOf(() => act(otherPlace))).toBe('task.not-found');
  });
  it('repeating a decision does not tell another body or place that there is one', () => {
    expect(codeOf(() => decide(decided, approve, { ...otherBody, subject: 'backoffice' }, now))).toBe(
      'task.wrong-body',
    );
    expect(codeOf(() => decide(decided, approve, { ...otherPlace, subject: 'backoffice' }, now))).toBe(
      'task.not-found',
    );
  });
});

describe('recalling', () => {
  it.each([
    ['an open', opened],
    ['a claimed', claimed],
  ])('given %s task, it is taken back', (_, task) => {
    expect(recall(task, 'why', now).state).toEqual({ status: 'recalled', recall: { reason: 'why', at: now } });
  });
  it('given a decided task, the decision stays and is annulled', () => {
    expect(annulled.state).toEqual({ ...decided.state, annulled: { reason: 'another origin refused', at: later } });
  });
  it('given a task taken back, recalling again keeps the first reason', () => {
    expect(recall(recalled, 'again', later).state).toBe(recalled.state);
    expect(recall(annulled, 'again', later).state).toBe(annulled.state);
  });
  it('given an annulled decision, its author still gets the same answer to a repeat', () => {
    expect(decide(annulled, approve, system, later).repeated).toBe(true);
  });
});

describe('the certificate a task issues', () => {
  it('is none where the step produces papers without a number', () => {
    expect(certificateOf(opened)).toBeNull();
  });
  it('is the product that has one', () => {
    const produces = [
      ...opened.produces,
      { document: { zh: '通知书', en: 'Notice' }, certificate: { kind: 'notice', prefix: 'ZR' } },
    ];
    expect(certificateOf({ ...opened, produces })).toEqual({
      kind: 'notice',
      prefix: 'ZR',
      name: { zh: '通知书', en: 'Notice' },
    });
  });
});

describe('what is shown', () => {
  const secrets = [opened.applicant.idNumber, opened.applicant.phone, opened.applicant.name];
  const reveals = (view: object) => secrets.filter((secret) => JSON.stringify(view).includes(secret));
  it('masks the applicant in lists, also for the body in charge', () => {
    expect(reveals(toSummary(opened))).toEqual([]);
  });
  it('shows the whole file to the body in charge only', () => {
    expect(toFile(opened, null, li)).toMatchObject({ masked: false, form: opened.form, applicant: opened.applicant });
    expect(toFile(opened, null, otherBody)).toMatchObject({ masked: true, form: null, materials: null });
    expect(reveals(toFile(opened, null, otherBody))).toEqual([]);
    expect(reveals(toFile(opened, null, { ...li, roles: ['supervisor'] }))).toEqual([]);
  });
});
