import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@lianban/testing/eventually';
import { type Stand, startStand } from '../../test/stand.js';

let stand: Stand;
beforeAll(async () => {
  stand = await startStand({ instances: 2 });
}, 120_000);
afterAll(() => stand.stop());

const becomes = (parcelId: string, status: string) =>
  eventually(async () => {
    const file = await stand.file(parcelId);
    return file.status === status ? file : undefined;
  });
/** Seals and posts a new parcel. */
async function send(): Promise<string> {
  const [parcel] = await stand.request({});
  const { parcelId } = parcel!;
  expect((await stand.command(parcelId, 'seal', { sealNo: 'FH-1' })).status).toBe(200);
  expect((await stand.command(parcelId, 'post')).status).toBe(202);
  return parcelId;
}
const stations = async (parcelId: string) => (await stand.said(parcelId)).map(({ type }) => type.split('.').at(-1));

describe('a parcel with a carrier that works', () => {
  it('goes to its end; every station is published once and in order, custody has no gap', async () => {
    const parcelId = await send();
    const file = await becomes(parcelId, 'delivered');
    await eventually(async () => (await stations(parcelId)).includes('delivered'));
    expect(await stations(parcelId)).toEqual(['sealed', 'posted', 'moved', 'moved', 'delivered']);
    expect(file.custody.map(({ n, what, byWhom }) => [n, what, byWhom])).toEqual([
      [1, 'sealed', 'desk-371300'],
      [2, 'handed-to-carrier', 'desk-371300'],
      [3, 'signed', '岳阳市窗口'],
    ]);
    expect(file.carrierEvents.map(({ kind }) => kind)).toEqual(['posted', 'moved', 'moved', 'delivered']);
    expect(file.waybill).toMatch(/^SIM\d+$/);
    const seqs = (await stand.said(parcelId)).map(({ data }) => data.waybill);
    expect(seqs).toEqual([null, ...Array<string | null>(4).fill(file.waybill)]);
  });

  it('is asked for twice by a redelivered event, and stays one', async () => {
    const [first] = await stand.request({});
    await stand.request({ parcelId: first!.parcelId });
    await stand.request({});
    expect(await stand.query('select 1 from parcel where id = $1', [first!.parcelId])).toHaveLength(1);
  });

  it('takes a repeated command for the same one and refuses what its state forbids', async () => {
    const [parcel] = await stand.request({});
    const { parcelId } = parcel!;
    expect(await stand.command(parcelId, 'post')).toMatchObject({ status: 409, body: { code: 'parcel.wrong-state' } });
    expect((await stand.command(parcelId, 'resend', { reason: 'x' })).status).toBe(409);
    const seals = await Promise.all(
      Array.from({ length: 5 }, () => stand.command(parcelId, 'seal', { sealNo: 'FH-7' })),
    );
    expect(seals.map(({ status }) => status)).toEqual(Array(5).fill(200));
    expect(await stand.command(parcelId, 'seal', { sealNo: 'FH-8' })).toMatchObject({
      status: 409,
      body: { code: 'parcel.already-sealed' },
    });
    await Promise.all(Array.from({ length: 5 }, () => stand.command(parcelId, 'post')));
    await becomes(parcelId, 'delivered');
    await eventually(async () => (await stations(parcelId)).includes('delivered'));
    expect((await stations(parcelId)).filter((station) => station === 'sealed' || station === 'posted')).toEqual([
      'sealed',
      'posted',
    ]);
    expect((await stand.waybills()).filter(({ key }) => key.startsWith(parcelId))).toHaveLength(1);
  });

  it('says what is wrong with a command that breaks the rules, and changes nothing', async () => {
    const [parcel] = await stand.request({});
    const { parcelId } = parcel!;
    for (const body of [{}, { sealNo: '' }, { sealNo: 7 }, { sealNo: 'a b' }, { sealNo: 'FH-1', extra: 1 }])
      expect(await stand.command(parcelId, 'seal', body)).toMatchObject({
        status: 422,
        body: { code: 'request.invalid' },
      });
    expect((await stand.command('no-uuid', 'seal', { sealNo: 'FH-1' })).status).toBe(400);
    expect(await stand.file(parcelId)).toMatchObject({ status: 'requested', sealNo: null, custody: [] });
  });
});

describe('a parcel that gets lost or comes back', () => {
  it.each([
    ['lose', 'lost'],
    ['return', 'returned'],
  ])('raises an incident (%s), is sent again under a new seal and waybill, and arrives', async (fate, kind) => {
    await stand.control({ fate, count: 1 });
    const parcelId = await send();
    const gone = await becomes(parcelId, kind);
    expect(gone.incidents).toMatchObject([{ attempt: 1, kind, resolvedAt: null }]);
    expect(gone.actions).toEqual(['resend']);
    expect((await stand.command(parcelId, 'resend', { reason: '补制后重寄' })).body).toMatchObject({
      status: 'requested',
      attempt: 2,
      incidents: [{ kind, resolution: '补制后重寄' }],
    });
    await stand.command(parcelId, 'seal', { sealNo: 'FH-2' });
    await stand.command(parcelId, 'post');
    const file = await becomes(parcelId, 'delivered');
    expect(file.waybill).not.toBe(gone.waybill);
    expect(file.custody.map(({ n, attempt, what }) => [n, attempt, what])).toEqual([
      [1, 1, 'sealed'],
      [2, 1, 'handed-to-carrier'],
      [3, 1, kind],
      [4, 2, 'resent'],
      [5, 2, 'sealed'],
      [6, 2, 'handed-to-carrier'],
      [7, 2, 'signed'],
    ]);
    await eventually(async () => (await stations(parcelId)).includes('delivered'));
    expect(await stations(parcelId)).toEqual([
      ...['sealed', 'posted', 'moved', kind, 'resent'],
      ...['sealed', 'posted', 'moved', 'moved', 'delivered'],
    ]);
  });
});

describe('a carrier that fails', () => {
  it.each(['fail', 'stall', 'drop'])(
    '(%s) is asked again until it gives a waybill: one, and one posting',
    async (mode) => {
      await stand.control({ mode, count: 3 });
      const parcelId = await send();
      const file = await becomes(parcelId, 'delivered');
      expect(file.posting).toMatchObject({ error: null, nextAt: null });
      expect(file.posting!.tries).toBeGreaterThanOrEqual(4);
      expect((await stand.waybills()).filter(({ key }) => key.startsWith(parcelId))).toHaveLength(1);
      await eventually(async () => (await stations(parcelId)).includes('delivered'));
      expect((await stations(parcelId)).filter((station) => station === 'posted')).toHaveLength(1);
    },
  );

  it('is seen in the parcel while it fails', async () => {
    await stand.control({ mode: 'fail', count: 1_000_000 });
    const parcelId = await send();
    const file = await eventually(async () => {
      const seen = await stand.file(parcelId);
      return (seen.posting?.tries ?? 0) > 2 && seen.posting?.error ? seen : undefined;
    });
    expect(file).toMatchObject({ status: 'posting', waybill: null, posting: { error: 'carrier.answer-503' } });
    await stand.control({ mode: 'ok' });
    await becomes(parcelId, 'delivered');
  });
});
