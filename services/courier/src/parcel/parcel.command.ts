import type { Actor } from '@lianban/access/actor';
import { type Action, may } from '@lianban/access/policy';
import type { Database } from '@lianban/eventing/database';
import { accessDenied } from '@lianban/service-kit/errors';
import { type Outcome, localitiesOf, type Parcel, type Refused } from './parcel.js';
import { write } from './parcel.effects.js';
import { parcelNotFound, parcelOtherSeal, parcelWrongState } from './parcel.errors.js';
import { loadParcels } from './parcel.store.js';

/**
 * Runs a command of the sending end on one parcel, in one transaction. Whoever is at neither end gets `parcel.not-found`,
 * the receiving end `access.denied`, a parcel in another state `parcel.wrong-state`.
 */
export async function commandParcel(
  database: Database,
  actor: Actor,
  action: Action,
  id: string,
  command: (parcel: Parcel, now: Date) => Outcome | Refused,
): Promise<void> {
  await database.transaction(async (tx) => {
    const parcel = (await loadParcels(tx, [id])).get(id.toLowerCase());
    if (!parcel || !may(actor, action, { localities: localitiesOf(parcel) })) throw parcelNotFound();
    if (!may(actor, action, { localities: [parcel.sender.locality.code] })) throw accessDenied();
    const now = new Date();
    const outcome = command(parcel, now);
    if ('refused' in outcome)
      throw outcome.refused === 'other-seal' ? parcelOtherSeal() : parcelWrongState({ status: parcel.status });
    if (outcome.parcel !== parcel) await write(tx, [outcome], now, actor);
  });
}
