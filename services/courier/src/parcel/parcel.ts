/** The rules of a parcel (寄递): who may do what in which state, and what each step of its way means. Pure: the time is an argument. */
import type { Place, ParcelRequested } from '@lianban/contracts-dispatch/events';
import { backoffMs, type Pace } from '@lianban/service-kit/backoff';

export const PARCEL_STATUSES = [
  'requested',
  'sealed',
  'posting',
  'posted',
  'in-transit',
  'delivered',
  'lost',
  'returned',
] as const;
export type ParcelStatus = (typeof PARCEL_STATUSES)[number];
export type ParcelAction = 'seal' | 'post' | 'resend';

/** What the sending end may do; the server answers 409 to the rest, a console greys the button. */
export const actionsOf = {
  requested: ['seal'],
  sealed: ['post'],
  posting: [],
  posted: [],
  'in-transit': [],
  delivered: [],
  lost: ['resend'],
  returned: ['resend'],
} as const satisfies Record<ParcelStatus, readonly ParcelAction[]>;

/** Tries to hand the parcel of this attempt to the carrier: at whose word, how many, how the last one failed, when the next is due. */
export interface Posting {
  by: string;
  tries: number;
  error: string | null;
  nextAt: string | null;
}

/** What never changes after the parcel was asked for. */
export interface ParcelOrder {
  id: string;
  caseId: string;
  caseNo: string;
  stepId: string;
  contents: string;
  things: ParcelRequested['things'];
  sender: Place;
  receiver: Place;
  payer: string;
  correlationId: string;
  requestedAt: Date;
}

type Way =
  | { status: 'requested'; sealNo: null; waybill: null; posting: null }
  | { status: 'sealed'; sealNo: string; waybill: null; posting: null }
  | { status: 'posting'; sealNo: string; waybill: null; posting: Posting }
  | {
      status: 'posted' | 'in-transit' | 'delivered' | 'lost' | 'returned';
      sealNo: string;
      waybill: string;
      posting: Posting;
    };

/** `attempt` counts from 1; `custodySteps` is the number of the last entry of the custody chain. */
export type Parcel = ParcelOrder & Way & { attempt: number; custodySteps: number; changedAt: Date };

/** One hand-over. `byWhom`: subject of the actor, or who signed at the carrier; `taker` is null where the thing is gone. */
export interface CustodyEntry {
  parcelId: string;
  n: number;
  attempt: number;
  at: Date;
  what: 'sealed' | 'handed-to-carrier' | 'signed' | 'lost' | 'returned' | 'resent';
  byWhom: string;
  giver: Holder;
  taker: Holder | null;
  sealNo: string | null;
  waybill: string | null;
  note: string | null;
}
export type Holder = Place | { kind: 'carrier' };
const carrier: Holder = { kind: 'carrier' };

export type Station = 'sealed' | 'posted' | 'moved' | 'delivered' | 'lost' | 'returned' | 'resent';
/** What is to be published: a station of the parcel, at a place where the carrier names one. */
export interface Notable {
  station: Station;
  place: string | null;
  at: Date;
}
export interface Incident {
  parcelId: string;
  attempt: number;
  kind: 'lost' | 'returned';
  at: Date;
}

/** The parcel after a step and what the step leaves behind. `resolves`: the open incident ends, with this explanation. */
export interface Outcome {
  parcel: Parcel;
  custody: CustodyEntry[];
  published: Notable[];
  incident: Incident | null;
  resolves: string | null;
}

export interface CarrierEvent {
  n: number;
  waybill: string;
  kind: string;
  place: string;
  at: Date;
  signedBy: string | null;
}

const unchanged = (parcel: Parcel): Outcome => ({
  parcel,
  custody: [],
  published: [],
  incident: null,
  resolves: null,
});

/** Adds an entry to the custody chain. */
function withCustody(
  parcel: Parcel,
  entry: Pick<CustodyEntry, 'at' | 'what' | 'byWhom' | 'giver' | 'taker'> & { note?: string },
): { parcel: Parcel; custody: CustodyEntry[] } {
  const n = parcel.custodySteps + 1;
  const { id: parcelId, attempt, sealNo, waybill } = parcel;
  return {
    parcel: { ...parcel, custodySteps: n },
    custody: [{ parcelId, n, attempt, sealNo, waybill, note: null, ...entry }],
  };
}

export function requestParcel(order: ParcelOrder): Parcel {
  return {
    ...order,
    status: 'requested',
    attempt: 1,
    custodySteps: 0,
    sealNo: null,
    waybill: null,
    posting: null,
    changedAt: order.requestedAt,
  };
}

/** An action that is not allowed now. */
export interface Refused {
  refused: 'wrong-state' | 'other-seal';
}

/** @idempotent by the seal number: sealing again with the same number, as a repeated request does, changes nothing. */
export function seal(parcel: Parcel, sealNo: string, byWhom: string, now: Date): Outcome | Refused {
  if (parcel.status === 'sealed') return parcel.sealNo === sealNo ? unchanged(parcel) : { refused: 'other-seal' };
  if (parcel.status !== 'requested') return { refused: 'wrong-state' };
  const sealed: Parcel = { ...parcel, status: 'sealed', sealNo, changedAt: now };
  return {
    ...unchanged(parcel),
    ...withCustody(sealed, { at: now, what: 'sealed', byWhom, giver: parcel.sender, taker: parcel.sender }),
    published: [{ station: 'sealed', place: null, at: now }],
  };
}

/** From now on the carrier is asked for a waybill until it gives one. @idempotent per attempt. */
export function startPosting(parcel: Parcel, byWhom: string, now: Date): Outcome | Refused {
  if (parcel.status === 'posting' || parcel.status === 'posted' || parcel.status === 'in-transit')
    return unchanged(parcel);
  if (parcel.status !== 'sealed') return { refused: 'wrong-state' };
  const posting = { by: byWhom, tries: 0, error: null, nextAt: now.toISOString() };
  return { ...unchanged(parcel), parcel: { ...parcel, status: 'posting', posting, changedAt: now } };
}

/** One instance takes the parcel to the carrier; the next try is due at `until`, should this one leave no trace. */
export function claimPosting(parcel: Parcel, until: Date): Parcel {
  if (parcel.status !== 'posting') return parcel;
  return {
    ...parcel,
    posting: { ...parcel.posting, tries: parcel.posting.tries + 1, nextAt: until.toISOString() },
  };
}

/** The carrier took the parcel. An answer for another attempt, or a repeated one, changes nothing. */
export function posted(parcel: Parcel, attempt: number, waybill: string, now: Date): Outcome {
  if (parcel.status !== 'posting' || parcel.attempt !== attempt) return unchanged(parcel);
  const posting = { ...parcel.posting, error: null, nextAt: null };
  const moved: Parcel = { ...parcel, status: 'posted', waybill, posting, changedAt: now };
  return {
    ...unchanged(parcel),
    ...withCustody(moved, {
      at: now,
      what: 'handed-to-carrier',
      byWhom: posting.by,
      giver: parcel.sender,
      taker: carrier,
    }),
    published: [{ station: 'posted', place: null, at: now }],
  };
}

/** The carrier did not take it; it is asked again after a growing pause, for as long as it takes: a person sees the error. */
export function postingFailed(
  parcel: Parcel,
  attempt: number,
  error: string,
  pace: Pace,
  random: number,
  now: Date,
): Parcel {
  if (parcel.status !== 'posting' || parcel.attempt !== attempt) return parcel;
  const nextAt = new Date(now.getTime() + backoffMs(Math.max(1, parcel.posting.tries), pace, random)).toISOString();
  return { ...parcel, posting: { ...parcel.posting, error, nextAt } };
}

/** `null`: the event says nothing new (an older attempt, a repeat, a state it cannot follow); it is kept but changes nothing. */
export function applyCarrierEvent(parcel: Parcel, event: CarrierEvent): Outcome | null {
  if (parcel.status !== 'posted' && parcel.status !== 'in-transit') return null;
  if (parcel.waybill !== event.waybill) return null;
  const { at, place } = event;
  const next = (status: 'in-transit' | 'delivered' | 'lost' | 'returned'): Parcel => ({
    ...parcel,
    status,
    changedAt: at,
  });
  const notable = (station: Station): Notable[] => [{ station, place, at }];
  switch (event.kind) {
    case 'moved':
      return { ...unchanged(parcel), parcel: next('in-transit'), published: notable('moved') };
    case 'delivered':
      return {
        ...unchanged(parcel),
        ...withCustody(next('delivered'), {
          at,
          what: 'signed',
          byWhom: event.signedBy ?? nameOf(parcel.receiver),
          giver: carrier,
          taker: parcel.receiver,
        }),
        published: notable('delivered'),
      };
    case 'lost':
    case 'returned':
      return {
        ...unchanged(parcel),
        ...withCustody(next(event.kind), {
          at,
          what: event.kind,
          byWhom: 'carrier',
          giver: carrier,
          taker: event.kind === 'lost' ? null : parcel.sender,
        }),
        published: notable(event.kind),
        incident: { parcelId: parcel.id, attempt: parcel.attempt, kind: event.kind, at },
      };
    default:
      return null;
  }
}

/** A new attempt: the things are packed and sealed anew, the custody chain goes on, the incident ends. */
export function resend(parcel: Parcel, reason: string, byWhom: string, now: Date): Outcome | Refused {
  if (parcel.status !== 'lost' && parcel.status !== 'returned') return { refused: 'wrong-state' };
  const again: Parcel = {
    ...parcel,
    status: 'requested',
    attempt: parcel.attempt + 1,
    sealNo: null,
    waybill: null,
    posting: null,
    changedAt: now,
  };
  return {
    ...unchanged(parcel),
    ...withCustody(again, {
      at: now,
      what: 'resent',
      byWhom,
      giver: parcel.sender,
      taker: parcel.sender,
      note: reason,
    }),
    published: [{ station: 'resent', place: null, at: now }],
    resolves: reason,
  };
}

/** Chinese name of an end of the way. */
export const nameOf = (place: Place): string => (place.body ? place.body.name.zh : `${place.locality.name.zh}窗口`);
export const localitiesOf = (parcel: ParcelOrder): string[] => [
  parcel.sender.locality.code,
  parcel.receiver.locality.code,
];
