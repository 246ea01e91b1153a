import { randomBytes } from 'node:crypto';
import type { Actor } from '@lianban/access/actor';
import type { Tx } from '@lianban/eventing/database';
import { append } from '@lianban/eventing/outbox';
import { CodedError } from '@lianban/service-kit/errors';
import { type Certificate, issue, seriesOf, verificationCode } from '../../certificate/certificate.js';
import { allotNumbers, insertCertificates, loadCertificates } from '../../certificate/certificate.store.js';
import { taskNotFound } from '../task.errors.js';
import { decided } from '../task.events.js';
import { certificateOf, type Decided, decide, type Task, type Verdict } from '../task.js';
import { insertDecisions, loadTasks, saveTasks } from '../task.store.js';

export interface DecisionRequest {
  taskId: string;
  verdict: Verdict;
  actor: Actor;
}
/** `task` of a refused request is null where there is none the actor may know of. */
export type DecisionAnswer =
  | { kind: 'decided'; task: Task<Decided>; certificate: Certificate | null }
  | { kind: 'refused'; task: Task | null; error: CodedError };

/**
 * Decides in the order given, by the same rules for HTTP and the topic: tasks are read and locked once, folded in memory and written once.
 * Each request gets its own answer; one that is refused leaves no trace in the others.
 */
export async function decideTasks(tx: Tx, requests: readonly DecisionRequest[], now: Date): Promise<DecisionAnswer[]> {
  const tasks = await loadTasks(
    tx,
    requests.map(({ taskId }) => taskId),
  );
  const before = [...tasks.values()].filter(({ state }) => state.status === 'decided').map(({ id }) => id);
  const certificates = await loadCertificates(tx, before);
  const fresh: Task<Decided>[] = [];
  const folded = requests.map(({ taskId, verdict, actor }) => {
    const task = tasks.get(taskId.toLowerCase());
    try {
      if (!task) throw taskNotFound();
      const outcome = decide(task, verdict, actor, now);
      if (!outcome.repeated) {
        tasks.set(task.id, outcome.task);
        fresh.push(outcome.task);
      }
      return { kind: 'decided', task: outcome.task } as const;
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      const mayKnow = task && error.code !== 'task.not-found';
      return { kind: 'refused', task: mayKnow ? task : null, error } as const;
    }
  });
  const issuing = fresh.flatMap((task) => {
    const product = task.state.decision.outcome === 'approve' ? certificateOf(task) : null;
    return product ? [{ task, product }] : [];
  });
  const numbers = await allotNumbers(
    tx,
    issuing.map(({ task, product }) => seriesOf(product.prefix, task.body.locality.code, now)),
  );
  const issued = issuing.map(({ task, product }, index) =>
    issue(task, product, numbers[index]!, verificationCode(randomBytes(16))),
  );
  await saveTasks(tx, fresh);
  await insertDecisions(tx, fresh);
  await insertCertificates(tx, issued);
  for (const certificate of issued) certificates.set(certificate.taskId, certificate);
  append(
    tx,
    fresh.flatMap((task) => decided(task, certificates.get(task.id) ?? null)),
  );
  return folded.map((answer) =>
    answer.kind === 'decided' ? { ...answer, certificate: certificates.get(answer.task.id) ?? null } : answer,
  );
}
