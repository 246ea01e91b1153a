import { describe, expect, it } from '@jest/globals';
import { parcelEvents } from '@lianban/contracts-courier/events';
import { parcelRequested } from '@lianban/contracts-dispatch/events';
import {
  actionsOf,
  applyCarrierEvent,
  type CarrierEvent,
  claimPosting,
  type CustodyEntry,
  type Outcome,
  type Parcel,
  posted,
  postingFailed,
  type Refused,
  requestParcel,
  resend,
  seal,
  startPosting,
} from './parcel.js';
import { stationOf } from './parcel.effects.js';

const now = new Date('2026-11-24T02:00:00.000Z');
const { parcelId, from, to, requestedAt, ...order } = parcelRequested.example;
const fresh = requestParcel({
  ...order,
  id: parcelId,
  sender: from,
  receiver: to,
  caseId: '01936f4e-7c00-7000-8000-000000000001',
  correlationId: 'correlation',
  requestedAt: new Date(requestedAt),
});
const pace = { baseMs: 500, maxMs: 60_000 };

/** The outcome of a step that was allowed. */
function done(outcome: Outcome | Refused | null): Outcome {
  if (!outcome || 'refused' in outcome) throw new Error(`refused: ${JSON.stringify(outcome)}`);
  return outcome;
}
const sealed = done(seal(fresh, 'FH-1', 'desk', now)).parcel;
const posting = claimPosting(done(startPosting(sealed, 'desk', now)).parcel, new Date(now.getTime() + 11_000));
const onTheWay = posted(posting, 1, 'SIM1', now).parcel;
const event = (kind: string, more: Partial<CarrierEvent> = {}): CarrierEvent => ({
  n: 1,
  waybill: 'SIM1',
  kind,
  place: '临沂市',
  at: new Date('2026-11-25T02:00:00.000Z'),
  signedBy: null,
  ...more,
});

describe('a parcel', () => {
  it('goes from the desk through the carrier to the signature, and its custody has no gap', () => {
    const chain: CustodyEntry[] = [];
    const stations: string[] = [];
    const step = (outcome: Outcome | Refused | null): Parcel => {
      const { parcel, custody, published } = done(outcome);
      chain.push(...custody);
      stations.push(...published.map(({ station }) => station));
      return parcel;
    };
    let parcel = step(seal(fresh, 'FH-1', 'desk', now));
    parcel = claimPosting(step(startPosting(parcel, 'desk', now)), now);
    parcel = step(posted(parcel, 1, 'SIM1', now));
    parcel = step(applyCarrierEvent(parcel, event('moved')));
    parcel = step(applyCarrierEvent(parcel, event('delivered', { signedBy: '岳阳市窗口 李四' })));
    expect(parcel.status).toBe('delivered');
    expect(stations).toEqual(['sealed', 'posted', 'moved', 'delivered']);
    expect(chain.map(({ n, what, byWhom, sealNo }) => [n, what, byWhom, sealNo])).toEqual([
      [1, 'sealed', 'desk', 'FH-1'],
      [2, 'handed-to-carrier', 'desk', 'FH-1'],
      [3, 'signed', '岳阳市窗口 李四', 'FH-1'],
    ]);
    chain.slice(1).forEach((entry, i) => expect(entry.giver).toEqual(chain[i]!.taker));
  });

  it('is signed for by the receiving end where the carrier names nobody', () => {
    const { custody } = done(applyCarrierEvent(onTheWay, event('delivered')));
    expect(custody[0]).toMatchObject({ what: 'signed', byWhom: '岳阳市窗口', taker: to });
  });

  it('is sealed once: the same number again changes nothing, another is refused', () => {
    expect(done(seal(sealed, 'FH-1', 'desk', now))).toMatchObject({ parcel: sealed, published: [], custody: [] });
    expect(seal(sealed, 'FH-2', 'desk', now)).toEqual({ refused: 'other-seal' });
    expect(seal(onTheWay, 'FH-1', 'desk', now)).toEqual({ refused: 'wrong-state' });
  });

  it('cannot be posted unsealed, and is posted once however often it is asked for', () => {
    expect(startPosting(fresh, 'desk', now)).toEqual({ refused: 'wrong-state' });
    for (const parcel of [posting, onTheWay]) expect(done(startPosting(parcel, 'desk', now)).parcel).toBe(parcel);
    expect(posted(onTheWay, 1, 'SIM1', now).published).toEqual([]);
  });

  it('ignores the carrier’s late answer for an attempt that is over', () => {
    const second: Parcel = { ...posting, attempt: 2 };
    expect(posted(second, 1, 'SIM1', now).parcel).toBe(second);
    expect(postingFailed(second, 1, 'carrier.timeout', pace, 0, now)).toBe(second);
  });

  it('waits longer after each failure of the carrier and shows why', () => {
    const once = postingFailed(posting, 1, 'carrier.answer-503', pace, 0, now);
    expect(once.posting).toEqual({
      by: 'desk',
      tries: 1,
      error: 'carrier.answer-503',
      nextAt: '2026-11-24T02:00:00.500Z',
    });
    const twice = postingFailed(claimPosting(once, now), 1, 'carrier.timeout', pace, 0, now);
    expect(twice.posting).toMatchObject({ tries: 2, error: 'carrier.timeout', nextAt: '2026-11-24T02:00:01.000Z' });
  });

  it.each(['lost', 'returned'] as const)('%s: raises an incident, and only then can be sent again', (kind) => {
    const gone = done(applyCarrierEvent(onTheWay, event(kind)));
    expect(gone.incident).toMatchObject({ kind, attempt: 1, parcelId });
    expect(gone.published).toMatchObject([{ station: kind }]);
    expect(gone.custody[0]!.taker).toEqual(kind === 'lost' ? null : from);
    const again = done(resend(gone.parcel, '补制后重寄', 'desk', now));
    expect(again.parcel).toMatchObject({
      status: 'requested',
      attempt: 2,
      sealNo: null,
      waybill: null,
      custodySteps: 4,
    });
    expect(again.custody).toMatchObject([{ n: 4, attempt: 2, what: 'resent', note: '补制后重寄' }]);
    expect(again.resolves).toBe('补制后重寄');
    for (const parcel of [fresh, sealed, onTheWay, again.parcel])
      expect(resend(parcel, 'x', 'desk', now)).toEqual({ refused: 'wrong-state' });
  });

  it('takes nothing from the carrier that cannot follow', () => {
    const delivered = done(applyCarrierEvent(onTheWay, event('delivered'))).parcel;
    for (const kind of ['moved', 'delivered', 'lost', 'returned']) {
      expect(applyCarrierEvent(delivered, event(kind))).toBeNull();
      expect(applyCarrierEvent(onTheWay, event(kind, { waybill: 'SIM0' }))).toBeNull();
      expect(applyCarrierEvent(sealed, event(kind))).toBeNull();
    }
    expect(applyCarrierEvent(onTheWay, event('posted'))).toBeNull();
    expect(applyCarrierEvent(onTheWay, event('abducted'))).toBeNull();
  });

  it('offers exactly the actions its rules allow', () => {
    const examples: Parcel[] = [fresh, sealed, posting, onTheWay];
    for (const kind of ['moved', 'delivered', 'lost', 'returned'])
      examples.push(done(applyCarrierEvent(onTheWay, event(kind))).parcel);
    expect(new Set(examples.map(({ status }) => status))).toEqual(new Set(Object.keys(actionsOf)));
    for (const parcel of examples) {
      const changes = {
        seal: seal(parcel, 'FH-9', 'desk', now),
        post: startPosting(parcel, 'desk', now),
        resend: resend(parcel, 'x', 'desk', now),
      };
      const allowed = Object.entries(changes)
        .filter(([, outcome]) => !('refused' in outcome) && outcome.parcel !== parcel)
        .map(([action]) => action);
      expect([parcel.status, allowed]).toEqual([parcel.status, actionsOf[parcel.status]]);
    }
  });

  it('is published as the contract says, at every station', () => {
    const outcome = done(applyCarrierEvent(onTheWay, event('lost')));
    const data = stationOf(outcome.parcel, outcome.published[0]!);
    for (const definition of parcelEvents) expect(definition.validateStrictly(data)).toEqual([]);
    expect(data).toMatchObject({ parcelId, waybill: 'SIM1', sealNo: 'FH-1', place: '临沂市' });
  });
});
