/** Back offices of every body: some follow their locality's topic and answer by topic, some look at their list and answer over HTTP. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BodyRef } from '@lianban/contracts-catalog/shapes';
import { BACKOFFICE_RESULTS_TOPIC } from '@lianban/contracts-review/events';
import type { OutsideClient } from '@lianban/eventing/outside';
import type { System } from '../system/system.js';
import type { SeenEvent } from './follow.js';
import type { Http } from './http.js';
import { type DemoCase, hasEnded, type Ledger } from './ledger.js';

interface Task {
  taskId: string;
  caseId: string;
  stepId: string;
  bodyId: string;
}
type Verdict = { outcome: 'approve'; reference: string } | { outcome: 'refuse'; reason: string };

const ASK_AGAIN_MS = 20_000;
const POLL_MS = 300;
/** Tasks claimed and not decided are left over only where an answer got lost: looked for every so many rounds. */
const CLAIMED_EVERY = 10;
/** The demo is impatient, a rejection with one of these codes is not a fault: the task is settled already. */
const SETTLED = new Set(['task.already-decided', 'task.recalled']);

export class Offices {
  /** Decisions sent on the topic that have no answer yet. */
  private readonly unanswered = new Map<string, { task: Task; verdict: Verdict; sentAt: number }>();
  /** Tasks of cases the demo does not know (yet). */
  private readonly unknown = new Map<string, Task[]>();
  private readonly left = new Set<string>();
  private stopping = false;
  private readonly loops: Promise<void>[] = [];
  readonly counts = { http: 0, topic: 0, refused: 0, recalled: 0, repeated: 0 };
  readonly faults: string[] = [];

  constructor(
    private readonly system: System,
    private readonly client: OutsideClient,
    private readonly http: Http,
    private readonly ledger: Ledger,
    private readonly bodies: readonly BodyRef[],
  ) {
    ledger.onAcknowledged(({ caseId }) => {
      for (const task of this.unknown.get(caseId) ?? []) this.onOffered(task);
      this.unknown.delete(caseId);
    });
  }

  start(): void {
    for (const body of this.bodies.filter((one) => !this.worksByTopic(one.id))) this.loops.push(this.lookAtList(body));
    this.loops.push(this.send());
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.loops);
  }

  /** An event of `locality.<code>.tasks.v1`. */
  onTaskEvent(event: SeenEvent): void {
    const { taskId, bodyId, stepId, code } = event.data as Record<string, string>;
    switch (event.type) {
      case 'review.task.offered':
        if (this.worksByTopic(bodyId!))
          this.onOffered({ taskId: taskId!, caseId: event.caseId, stepId: stepId!, bodyId: bodyId! });
        return;
      case 'review.task.withdrawn':
        if (this.ledger.find(event.caseId)) this.counts.recalled++;
        this.unanswered.delete(taskId!);
        return;
      case 'review.result.accepted': {
        const waiting = this.unanswered.get(taskId!);
        if (!waiting) return;
        this.counts.topic++;
        if (waiting.verdict.outcome === 'refuse') this.counts.refused++;
        this.unanswered.delete(taskId!);
        return;
      }
      case 'review.result.rejected':
        if (!taskId || !this.unanswered.has(taskId)) return;
        if (!SETTLED.has(code!)) this.faults.push(`the result for task ${taskId} was refused: ${code}`);
        this.unanswered.delete(taskId);
    }
  }

  /** Social insurance and tax have systems of their own that use topics; the others' staff use the list. */
  private worksByTopic(bodyId: string): boolean {
    return /-(social-insurance|tax)$/.test(bodyId);
  }

  private onOffered(task: Task): void {
    const one = this.ledger.find(task.caseId);
    if (!one) {
      this.unknown.set(task.caseId, [...(this.unknown.get(task.caseId) ?? []), task]);
      return;
    }
    const verdict = this.judge(one, task);
    if (verdict) this.unanswered.set(task.taskId, { task, verdict, sentAt: -Infinity });
  }

  /** Undefined: the body leaves it lying. */
  private judge({ plan, caseNo }: DemoCase, { taskId, stepId, bodyId }: Task): Verdict | undefined {
    if (plan.leaveOpen === stepId) {
      this.left.add(taskId);
      return undefined;
    }
    const { refuse } = plan;
    if (refuse?.stepId === stepId && (!refuse.locality || bodyId.startsWith(refuse.locality)))
      return { outcome: 'refuse', reason: '经核对，参保记录存在争议，暂不符合办理条件' };
    return { outcome: 'approve', reference: `办〔2026〕${caseNo.slice(-6)}号` };
  }

  /** Everything decided and not yet sent goes out together; what got no answer for long goes out again. */
  private async send(): Promise<void> {
    while (!this.stopping) {
      const now = performance.now();
      const due = [...this.unanswered.values()].filter(({ sentAt }) => now - sentAt > ASK_AGAIN_MS);
      if (due.length > 0) {
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
      await sleep(30);
    }
  }

  private async lookAtList(body: BodyRef): Promise<void> {
    const token = () => this.system.token(`reviewer-${body.id}`);
    const url = `${this.system.urls.review}/tasks`;
    for (let round = 1; !this.stopping; round++) {
      await sleep(POLL_MS);
      if (this.ledger.all().every(hasEnded)) continue;
      try {
        const tasks = (
          await Promise.all(
            (round % CLAIMED_EVERY === 0 ? ['open', 'claimed'] : ['open']).map((state) =>
              this.http.list<{ id: string; caseId: string; stepId: string }>(
                `${url}?body=${body.id}&state=${state}`,
                token(),
              ),
            ),
          )
        ).flat();
        await Promise.all(
          tasks.map(async ({ id, caseId, stepId }) => {
            const one = this.ledger.find(caseId);
            const verdict = one && this.judge(one, { taskId: id, caseId, stepId, bodyId: body.id });
            if (verdict) await this.decide(url, id, token(), verdict);
          }),
        );
      } catch (error) {
        if (!this.stopping) this.faults.push(`${body.id}: ${(error as Error).message}`);
      }
    }
  }

  private async decide(url: string, id: string, token: string, verdict: Verdict): Promise<void> {
    for (const step of ['claim', 'decide'] as const) {
      const { status, body } = await this.http.call<{ code: string }>(`${url}/${id}/${step}`, {
        method: 'POST',
        token,
        ...(step === 'decide' ? { json: verdict } : {}),
      });
      if (status === 409 && SETTLED.has(body.code)) return;
      if (status !== 200) {
        this.faults.push(`${step} of task ${id}: ${status} ${body.code}`);
        return;
      }
    }
    this.counts.http++;
    if (verdict.outcome === 'refuse') this.counts.refused++;
  }
}
