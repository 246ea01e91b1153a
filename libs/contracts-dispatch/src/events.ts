/** What dispatch publishes: the joint case, the tasks and parcels it asks for, and the public feed. */
import { defineEvent, defineStream, type EventData } from '@lianban/eventing/contract';
import type { FromSchema } from 'json-schema-to-ts';
import {
  bilingual,
  bodyRef,
  instant,
  itemRef,
  localityRef,
  procedureRef,
  uuid,
} from '@lianban/contracts-catalog/shapes';
import { applicant, materialRef } from '@lianban/contracts-intake/shapes';

export const caseStream = defineStream({ name: 'dispatch.case', service: 'dispatch', topic: 'dispatch.case.v1' });
/** To dashboards. No personal data. */
export const feedStream = defineStream({ name: 'case.feed', service: 'dispatch', topic: 'case.feed.v1' });

const caseNo = { type: 'string', minLength: 1 } as const;
const nullableString = { type: ['string', 'null'] } as const;

/** One end of a parcel's way: the receiving window or a body. */
export const place = {
  type: 'object',
  properties: {
    kind: { enum: ['window', 'body'] },
    locality: localityRef,
    body: { anyOf: [bodyRef, { type: 'null' }] },
  },
  required: ['kind', 'locality', 'body'],
  additionalProperties: false,
} as const;
export type Place = FromSchema<typeof place>;

/** A document a step produces; with `certificate` it is issued under a number. */
export const product = {
  type: 'object',
  properties: {
    document: bilingual,
    certificate: {
      anyOf: [
        {
          type: 'object',
          properties: { kind: { type: 'string' }, prefix: { type: 'string' } },
          required: ['kind', 'prefix'],
          additionalProperties: false,
        },
        { type: 'null' },
      ],
    },
  },
  required: ['document', 'certificate'],
  additionalProperties: false,
} as const;
export type Product = FromSchema<typeof product>;

const locality = (code: string, zh: string, en: string) => ({ code, name: { zh, en } });
const body = {
  id: '371300-social-insurance',
  name: { zh: '临沂市社会保险经办机构', en: 'Linyi social insurance agency' },
  function: 'social-insurance',
  locality: locality('371300', '临沂市', 'Linyi'),
};
const item = {
  id: 'pension-transfer',
  name: { zh: '企业职工基本养老保险关系跨省转移接续', en: 'Transfer of basic pension insurance across provinces' },
};
const yueyang = locality('430600', '岳阳市', 'Yueyang');
const no = 'LB-430600-20261124-000001';
const at = '2026-11-24T01:30:00.000Z';
const taskId = '5f0c2f7e-3c1b-5e0a-9c55-0c9d2c1f2a11';

export const caseOpened = defineEvent({
  type: 'dispatch.case.opened',
  version: 1,
  stream: caseStream,
  schema: {
    type: 'object',
    properties: {
      caseNo,
      item: itemRef,
      procedure: procedureRef,
      receivingLocality: localityRef,
      parties: { type: 'object', additionalProperties: { type: 'array', items: bodyRef } },
      dueAt: { anyOf: [instant, { type: 'null' }] },
      provisional: { type: 'boolean' },
      openedAt: instant,
    },
    required: ['caseNo', 'item', 'procedure', 'receivingLocality', 'parties', 'dueAt', 'provisional', 'openedAt'],
    additionalProperties: false,
  } as const,
  example: {
    caseNo: no,
    item,
    procedure: { id: 'pension-transfer', version: '2026.1' },
    receivingLocality: yueyang,
    parties: { destination: [body] },
    dueAt: null,
    provisional: false,
    openedAt: at,
  },
});
export type CaseOpened = EventData<typeof caseOpened>;

/** A body is asked to work: one per ready step and body. `dueAt` null where no source states a limit. */
export const taskRequested = defineEvent({
  type: 'dispatch.task.requested',
  version: 1,
  stream: caseStream,
  schema: {
    type: 'object',
    properties: {
      taskId: uuid,
      caseNo,
      item: itemRef,
      receivingLocality: localityRef,
      stepId: { type: 'string' },
      stepName: bilingual,
      party: { type: 'string' },
      body: bodyRef,
      dueAt: { anyOf: [instant, { type: 'null' }] },
      provisional: { type: 'boolean' },
      limitBasis: nullableString,
      produces: { type: 'array', items: product },
      applicant,
      form: { type: 'object' },
      materials: { type: 'array', items: materialRef },
      requestedAt: instant,
    },
    required: [
      'taskId',
      'caseNo',
      'item',
      'receivingLocality',
      'stepId',
      'stepName',
      'party',
      'body',
      'dueAt',
      'provisional',
      'limitBasis',
      'produces',
      'applicant',
      'form',
      'materials',
      'requestedAt',
    ],
    additionalProperties: false,
  } as const,
  example: {
    taskId,
    caseNo: no,
    item,
    receivingLocality: yueyang,
    stepId: 'review',
    stepName: { zh: '审核', en: 'Review' },
    party: 'destination',
    body,
    dueAt: '2026-12-15T09:00:00.000Z',
    provisional: false,
    limitBasis: '国办发〔2009〕66号',
    produces: [{ document: { zh: '同意接收函（联系函）', en: 'Letter of acceptance' }, certificate: null }],
    applicant: { name: '张三', idType: 'resident-id', idNumber: '11010519491231002X', phone: '13800000000' },
    form: { origin: '340100', destination: '371300' },
    materials: [],
    requestedAt: at,
  },
});
export type TaskRequested = EventData<typeof taskRequested>;

/** A task is taken back, for example because another origin refused (all or none). `wasDecided`: the body had already decided. */
export const taskRecalled = defineEvent({
  type: 'dispatch.task.recalled',
  version: 1,
  stream: caseStream,
  schema: {
    type: 'object',
    properties: { taskId: uuid, reason: { type: 'string' }, wasDecided: { type: 'boolean' }, recalledAt: instant },
    required: ['taskId', 'reason', 'wasDecided', 'recalledAt'],
    additionalProperties: false,
  } as const,
  example: { taskId, reason: 'all-or-none: another origin refused', wasDecided: false, recalledAt: at },
});
export type TaskRecalled = EventData<typeof taskRecalled>;

/** A parcel has to travel. `things` is the contents list that is sealed with it. */
export const parcelRequested = defineEvent({
  type: 'dispatch.parcel.requested',
  version: 1,
  stream: caseStream,
  schema: {
    type: 'object',
    properties: {
      parcelId: uuid,
      caseNo,
      stepId: { type: 'string' },
      contents: { type: 'string' },
      things: {
        type: 'array',
        items: {
          type: 'object',
          properties: { kind: { type: 'string' }, name: bilingual, number: nullableString },
          required: ['kind', 'name', 'number'],
          additionalProperties: false,
        },
      },
      from: place,
      to: place,
      payer: { type: 'string' },
      requestedAt: instant,
    },
    required: ['parcelId', 'caseNo', 'stepId', 'contents', 'things', 'from', 'to', 'payer', 'requestedAt'],
    additionalProperties: false,
  } as const,
  example: {
    parcelId: '7a0c2f7e-3c1b-5e0a-9c55-0c9d2c1f2a12',
    caseNo: no,
    stepId: 'result',
    contents: 'certificate',
    things: [
      {
        kind: 'certificate',
        name: { zh: '转入确认通知书', en: 'Notice of transfer' },
        number: 'ZR-371300-2026-000001',
      },
    ],
    from: { kind: 'body', locality: body.locality, body },
    to: { kind: 'window', locality: yueyang, body: null },
    payer: 'competent',
    requestedAt: at,
  },
});
export type ParcelRequested = EventData<typeof parcelRequested>;

export const caseSuspended = defineEvent({
  type: 'dispatch.case.suspended',
  version: 1,
  stream: caseStream,
  schema: {
    type: 'object',
    properties: { caseNo, stepId: { type: 'string' }, reason: { type: 'string' }, at: instant },
    required: ['caseNo', 'stepId', 'reason', 'at'],
    additionalProperties: false,
  } as const,
  example: { caseNo: no, stepId: 'result', reason: 'parcel-lost', at },
});
export const caseResumed = defineEvent({
  type: 'dispatch.case.resumed',
  version: 1,
  stream: caseStream,
  schema: {
    type: 'object',
    properties: { caseNo, stepId: { type: 'string' }, at: instant },
    required: ['caseNo', 'stepId', 'at'],
    additionalProperties: false,
  } as const,
  example: { caseNo: no, stepId: 'result', at },
});

/** The applicant has what they came for; follow-ups may still be open (applicant done ≠ case closed). */
export const applicantDone = defineEvent({
  type: 'dispatch.case.applicant-done',
  version: 1,
  stream: caseStream,
  schema: {
    type: 'object',
    properties: { caseNo, at: instant },
    required: ['caseNo', 'at'],
    additionalProperties: false,
  } as const,
  example: { caseNo: no, at },
});

export const caseConcluded = defineEvent({
  type: 'dispatch.case.concluded',
  version: 1,
  stream: caseStream,
  schema: {
    type: 'object',
    properties: {
      caseNo,
      item: itemRef,
      outcome: { enum: ['approved', 'refused'] },
      reason: nullableString,
      concludedAt: instant,
    },
    required: ['caseNo', 'item', 'outcome', 'reason', 'concludedAt'],
    additionalProperties: false,
  } as const,
  example: { caseNo: no, item, outcome: 'approved', reason: null, concludedAt: at },
});
export type CaseConcluded = EventData<typeof caseConcluded>;

/** One change of a case as the public may know it. `n` counts the changes of the case from 1 without a gap. */
export const caseChanged = defineEvent({
  type: 'dispatch.feed.changed',
  version: 1,
  stream: feedStream,
  schema: {
    type: 'object',
    properties: {
      caseNo,
      n: { type: 'integer', minimum: 1 },
      item: itemRef,
      receivingLocality: localityRef,
      change: { type: 'string' },
      status: { enum: ['open', 'suspended', 'approved', 'refused'] },
      step: {
        anyOf: [
          {
            type: 'object',
            properties: { id: { type: 'string' }, name: bilingual },
            required: ['id', 'name'],
            additionalProperties: false,
          },
          { type: 'null' },
        ],
      },
      locality: { anyOf: [localityRef, { type: 'null' }] },
      at: instant,
    },
    required: ['caseNo', 'n', 'item', 'receivingLocality', 'change', 'status', 'step', 'locality', 'at'],
    additionalProperties: false,
  } as const,
  example: {
    caseNo: no,
    n: 2,
    item,
    receivingLocality: yueyang,
    change: 'task-requested',
    status: 'open',
    step: { id: 'review', name: { zh: '审核', en: 'Review' } },
    locality: body.locality,
    at,
  },
});
export type CaseChanged = EventData<typeof caseChanged>;
