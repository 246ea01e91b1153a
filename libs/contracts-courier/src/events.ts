/** What courier publishes: each station of a parcel. */
import { defineEvent, defineStream, type EventData } from '@lianban/eventing/contract';
import { instant, uuid } from '@lianban/contracts-catalog/shapes';
import { place } from '@lianban/contracts-dispatch/events';

export const parcelStream = defineStream({ name: 'courier.parcel', service: 'courier', topic: 'courier.parcel.v1' });

const station = {
  type: 'object',
  properties: {
    parcelId: uuid,
    caseNo: { type: 'string' },
    stepId: { type: 'string' },
    contents: { type: 'string' },
    from: place,
    to: place,
    waybill: { type: ['string', 'null'] },
    sealNo: { type: ['string', 'null'] },
    attempt: { type: 'integer', minimum: 1 },
    place: { type: ['string', 'null'] },
    at: instant,
  },
  required: ['parcelId', 'caseNo', 'stepId', 'contents', 'from', 'to', 'waybill', 'sealNo', 'attempt', 'place', 'at'],
  additionalProperties: false,
} as const;

const linyi = { code: '371300', name: { zh: '临沂市', en: 'Linyi' } };
const example = {
  parcelId: '7a0c2f7e-3c1b-5e0a-9c55-0c9d2c1f2a12',
  caseNo: 'LB-430600-20261124-000001',
  stepId: 'result',
  contents: 'certificate',
  from: {
    kind: 'body' as const,
    locality: linyi,
    body: {
      id: '371300-social-insurance',
      name: { zh: '临沂市社会保险经办机构', en: 'Linyi social insurance agency' },
      function: 'social-insurance',
      locality: linyi,
    },
  },
  to: { kind: 'window' as const, locality: { code: '430600', name: { zh: '岳阳市', en: 'Yueyang' } }, body: null },
  waybill: 'SIM0000001',
  sealNo: 'FH-0001',
  attempt: 1,
  place: null,
  at: '2026-11-24T01:30:00.000Z',
};

const parcelEvent = <const Type extends string>(type: Type) =>
  defineEvent({ type, version: 1, stream: parcelStream, schema: station, example });

export const parcelSealed = parcelEvent('courier.parcel.sealed');
export const parcelPosted = parcelEvent('courier.parcel.posted');
export const parcelMoved = parcelEvent('courier.parcel.moved');
export const parcelDelivered = parcelEvent('courier.parcel.delivered');
/** The carrier lost it: an incident; the step is suspended until a new attempt is posted. */
export const parcelLost = parcelEvent('courier.parcel.lost');
export const parcelReturned = parcelEvent('courier.parcel.returned');
/** A new attempt was prepared after a loss or return. */
export const parcelResent = parcelEvent('courier.parcel.resent');
export type ParcelStation = EventData<typeof parcelSealed>;
export const parcelEvents = [
  parcelSealed,
  parcelPosted,
  parcelMoved,
  parcelDelivered,
  parcelLost,
  parcelReturned,
  parcelResent,
] as const;
