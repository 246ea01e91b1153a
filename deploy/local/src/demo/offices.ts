/** Back offices of every body: some follow their locality's topic and answer by topic, the staff of others look at their list and answer over HTTP. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BACKOFFICE_RESULTS_TOPIC } from '@lianban/contracts-review/events';
import type { OutsideClient } from '@lianban/eventing/outside';
import type { System } from '../system/system.js';
import type { SeenEvent } from './follow.js';
import type { Http } from './http.js';
import type { DemoCase, Ledger } from './ledger.js';

interface Task {
  taskId: string;
  caseId: string;
  stepId: string;
  bodyId: string;
}
type Verdict = { outcome: 'approve'; reference: string } | { outcome: 'refuse'; reason: string };

/** A result without an answer for so long is sent again. */
const ASK_AGAIN_MS = 20_000;
/** How often staff look whether their list was announced to have something new, and systems whether they have results to send. */
const LOOK_MS = 30;
/** Answers that say the task is settled already: somebody else's refusal was faster. */
const SETTLED = new Set(['task.already-decided', 'task.recalled']);

export class Offices {
  /** Decisions sent on the topic that have no answer yet. */
  private readonly unanswered = new Map<string, { task: Task; verdict: Verdict; sentAt: number }>();
  /** Tasks of cases the demo does not know (yet). */
  private readonly unknown = new Map<string, Task[]>();
  /** Bodies whose staff have something new on their list. */
  private readonly announced = new Set<string>();
  private readonly looking = new Map<string, Promise<void>>();
  private stopping = false;
  private running: Promise<void> | undefined;
  readonly counts = { http: 0, topic: 0, repeated: 0 };
  readonly faults: string[] = [];

  constructor(
    private readonly system: System,
    private readonly client: OutsideClient,
    private readonly http: Http,
    private readonly ledger: Ledger,
  ) {
    ledger.onAcknowledged(({ caseId }) => {
      for (const task of this.unknown.get(caseId) ?? []) this.onOffered(task);
      this.unknown.delete(caseId);
    });
  }

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
    await Promise.all(this.looking.values());
  }

  /** An event of `locality.<code>.tasks.v1`. */
  onTaskEvent(event: SeenEvent): void {
    const { taskId, bodyId, stepId, code } = event.data as Record<string, string>;
    switch (event.type) {
      case 'review.task.offered':
        this.onOffered({ taskId: taskId!, caseId: event.caseId, stepId: stepId!, bodyId: bodyId! });
        return;
      case 'review.task.withdrawn':
        this.unanswered.delete(taskId!);
        return;
      case 'review.result.accepted':
        if (this.unanswered.delete(taskId!)) this.counts.topic++;
        return;
      case 'review.result.rejected':
        if (!this.unanswered.delete(taskId!) || SETTLED.has(code!)) return;
        this.faults.push(`the result for task ${taskId} was refused: ${code}`);
    }
  }

  private onOffered(task: Task): void {
    const one = this.ledger.find(task.caseId);
    if (!one) {
      this.unknown.set(task.caseId, [...(this.unknown.get(task.caseId) ?? []), task]);
      return;
    }
    if (!worksByTopic(task.bodyId)) {
      this.announced.add(task.bodyId);
      return;
    }
    const verdict = judge(one, task);
    if (verdict) this.unanswered.set(task.taskId, { task, verdict, sentAt: -Infinity });
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      await this.sendResults();
      for (const bodyId of this.announced) {
        // What comes while they look is for the next look.
        if (this.looking.has(bodyId)) continue;
        this.announced.delete(bodyId);
        const looked = this.lookAtList(bodyId)
          .catch((error: unknown) => void this.faults.push(`${bodyId}: ${(error as Error).message}`))
          .finally(() => this.looking.delete(bodyId));
        this.looking.set(bodyId, looked);
      }
      await sleep(LOOK_MS);
    }
  }

  /** Everything decided and not yet sent goes out together; what got no answer for long goes out again. */
  private async sendResults(): Promise<void> {
    const now = performance.now();
    const due = [...this.unanswered.values()].filter(({ sentAt }) => now - sentAt > ASK_AGAIN_MS);
    if (due.length === 0) return;
    this.counts.repeated += due.filter(({ sentAt }) => sentAt > 0).length;
    for (const one of due) one.sentAt = now;
    const messages = due.map(({ task, verdict }) => ({
      key: task.taskId,
      headers: { authorization: `Bearer ${this.system.token(`backoffice-${task.bodyId}`)}` },
      value: JSON.stringify({ taskId: task.taskId, ...verdict }),
    }));
    await this.client.publish(BACKOFFICE_RESULTS_TOPIC, messages).catch(() => {
      for (const one of due) one.sentAt = -Infinity;
    });
  }

  /** One of the staff takes everything that is open on the body's list. */
  private async lookAtList(bodyId: string): Promise<void> {
    const token = this.system.token(`reviewer-${bodyId}`);
    const url = `${this.system.urls.review}/tasks`;
    const tasks = await this.http.list<{ id: string; caseId: string; stepId: string }>(
      `${url}?body=${bodyId}&state=open`,
      token,
    );
    await Promise.all(
      tasks.map(async ({ id, caseId, stepId }) => {
        const one = this.ledger.find(caseId);
        const verdict = one && judge(one, { stepId, bodyId });
        if (verdict) await this.decide(`${url}/${id}`, token, verdict);
      }),
    );
  }

  private async decide(url: string, token: string, verdict: Verdict): Promise<void> {
    for (const step of ['claim', 'decide'] as const) {
      const { status, body } = await this.http.call<{ code: string }>(`${url}/${step}`, {
        method: 'POST',
        token,
        ...(step === 'decide' ? { json: verdict } : {}),
      });
      if (status === 409 && SETTLED.has(body.code)) return;
      if (status !== 200) {
        this.faults.push(`${url}/${step}: ${status} ${body.code}`);
        return;
      }
    }
    this.counts.http++;
  }
}

/** Social insurance and tax have systems of their own; the others' staff use the list. */
const worksByTopic = (bodyId: string): boolean => /-(social-insurance|tax)$/.test(bodyId);

/** Undefined: the body leaves it lying. */
function judge({ plan, caseNo }: DemoCase, { stepId, bodyId }: Pick<Task, 'stepId' | 'bodyId'>): Verdict | undefined {
  if (plan.leaveOpen === stepId) return undefined;
  const { refuse } = plan;
  if (refuse?.stepId === stepId && (!refuse.locality || bodyId.startsWith(refuse.locality)))
    return { outcome: 'refuse', reason: '经核对，申请情况存在争议，暂不符合办理条件' };
  return { outcome: 'approve', reference: `办〔2026〕${caseNo.slice(-6)}号` };
}
