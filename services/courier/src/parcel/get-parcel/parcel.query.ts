import type { Actor } from '@lianban/access/actor';
import { may } from '@lianban/access/policy';
import type { Place } from '@lianban/contracts-dispatch/events';
import type { Database } from '@lianban/eventing/database';
import {
  actionsOf,
  type CustodyEntry,
  type ParcelAction,
  type ParcelOrder,
  type ParcelStatus,
  type Posting,
} from '../parcel.js';
import { parcelNotFound } from '../parcel.errors.js';

/** A parcel as both its ends see it. `actions`: what the sending end may do now. */
export interface ParcelView {
  id: string;
  caseId: string;
  caseNo: string;
  stepId: string;
  contents: string;
  things: ParcelOrder['things'];
  from: Place;
  to: Place;
  payer: string;
  status: ParcelStatus;
  attempt: number;
  sealNo: string | null;
  waybill: string | null;
  posting: Posting | null;
  requestedAt: Date;
  changedAt: Date;
  actions: readonly ParcelAction[];
}

/** With everything that happened to it, oldest first. */
export interface ParcelFile extends ParcelView {
  custody: Omit<CustodyEntry, 'parcelId'>[];
  carrierEvents: { n: number; waybill: string; kind: string; place: string; at: Date; state: string }[];
  incidents: { attempt: number; kind: string; at: Date; resolvedAt: Date | null; resolution: string | null }[];
}

export const parcelViewColumns = `id, case_id as "caseId", case_no as "caseNo", step_id as "stepId", contents, things,
  sender as "from", receiver as "to", payer, status, attempt, seal_no as "sealNo", waybill, posting,
  requested_at as "requestedAt", changed_at as "changedAt"`;

export const withActions = (row: Omit<ParcelView, 'actions'>): ParcelView => ({
  ...row,
  actions: actionsOf[row.status],
});

/** The parcel, if there is one and the actor may read it; otherwise `parcel.not-found`. */
export async function getReadableParcel(database: Database, actor: Actor, id: string): Promise<ParcelFile> {
  const [row] = await database.query<Omit<ParcelView, 'actions'>>({
    name: 'parcel-view',
    text: `select ${parcelViewColumns} from parcel where id = $1`,
    values: [id],
  });
  if (!row || !may(actor, 'parcel.read', { localities: [row.from.locality.code, row.to.locality.code] }))
    throw parcelNotFound();
  const [custody, carrierEvents, incidents] = await Promise.all([
    database.query<ParcelFile['custody'][number]>({
      name: 'parcel-custody',
      text: `select n, attempt, at, what, by_whom as "byWhom", giver, taker, seal_no as "sealNo", waybill, note from custody where parcel_id = $1 order by n`,
      values: [id],
    }),
    database.query<ParcelFile['carrierEvents'][number]>({
      name: 'parcel-carrier-events',
      text: `select n::int, waybill, kind, place, at, state from carrier_event
        where waybill in (select waybill from waybill where parcel_id = $1) order by n limit 500`,
      values: [id],
    }),
    database.query<ParcelFile['incidents'][number]>({
      name: 'parcel-incidents',
      text: `select attempt, kind, at, resolved_at as "resolvedAt", resolution from incident where parcel_id = $1 order by attempt`,
      values: [id],
    }),
  ]);
  return { ...withActions(row), custody, carrierEvents, incidents };
}
