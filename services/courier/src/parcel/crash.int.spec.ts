import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@lianban/testing/eventually';
import { type Stand, startStand } from '../../test/stand.js';
import { followCarrier, takeEvents } from './follow-carrier/follow-carrier.js';
import { claimDue, markAnswered, postDueParcels } from './post-due-parcels/post-due-parcels.js';

/** The loops are off: each spec does their steps by hand and stops between two of them, as a kill would. */
let stand: Stand;
beforeAll(async () => {
  stand = await startStand({ loops: false });
}, 120_000);
afterAll(() => stand.stop());

const pace = { baseMs: 10, maxMs: 100 };
async function posting(): Promise<string> {
  const [parcel] = await stand.request({});
  await stand.command(parcel!.parcelId, 'seal', { sealNo: 'FH-1' });
  await stand.command(parcel!.parcelId, 'post');
  return parcel!.parcelId;
}
const claim = (now = new Date()) => stand.database.transaction((tx) => claimDue(tx, 300, now));
/** After the lease of a claim. */
const muchLater = () => new Date(Date.now() + 3_600_000);
const post = () => postDueParcels(stand.database, stand.carrier, { timeoutMs: 300, backoff: pace });
const waybillsOf = async (parcelId: string) => (await stand.waybills()).filter(({ key }) => key.startsWith(parcelId));
const until = (parcelId: string, status: string) =>
  eventually(async () => {
    await followCarrier(stand.database, stand.carrier);
    const file = await stand.file(parcelId);
    return file.status === status ? file : undefined;
  });

describe('a crash', () => {
  it('between claim and call: the claim runs out and the parcel is handed over once', async () => {
    const parcelId = await posting();
    expect(await claim()).toHaveLength(1);
    // Until then nobody else takes it.
    expect(await claim()).toHaveLength(0);
    expect(await claim(muchLater())).toHaveLength(1);
    await stand.query(`update posting_due set due_at = now() - interval '1 second'`);
    expect(await post()).toBe(1);
    expect(await stand.file(parcelId)).toMatchObject({ status: 'posted', posting: { tries: 3 } });
    expect(await waybillsOf(parcelId)).toHaveLength(1);
    await until(parcelId, 'delivered');
  });

  it('between call and mark: the repeat gets the same waybill, nothing is posted twice', async () => {
    const parcelId = await posting();
    const [claimed] = await claim();
    const handover = await stand.carrier.handOver(claimed!);
    await stand.query(`update posting_due set due_at = now() - interval '1 second'`);
    expect(await post()).toBe(1);
    const file = await until(parcelId, 'delivered');
    expect({ waybill: file.waybill }).toEqual(handover);
    expect(await waybillsOf(parcelId)).toHaveLength(1);
    // And should the first instance wake up after all:
    await stand.database.transaction((tx) => markAnswered(tx, [{ parcel: claimed!, handover }], pace, new Date()));
    expect(await stand.file(parcelId)).toEqual(file);
  });

  it('between call and mark, with the carrier’s events arriving before the waybill is stored: none is lost', async () => {
    const parcelId = await posting();
    const [claimed] = await claim();
    const handover = await stand.carrier.handOver(claimed!);
    const waybill = 'waybill' in handover ? handover.waybill : '';
    await eventually(async () => {
      await followCarrier(stand.database, stand.carrier);
      const told = await stand.query<{ kind: string }>('select kind from carrier_event where waybill = $1', [waybill]);
      return told.some(({ kind }) => kind === 'delivered');
    });
    expect((await stand.file(parcelId)).status).toBe('posting');
    await stand.database.transaction((tx) => markAnswered(tx, [{ parcel: claimed!, handover }], pace, new Date()));
    const file = await stand.file(parcelId);
    expect(file.status).toBe('delivered');
    expect(file.custody.map(({ what }) => what)).toEqual(['sealed', 'handed-to-carrier', 'signed']);
    expect(file.carrierEvents.map(({ state }) => state)).toEqual(['ignored', 'applied', 'applied', 'applied']);
  });

  it('after the carrier’s events were read: they are read again and applied once, also by two instances at a time', async () => {
    const parcelId = await posting();
    await post();
    const [{ n }] = (await stand.query<{ n: string }>('select last_n as n from carrier_cursor')) as [{ n: string }];
    const events = await eventually(async () => {
      const told = await stand.carrier.eventsAfter(Number(n), 200);
      return told.some(({ kind }) => kind === 'delivered') ? told : undefined;
    });
    // Each instance has read a little further than the one before.
    const readings = events.flatMap((_, i) => Array.from({ length: 2 }, () => events.slice(0, i + 1)));
    await Promise.all(
      readings.map((reading) => stand.database.transaction((tx) => takeEvents(tx, reading, new Date()))),
    );
    const file = await stand.file(parcelId);
    expect(file.status).toBe('delivered');
    expect(file.custody.map(({ what }) => what)).toEqual(['sealed', 'handed-to-carrier', 'signed']);
    await eventually(async () => (await stand.said(parcelId)).length >= 5);
    expect((await stand.said(parcelId)).map(({ type }) => type.split('.').at(-1))).toEqual([
      'sealed',
      'posted',
      'moved',
      'moved',
      'delivered',
    ]);
  });
});
