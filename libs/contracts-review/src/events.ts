/** What review publishes: decisions to the other services, and each locality's own feed to its back offices. */
import { defineEvent, defineStream, type EventData } from '@lianban/eventing/contract';
import { bilingual, bodyRef, instant, itemRef, uuid } from '@lianban/contracts-catalog/shapes';

export const taskStream = defineStream({ name: 'review.task', service: 'review', topic: 'review.task.v1' });
/** One topic per locality, so that an ACL can confine each back office: `localityTasksTopic(code)`. */
export const localityStream = defineStream({ name: 'locality.tasks', service: 'review' });
export const localityTasksTopic = (code: string): string => `locality.${code}.tasks.v1`;
/** Where back offices put their results. */
export const BACKOFFICE_RESULTS_TOPIC = 'backoffice.results.v1';

const body = {
  id: '371300-social-insurance',
  name: { zh: '临沂市社会保险经办机构', en: 'Linyi social insurance agency' },
  function: 'social-insurance',
  locality: { code: '371300', name: { zh: '临沂市', en: 'Linyi' } },
};
const taskId = '5f0c2f7e-3c1b-5e0a-9c55-0c9d2c1f2a11';
const at = '2026-11-24T01:30:00.000Z';
const outcome = { enum: ['approve', 'refuse'] } as const;
const nullableString = { type: ['string', 'null'] } as const;
const certificate = {
  type: 'object',
  properties: { certificateId: uuid, kind: { type: 'string' }, name: bilingual, number: { type: 'string' } },
  required: ['certificateId', 'kind', 'name', 'number'],
  additionalProperties: false,
} as const;

export const taskClaimed = defineEvent({
  type: 'review.task.claimed',
  version: 1,
  stream: taskStream,
  schema: {
    type: 'object',
    properties: {
      taskId: uuid,
      stepId: { type: 'string' },
      body: bodyRef,
      claimedBy: { type: 'string' },
      claimedAt: instant,
    },
    required: ['taskId', 'stepId', 'body', 'claimedBy', 'claimedAt'],
    additionalProperties: false,
  } as const,
  example: { taskId, stepId: 'review', body, claimedBy: 'backoffice-371300-social-insurance', claimedAt: at },
});

/** The claim is given back; the task waits for anyone of its body again. */
export const taskReleased = defineEvent({
  type: 'review.task.released',
  version: 1,
  stream: taskStream,
  schema: {
    type: 'object',
    properties: {
      taskId: uuid,
      stepId: { type: 'string' },
      body: bodyRef,
      releasedBy: { type: 'string' },
      releasedAt: instant,
    },
    required: ['taskId', 'stepId', 'body', 'releasedBy', 'releasedAt'],
    additionalProperties: false,
  } as const,
  example: { taskId, stepId: 'review', body, releasedBy: 'backoffice-371300-social-insurance', releasedAt: at },
});

/** One decision per task; it cannot be withdrawn, only followed by a new message. `certificate` where the step issues one and the outcome is approve. */
export const taskDecided = defineEvent({
  type: 'review.task.decided',
  version: 1,
  stream: taskStream,
  schema: {
    type: 'object',
    properties: {
      taskId: uuid,
      stepId: { type: 'string' },
      body: bodyRef,
      outcome,
      reason: nullableString,
      decidedBy: { type: 'string' },
      decidedAt: instant,
      certificate: { anyOf: [certificate, { type: 'null' }] },
    },
    required: ['taskId', 'stepId', 'body', 'outcome', 'reason', 'decidedBy', 'decidedAt', 'certificate'],
    additionalProperties: false,
  } as const,
  example: {
    taskId,
    stepId: 'review',
    body,
    outcome: 'approve',
    reason: null,
    decidedBy: 'backoffice-371300-social-insurance',
    decidedAt: at,
    certificate: null,
  },
});
export type TaskDecided = EventData<typeof taskDecided>;

export const certificateIssued = defineEvent({
  type: 'review.certificate.issued',
  version: 1,
  stream: taskStream,
  schema: {
    type: 'object',
    properties: {
      certificateId: uuid,
      taskId: uuid,
      kind: { type: 'string' },
      name: bilingual,
      number: { type: 'string' },
      body: bodyRef,
      sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
      issuedAt: instant,
    },
    required: ['certificateId', 'taskId', 'kind', 'name', 'number', 'body', 'sha256', 'issuedAt'],
    additionalProperties: false,
  } as const,
  example: {
    certificateId: '01936f4e-7c00-7000-8000-000000000003',
    taskId,
    kind: 'pension-transfer-notice',
    name: { zh: '转入确认通知书', en: 'Notice of transfer' },
    number: 'ZR-371300-2026-000001',
    body,
    sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    issuedAt: at,
  },
});
export type CertificateIssued = EventData<typeof certificateIssued>;

/** The decision it rests on was annulled; whoever relied on the certificate must stop doing so. */
export const certificateRevoked = defineEvent({
  type: 'review.certificate.revoked',
  version: 1,
  stream: taskStream,
  schema: {
    type: 'object',
    properties: {
      certificateId: uuid,
      taskId: uuid,
      kind: { type: 'string' },
      number: { type: 'string' },
      body: bodyRef,
      reason: { type: 'string' },
      revokedAt: instant,
    },
    required: ['certificateId', 'taskId', 'kind', 'number', 'body', 'reason', 'revokedAt'],
    additionalProperties: false,
  } as const,
  example: {
    certificateId: '01936f4e-7c00-7000-8000-000000000003',
    taskId,
    kind: 'pension-transfer-notice',
    number: 'ZR-371300-2026-000001',
    body,
    reason: 'all-or-none: another origin refused',
    revokedAt: at,
  },
});

/** To the locality's back offices: a task waits for `bodyId`. The applicant is masked; the full file is at `GET /tasks/{id}`. */
export const taskOffered = defineEvent({
  type: 'review.task.offered',
  version: 1,
  stream: localityStream,
  schema: {
    type: 'object',
    properties: {
      taskId: uuid,
      caseNo: { type: 'string' },
      item: itemRef,
      stepId: { type: 'string' },
      stepName: bilingual,
      bodyId: { type: 'string' },
      dueAt: { anyOf: [instant, { type: 'null' }] },
      provisional: { type: 'boolean' },
      applicant: {
        type: 'object',
        properties: { name: { type: 'string' }, idNumber: { type: 'string' } },
        required: ['name', 'idNumber'],
        additionalProperties: false,
      },
      offeredAt: instant,
    },
    required: [
      'taskId',
      'caseNo',
      'item',
      'stepId',
      'stepName',
      'bodyId',
      'dueAt',
      'provisional',
      'applicant',
      'offeredAt',
    ],
    additionalProperties: false,
  } as const,
  example: {
    taskId,
    caseNo: 'LB-430600-20261124-000001',
    item: {
      id: 'pension-transfer',
      name: { zh: '企业职工基本养老保险关系跨省转移接续', en: 'Transfer of basic pension insurance across provinces' },
    },
    stepId: 'review',
    stepName: { zh: '审核', en: 'Review' },
    bodyId: body.id,
    dueAt: '2026-12-15T09:00:00.000Z',
    provisional: false,
    applicant: { name: '张*', idNumber: '110105********002X' },
    offeredAt: at,
  },
});
/** The task is taken back. `wasDecided`: the body had decided already; its decision is annulled and a certificate issued for it revoked. */
export const taskWithdrawn = defineEvent({
  type: 'review.task.withdrawn',
  version: 1,
  stream: localityStream,
  schema: {
    type: 'object',
    properties: {
      taskId: uuid,
      bodyId: { type: 'string' },
      reason: { type: 'string' },
      wasDecided: { type: 'boolean' },
      at: instant,
    },
    required: ['taskId', 'bodyId', 'reason', 'at'],
    additionalProperties: false,
  } as const,
  example: { taskId, bodyId: body.id, reason: 'all-or-none: another origin refused', wasDecided: false, at },
});
/** Where the answered message lies on `backoffice.results.v1`: the sender's way to match an answer even to a message that could not be read. */
const messagePosition = {
  type: 'object',
  properties: { partition: { type: 'integer', minimum: 0 }, offset: { type: 'string' } },
  required: ['partition', 'offset'],
  additionalProperties: false,
} as const;

/** Answer to a message on `backoffice.results.v1` that was applied. */
export const resultAccepted = defineEvent({
  type: 'review.result.accepted',
  version: 1,
  stream: localityStream,
  schema: {
    type: 'object',
    properties: {
      taskId: uuid,
      bodyId: { type: 'string' },
      outcome,
      certificateNumber: nullableString,
      message: messagePosition,
      at: instant,
    },
    required: ['taskId', 'bodyId', 'outcome', 'certificateNumber', 'at'],
    additionalProperties: false,
  } as const,
  example: {
    taskId,
    bodyId: body.id,
    outcome: 'approve',
    certificateNumber: null,
    message: { partition: 0, offset: '17' },
    at,
  },
});
/** Answer to a message on `backoffice.results.v1` that was refused; `code` is stable. */
export const resultRejected = defineEvent({
  type: 'review.result.rejected',
  version: 1,
  stream: localityStream,
  schema: {
    type: 'object',
    properties: {
      taskId: nullableString,
      bodyId: nullableString,
      code: { type: 'string' },
      title: bilingual,
      findings: {
        type: 'array',
        items: {
          type: 'object',
          properties: { path: { type: 'string' }, message: bilingual },
          required: ['path', 'message'],
          additionalProperties: false,
        },
      },
      message: messagePosition,
      at: instant,
    },
    required: ['taskId', 'bodyId', 'code', 'title', 'at'],
    additionalProperties: false,
  } as const,
  example: {
    taskId,
    bodyId: body.id,
    code: 'task.already-decided',
    title: { zh: '该任务已办结', en: 'The task is already decided' },
    findings: [],
    message: { partition: 0, offset: '17' },
    at,
  },
});

/** Text a sender writes. PostgreSQL cannot store U+0000, so it is refused at the door. */
const writtenText = {
  type: ['string', 'null'],
  minLength: 1,
  maxLength: 2000,
  not: { type: 'string', pattern: '\\u0000' },
} as const;

/** What a back office puts on `backoffice.results.v1`, with its access token in the header `authorization: Bearer …`. At most 1 MiB. */
export const resultMessage = {
  schema: {
    type: 'object',
    properties: { taskId: uuid, outcome, reason: writtenText, reference: writtenText },
    required: ['taskId', 'outcome'],
    // 行政许可法 38: a refusal states its reason.
    if: { properties: { outcome: { const: 'refuse' } }, required: ['outcome'] },
    then: { properties: { reason: { type: 'string' } }, required: ['reason'] },
    additionalProperties: false,
  },
  example: { taskId, outcome: 'approve', reference: '临社保审〔2026〕17号' },
} as const;
/** `reference`: the body's own file number. */
export interface ResultMessage {
  taskId: string;
  outcome: 'approve' | 'refuse';
  reason?: string | null;
  reference?: string | null;
}
