/** What intake publishes: applications to the other services, receipts to window systems. */
import { defineEvent, defineStream, type EventData } from '@lianban/eventing/contract';
import { bilingual, bodyRef, instant, itemRef, localityRef, procedureRef } from '@lianban/contracts-catalog/shapes';
import { applicant, materialRef, sourceRef } from './shapes.js';

export const applicationStream = defineStream({
  name: 'intake.application',
  service: 'intake',
  topic: 'intake.application.v1',
});
/** To window systems. Carries no personal data. */
export const receiptStream = defineStream({ name: 'window.receipts', service: 'intake', topic: 'window.receipts.v1' });

/** Where window systems put applications (the same JSON as the body of `POST /applications`). */
export const WINDOW_INTAKE_TOPIC = 'window.intake.v1';

const yueyang = { code: '430600', name: { zh: '岳阳市', en: 'Yueyang' } };
const agency = (code: string, zh: string, en: string) => ({
  id: `${code}-social-insurance`,
  name: { zh: `${zh}社会保险经办机构`, en: `${en} social insurance agency` },
  function: 'social-insurance',
  locality: { code, name: { zh, en } },
});

export const applicationReceived = defineEvent({
  type: 'intake.application.received',
  version: 1,
  stream: applicationStream,
  schema: {
    type: 'object',
    properties: {
      caseNo: { type: 'string', minLength: 1 },
      item: itemRef,
      procedure: procedureRef,
      receivingLocality: localityRef,
      source: sourceRef,
      applicant,
      form: { type: 'object' },
      materials: { type: 'array', items: materialRef },
      parties: { type: 'object', additionalProperties: { type: 'array', items: bodyRef, minItems: 1 } },
      receivedAt: instant,
    },
    required: [
      'caseNo',
      'item',
      'procedure',
      'receivingLocality',
      'source',
      'applicant',
      'form',
      'materials',
      'parties',
      'receivedAt',
    ],
    additionalProperties: false,
  } as const,
  example: {
    caseNo: 'LB-430600-20261124-000001',
    item: {
      id: 'pension-transfer',
      name: { zh: '企业职工基本养老保险关系跨省转移接续', en: 'Transfer of basic pension insurance across provinces' },
    },
    procedure: { id: 'pension-transfer', version: '2026.1' },
    receivingLocality: yueyang,
    source: { system: 'window-430600', number: 'YY-2026-0001' },
    applicant: { name: '张三', idType: 'resident-id', idNumber: '11010519491231002X', phone: '13800000000' },
    form: { origin: '340100', destination: '371300' },
    materials: [
      {
        kind: 'id-card',
        name: { zh: '身份证件或社会保障卡', en: 'Identity card or social security card' },
        materialId: '01936f4e-7c00-7000-8000-000000000001',
        sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
        mediaType: 'application/pdf',
        size: 1024,
        original: false,
      },
    ],
    parties: { origin: [agency('340100', '合肥市', 'Hefei')], destination: [agency('371300', '临沂市', 'Linyi')] },
    receivedAt: '2026-11-24T01:30:00.000Z',
  },
});
export type ApplicationReceived = EventData<typeof applicationReceived>;

/** 收件凭证: the application is stored and will be worked on. */
export const receiptIssued = defineEvent({
  type: 'intake.receipt.issued',
  version: 1,
  stream: receiptStream,
  schema: {
    type: 'object',
    properties: { caseNo: { type: 'string' }, source: sourceRef, receiptNo: { type: 'string' }, receivedAt: instant },
    required: ['caseNo', 'source', 'receiptNo', 'receivedAt'],
    additionalProperties: false,
  } as const,
  example: {
    caseNo: 'LB-430600-20261124-000001',
    source: { system: 'window-430600', number: 'YY-2026-0001' },
    receiptNo: 'SJ-430600-20261124-000001',
    receivedAt: '2026-11-24T01:30:00.000Z',
  },
});
export type ReceiptIssued = EventData<typeof receiptIssued>;

/** The application was not taken; `code` is stable, `findings` name each fault. Nothing was stored but this answer. */
export const receiptRejected = defineEvent({
  type: 'intake.receipt.rejected',
  version: 1,
  stream: receiptStream,
  schema: {
    type: 'object',
    properties: {
      source: {
        type: 'object',
        properties: { system: { type: 'string' }, number: { type: ['string', 'null'] } },
        required: ['system', 'number'],
        additionalProperties: false,
      },
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
    },
    required: ['source', 'code', 'title', 'findings'],
    additionalProperties: false,
  } as const,
  example: {
    source: { system: 'window-430600', number: 'YY-2026-0002' },
    code: 'application.unknown-item',
    title: { zh: '没有这个事项', en: 'There is no such item' },
    findings: [],
  },
});
export type ReceiptRejected = EventData<typeof receiptRejected>;

/** The case has ended; the window hands out the result or explains the refusal. */
export const receiptConcluded = defineEvent({
  type: 'intake.receipt.concluded',
  version: 1,
  stream: receiptStream,
  schema: {
    type: 'object',
    properties: {
      caseNo: { type: 'string' },
      source: sourceRef,
      outcome: { enum: ['approved', 'refused'] },
      reason: { type: ['string', 'null'] },
      at: instant,
    },
    required: ['caseNo', 'source', 'outcome', 'reason', 'at'],
    additionalProperties: false,
  } as const,
  example: {
    caseNo: 'LB-430600-20261124-000001',
    source: { system: 'window-430600', number: 'YY-2026-0001' },
    outcome: 'approved',
    reason: null,
    at: '2026-12-24T01:30:00.000Z',
  },
});
export type ReceiptConcluded = EventData<typeof receiptConcluded>;
