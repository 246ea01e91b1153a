import { Controller, Logger } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { caseStream, taskRecalled, taskRequested } from '@lianban/contracts-dispatch/events';
import { type BatchContext, OnEvents } from '@lianban/eventing/batch';
import { is, type ReceivedEvent } from '@lianban/eventing/envelope';
import { append, type NewEvent } from '@lianban/eventing/outbox';
import { revokeCertificates } from '../../certificate/certificate.store.js';
import { offered, revoked, withdrawn } from '../task.events.js';
import { insertTasks, loadTasks, saveTasks } from '../task.store.js';
import { openTask, recall } from '../task.js';

/** Opens the tasks dispatch asks for and takes back those it recalls. */
@Controller()
export class OnCaseEvents {
  private readonly logger = new Logger(OnCaseEvents.name);

  /** @idempotent by task id: a task that is known is not opened again, one that was taken back is not taken back again. */
  @OnEvents(caseStream.topic)
  async apply(@Payload() events: readonly ReceivedEvent[], @Ctx() { tx, now }: BatchContext): Promise<void> {
    const about = events.filter((event) => is(taskRequested, event) || is(taskRecalled, event));
    const tasks = await loadTasks(
      tx,
      about.map((event) => event.data.taskId),
    );
    const known = new Set(tasks.keys());
    const changed = new Set<string>();
    const annulled = new Map<string, ReceivedEvent>();
    const outgoing: NewEvent[] = [];
    for (const event of about) {
      if (is(taskRequested, event)) {
        if (tasks.has(event.data.taskId)) continue;
        const task = openTask(event.data, { caseId: event.caseid, correlationId: event.correlationid });
        tasks.set(task.id, task);
        outgoing.push(offered(task, event, now));
        continue;
      }
      const before = tasks.get(event.data.taskId);
      if (!before) {
        this.logger.warn(`${event.type} ${event.id} ignored: unknown task ${event.data.taskId}`);
        continue;
      }
      const after = recall(before, event.data.reason, now);
      if (after.state === before.state) continue;
      tasks.set(after.id, after);
      changed.add(after.id);
      outgoing.push(withdrawn(after, { reason: event.data.reason, at: now }, event));
      if (after.state.status === 'decided') annulled.set(after.id, event);
    }
    const all = [...tasks.values()];
    await insertTasks(
      tx,
      all.filter(({ id }) => !known.has(id)),
    );
    await saveTasks(
      tx,
      all.filter(({ id }) => known.has(id) && changed.has(id)),
    );
    const revocations = [...annulled].map(([taskId, event]) => ({
      taskId,
      reason: (event.data as { reason: string }).reason,
      at: now,
    }));
    for (const certificate of await revokeCertificates(tx, revocations)) {
      const event = annulled.get(certificate.taskId)!;
      outgoing.push(revoked(tasks.get(certificate.taskId)!, certificate, certificate.revoked!, event));
    }
    append(tx, outgoing);
  }
}
