/** What happened to a task, as the contracts say it. */
import type { Actor } from '@lianban/access/actor';
import { maskIdNumber, maskName } from '@lianban/access/mask';
import {
  certificateIssued,
  certificateRevoked,
  localityTasksTopic,
  taskClaimed,
  taskDecided,
  taskOffered,
  taskReleased,
  taskWithdrawn,
} from '@lianban/contracts-review/events';
import { type NewEvent, newEvent } from '@lianban/eventing/outbox';
import type { Certificate } from '../certificate/certificate.js';
import type { Claimed, Decided, Recall, Task } from './task.js';

/** The event or message that brought a change about. */
export interface Cause {
  id: string;
  correlationid: string;
  traceparent?: string;
}

/** Where every event about a task belongs. */
const about = (task: Task, now: Date) => ({
  caseId: task.caseId,
  correlationId: task.correlationId,
  locality: task.body.locality.code,
  time: now,
});
const onFeed = (task: Task) => ({ topic: localityTasksTopic(task.body.locality.code) });

export const offered = (task: Task, cause: Cause, now: Date): NewEvent =>
  newEvent(taskOffered, {
    ...about(task, now),
    ...onFeed(task),
    cause,
    data: {
      taskId: task.id,
      caseNo: task.caseNo,
      item: task.item,
      stepId: task.stepId,
      stepName: task.stepName,
      bodyId: task.body.id,
      dueAt: task.dueAt?.toISOString() ?? null,
      provisional: task.provisional,
      applicant: { name: maskName(task.applicant.name), idNumber: maskIdNumber(task.applicant.idNumber) },
      offeredAt: now.toISOString(),
    },
  });

export const withdrawn = (task: Task, { reason, at }: Recall, cause: Cause): NewEvent =>
  newEvent(taskWithdrawn, {
    ...about(task, at),
    ...onFeed(task),
    cause,
    data: {
      taskId: task.id,
      bodyId: task.body.id,
      reason,
      wasDecided: task.state.status === 'decided',
      at: at.toISOString(),
    },
  });

export const revoked = (task: Task, certificate: Certificate, { reason, at }: Recall, cause: Cause): NewEvent =>
  newEvent(certificateRevoked, {
    ...about(task, at),
    cause,
    data: {
      certificateId: certificate.id,
      taskId: task.id,
      kind: certificate.kind,
      number: certificate.number,
      body: task.body,
      reason,
      revokedAt: at.toISOString(),
    },
  });

export const claimed = (task: Task, { by, at }: Claimed): NewEvent =>
  newEvent(taskClaimed, {
    ...about(task, at),
    actor: by.subject,
    data: {
      taskId: task.id,
      stepId: task.stepId,
      body: task.body,
      claimedBy: by.subject,
      claimedAt: at.toISOString(),
    },
  });

export const released = (task: Task, actor: Actor, now: Date): NewEvent =>
  newEvent(taskReleased, {
    ...about(task, now),
    actor: actor.subject,
    data: {
      taskId: task.id,
      stepId: task.stepId,
      body: task.body,
      releasedBy: actor.subject,
      releasedAt: now.toISOString(),
    },
  });

/** The decision and, before it, the certificate it issued: who hears of the decision can rely on the certificate being there. */
export function decided(task: Task<Decided>, certificate: Certificate | null): NewEvent[] {
  const { outcome, reason, by, at } = task.state.decision;
  const common = { ...about(task, at), actor: by.subject };
  const brief = certificate && {
    certificateId: certificate.id,
    kind: certificate.kind,
    name: certificate.name,
    number: certificate.number,
  };
  const decision = newEvent(taskDecided, {
    ...common,
    data: {
      taskId: task.id,
      stepId: task.stepId,
      body: task.body,
      outcome,
      reason,
      decidedBy: by.subject,
      decidedAt: at.toISOString(),
      certificate: brief,
    },
  });
  if (!certificate || !brief) return [decision];
  const issued = newEvent(certificateIssued, {
    ...common,
    data: {
      ...brief,
      taskId: task.id,
      body: task.body,
      sha256: certificate.sha256,
      issuedAt: certificate.issuedAt.toISOString(),
    },
  });
  return [issued, decision];
}
