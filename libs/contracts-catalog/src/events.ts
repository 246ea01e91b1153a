/** What the catalog publishes: compacted topics from which other services keep their own copies. Key = id of the entity. */
import { defineEvent, defineStream, type EventData } from '@lianban/eventing/contract';
import { bilingual, bodyRef, materialSpec, procedureRef } from './shapes.js';

export const itemStream = defineStream({
  name: 'catalog.item',
  service: 'catalog',
  topic: 'catalog.item.v1',
  compacted: true,
});
export const bodyStream = defineStream({
  name: 'catalog.body',
  service: 'catalog',
  topic: 'catalog.body.v1',
  compacted: true,
});
export const procedureStream = defineStream({
  name: 'catalog.procedure',
  service: 'catalog',
  topic: 'catalog.procedure.v1',
  compacted: true,
});

const body = {
  id: '430600-social-insurance',
  name: { zh: '岳阳市社会保险经办机构', en: 'Yueyang social insurance agency' },
  function: 'social-insurance',
  locality: { code: '430600', name: { zh: '岳阳市', en: 'Yueyang' } },
};

export const itemPublished = defineEvent({
  type: 'catalog.item.published',
  version: 1,
  stream: itemStream,
  schema: {
    type: 'object',
    properties: {
      id: { type: 'string', minLength: 1 },
      name: bilingual,
      procedure: procedureRef,
      materials: { type: 'array', items: materialSpec },
    },
    required: ['id', 'name', 'procedure', 'materials'],
    additionalProperties: false,
  } as const,
  example: {
    id: 'pension-transfer',
    name: { zh: '企业职工基本养老保险关系跨省转移接续', en: 'Transfer of basic pension insurance across provinces' },
    procedure: { id: 'pension-transfer', version: '2026.1' },
    materials: [
      {
        kind: 'id-card',
        name: { zh: '身份证件或社会保障卡', en: 'Identity card or social security card' },
        necessity: 'needed',
      },
    ],
  },
});
export type ItemPublished = EventData<typeof itemPublished>;

export const bodyPublished = defineEvent({
  type: 'catalog.body.published',
  version: 1,
  stream: bodyStream,
  schema: bodyRef,
  example: body,
});
export type BodyPublished = EventData<typeof bodyPublished>;

export const procedurePublished = defineEvent({
  type: 'catalog.procedure.published',
  version: 1,
  stream: procedureStream,
  schema: {
    type: 'object',
    properties: {
      id: { type: 'string', minLength: 1 },
      version: { type: 'string', minLength: 1 },
      document: { type: 'object' },
    },
    required: ['id', 'version', 'document'],
    additionalProperties: false,
  } as const,
  example: { id: 'pension-transfer', version: '2026.1', document: { id: 'pension-transfer', version: '2026.1' } },
});
export type ProcedurePublished = EventData<typeof procedurePublished>;
