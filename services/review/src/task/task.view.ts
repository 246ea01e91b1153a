/** How a task is shown. The schema is the one source of the type and of the API description. */
import type { Actor } from '@lianban/access/actor';
import { maskPerson } from '@lianban/access/mask';
import { may } from '@lianban/access/policy';
import { bilingual, bodyRef, instant, itemRef, localityRef, uuid } from '@lianban/contracts-catalog/shapes';
import { product } from '@lianban/contracts-dispatch/events';
import { applicant, materialRef } from '@lianban/contracts-intake/shapes';
import type { FromSchema } from 'json-schema-to-ts';
import type { Certificate } from '../certificate/certificate.js';
import { ALLOWED_ACTIONS, type Decided, OUTCOMES, type Recall, type Task, TASK_STATUSES } from './task.js';

const nullable = <const S extends object>(schema: S) => ({ anyOf: [schema, { type: 'null' }] }) as const;
const nullableString = { type: ['string', 'null'] } as const;
const author = {
  type: 'object',
  properties: { subject: { type: 'string' }, name: nullableString },
  required: ['subject', 'name'],
  additionalProperties: false,
} as const;
const recallSchema = {
  type: 'object',
  properties: { reason: { type: 'string' }, at: instant },
  required: ['reason', 'at'],
  additionalProperties: false,
} as const;
const claimSchema = {
  type: 'object',
  properties: { by: author, at: instant },
  required: ['by', 'at'],
  additionalProperties: false,
} as const;

export const decisionSchema = {
  type: 'object',
  properties: {
    taskId: uuid,
    outcome: { enum: OUTCOMES },
    reason: nullableString,
    reference: nullableString,
    decidedBy: author,
    decidedAt: instant,
    annulled: nullable(recallSchema),
    certificate: nullable({
      type: 'object',
      properties: { id: uuid, kind: { type: 'string' }, name: bilingual, number: { type: 'string' } },
      required: ['id', 'kind', 'name', 'number'],
      additionalProperties: false,
    } as const),
  },
  required: ['taskId', 'outcome', 'reason', 'reference', 'decidedBy', 'decidedAt', 'annulled', 'certificate'],
  additionalProperties: false,
} as const;
export type DecisionView = FromSchema<typeof decisionSchema>;

const summaryProperties = {
  id: uuid,
  caseId: uuid,
  caseNo: { type: 'string' },
  item: itemRef,
  receivingLocality: localityRef,
  stepId: { type: 'string' },
  stepName: bilingual,
  body: bodyRef,
  dueAt: nullable(instant),
  provisional: { type: 'boolean' },
  requestedAt: instant,
  state: { enum: TASK_STATUSES },
  /** What may be done in this state by whoever is in charge. */
  actions: { type: 'array', items: { enum: ['claim', 'release', 'decide'] } },
  claim: nullable(claimSchema),
  recall: nullable(recallSchema),
  applicant,
} as const;
const summaryRequired = [
  'id',
  'caseId',
  'caseNo',
  'item',
  'receivingLocality',
  'stepId',
  'stepName',
  'body',
  'dueAt',
  'provisional',
  'requestedAt',
  'state',
  'actions',
  'claim',
  'recall',
  'applicant',
] as const;

export const taskSummarySchema = {
  type: 'object',
  properties: summaryProperties,
  required: summaryRequired,
  additionalProperties: false,
} as const;
export type TaskSummary = FromSchema<typeof taskSummarySchema>;

/** `masked`: the actor sees that the task is there, but not what the applicant stated; `form` and `materials` are then null. */
export const taskFileSchema = {
  type: 'object',
  properties: {
    ...summaryProperties,
    masked: { type: 'boolean' },
    party: { type: 'string' },
    limitBasis: nullableString,
    produces: { type: 'array', items: product },
    form: nullable({ type: 'object' } as const),
    materials: nullable({ type: 'array', items: materialRef } as const),
    decision: nullable(decisionSchema),
  },
  required: [...summaryRequired, 'masked', 'party', 'limitBasis', 'produces', 'form', 'materials', 'decision'],
  additionalProperties: false,
} as const;
export type TaskFileView = FromSchema<typeof taskFileSchema>;

const recallView = (recall: Recall | null) => recall && { reason: recall.reason, at: recall.at.toISOString() };

/** A line of a list. The applicant is masked for everyone. */
export function toSummary(task: Task): TaskSummary {
  const { state } = task;
  return {
    id: task.id,
    caseId: task.caseId,
    caseNo: task.caseNo,
    item: task.item,
    receivingLocality: task.receivingLocality,
    stepId: task.stepId,
    stepName: task.stepName,
    body: task.body,
    dueAt: task.dueAt?.toISOString() ?? null,
    provisional: task.provisional,
    requestedAt: task.requestedAt.toISOString(),
    state: state.status,
    actions: [...ALLOWED_ACTIONS[state.status]],
    claim: state.status === 'claimed' ? { by: state.by, at: state.at.toISOString() } : null,
    recall: recallView(state.status === 'recalled' ? state.recall : state.status === 'decided' ? state.annulled : null),
    applicant: maskPerson(task.applicant),
  };
}

/** The whole file for the body in charge, masked for everyone else who may know of the task. */
export function toFile(task: Task, certificate: Certificate | null, actor: Actor): TaskFileView {
  const { state } = task;
  const whole = isInCharge(actor, task.body);
  return {
    ...toSummary(task),
    ...(whole ? { applicant: task.applicant } : {}),
    masked: !whole,
    party: task.party,
    limitBasis: task.limitBasis,
    produces: task.produces,
    form: whole ? task.form : null,
    materials: whole ? task.materials : null,
    decision: state.status === 'decided' ? toDecision({ ...task, state }, certificate) : null,
  };
}

/** Works for this very body, in its locality. */
export const isInCharge = (actor: Actor, body: { id: string; locality: { code: string } }): boolean =>
  may(actor, 'task.decide', { body: body.id, localities: [body.locality.code] });

export function toDecision(task: Task<Decided>, certificate: Certificate | null): DecisionView {
  const { decision, annulled } = task.state;
  return {
    taskId: task.id,
    outcome: decision.outcome,
    reason: decision.reason,
    reference: decision.reference,
    decidedBy: decision.by,
    decidedAt: decision.at.toISOString(),
    annulled: recallView(annulled),
    certificate: certificate && {
      id: certificate.id,
      kind: certificate.kind,
      name: certificate.name,
      number: certificate.number,
    },
  };
}
