import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@lianban/testing/eventually';
import { clerk, type Stand, startStand, windowSystem } from '../../../test/stand.js';

let stand: Stand;
beforeAll(async () => (stand = await startStand()));
afterAll(() => stand.stop());

const submitted = async () => {
  const application = await stand.application();
  const { body } = await stand.http<{ caseId: string; caseNo: string }>(
    windowSystem(),
    'POST',
    '/applications',
    application,
  );
  return { ...body, source: application.source };
};
const concluded = (number: string) =>
  eventually(async () => {
    const found = (await stand.receipts(number)).filter(({ type }) => type === 'intake.receipt.concluded');
    return found.length > 0 && found;
  });

describe('the end of a case', () => {
  it.each([
    ['approved', null],
    ['refused', '参保记录不符'],
  ] as const)('%s ends the application, and the window is told', async (outcome, reason) => {
    const { caseId, caseNo, source } = await submitted();
    await stand.conclude({ caseId, data: { caseNo, outcome, reason, concludedAt: '2026-12-24T01:30:00.000Z' } });
    const [receipt] = await concluded(source.number);
    expect(receipt).toMatchObject({
      caseId,
      data: { caseNo, source, outcome, reason, at: '2026-12-24T01:30:00.000Z' },
    });
    expect((await stand.http(clerk(), 'GET', `/applications/${caseId}`)).body).toMatchObject({
      status: 'concluded',
      outcome,
      reason,
      concludedAt: '2026-12-24T01:30:00.000Z',
    });
  });

  it('is told once, and one of an unknown case stops nobody', async () => {
    const [first, second] = [await submitted(), await submitted()];
    const end = { caseId: first.caseId, data: { caseNo: first.caseNo } };
    await stand.conclude({ caseId: randomUUID() }, end, end);
    await stand.conclude(end, { caseId: second.caseId, data: { caseNo: second.caseNo } });
    await concluded(second.source.number);
    await eventually(async () => (await concluded(first.source.number)).length === 1);
    expect(await stand.count('dead_letter')).toBe(0);
  });
});
