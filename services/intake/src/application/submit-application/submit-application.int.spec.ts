import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@lianban/testing/eventually';
import { badInput } from '../../../test/bad-input.js';
import { clerk, type Stand, startStand, windowSystem } from '../../../test/stand.js';

let stand: Stand;
beforeAll(async () => (stand = await startStand({ instances: 2 })));
afterAll(() => stand.stop());

interface Receipt extends Record<string, unknown> {
  caseId: string;
  caseNo: string;
  receiptNo: string;
  code: string;
  findings: { path: string; message: { zh: string; en: string } }[];
}
const submit = (body: unknown, instance = 0) =>
  stand.http<Receipt>(windowSystem(), 'POST', '/applications', body, instance);

describe('POST /applications', () => {
  it('answers with a receipt, and announces application and receipt once', async () => {
    const application = await stand.application();
    const { status, body, headers } = await submit(application);
    expect(status).toBe(201);
    expect(body).toEqual({
      caseId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      caseNo: expect.stringMatching(/^LB-430600-\d{8}-\d{6}$/),
      receiptNo: expect.stringMatching(/^SJ-430600-\d{8}-\d{6}$/),
      source: application.source,
      receivedAt: expect.any(String),
      links: { status: `/applications/${body.caseId}` },
    });
    expect(headers.get('location')).toBe(`/applications/${body.caseId}`);

    const [event] = await eventually(async () => {
      const events = (await stand.saidOfApplications()).filter(({ caseId }) => caseId === body.caseId);
      return events.length > 0 && events;
    });
    expect(event).toMatchObject({
      type: 'intake.application.received',
      headers: { ce_correlationid: headers.get('x-correlation-id'), ce_locality: '430600' },
      data: {
        caseNo: body.caseNo,
        source: application.source,
        item: { id: 'pension-transfer' },
        procedure: { id: 'pension-transfer', version: '2026.1' },
        applicant: application.applicant,
        form: application.form,
        parties: {
          origin: [{ id: '340100-social-insurance' }],
          destination: [{ id: '371300-social-insurance' }],
        },
        materials: [{ kind: 'id-card', mediaType: 'application/pdf', original: false }, { kind: 'application-form' }],
      },
    });
    const receipts = await eventually(async () => {
      const found = await stand.receipts(application.source.number);
      return found.length > 0 && found;
    });
    expect(receipts).toEqual([
      expect.objectContaining({
        type: 'intake.receipt.issued',
        data: {
          caseNo: body.caseNo,
          receiptNo: body.receiptNo,
          source: application.source,
          receivedAt: body.receivedAt,
        },
      }),
    ]);
  });

  it('gives the same answer to the same content, however it is written, without a second case', async () => {
    const application = await stand.application();
    const first = await submit(application);
    const { materials, ...rest } = application;
    const rewritten = Object.fromEntries(
      Object.entries({ ...rest, materials: materials.map(({ original: _, ...one }) => one) }).reverse(),
    );
    const second = await submit(rewritten, 1);
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.body).toEqual(first.body);
    const rows = await stand.query('select from application where source_number = $1', [application.source.number]);
    expect(rows).toHaveLength(1);
  });

  it('makes one case of 200 identical posts at once over two instances, all with one answer', async () => {
    const application = await stand.application();
    const before = await stand.count('application');
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => submit(application, i % 2)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(199);
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(await stand.count('application')).toBe(before + 1);
    await eventually(async () => (await stand.receipts(application.source.number)).length === 1);
    const events = await stand.saidOfApplications();
    expect(events.filter(({ caseId }) => caseId === answers[0]!.body.caseId)).toHaveLength(1);
  });

  it('refuses a number that stands for other content, also when both come at once', async () => {
    const application = await stand.application();
    const other = { ...application, form: { origin: '371300', destination: '340100' } };
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => submit(i % 2 === 0 ? application : other, i % 2)),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(19);
    const refused = answers.filter(({ body }) => body.code === 'application.number-reused');
    expect(refused.map(({ status }) => status)).toEqual(Array(20).fill(422));
    expect(
      await stand.query('select from application where source_number = $1', [application.source.number]),
    ).toHaveLength(1);
  });

  it('keeps a number apart from the same number of another system', async () => {
    const application = await stand.application();
    const other = { ...application, source: { ...application.source, system: 'window-430600-hall2' } };
    expect((await submit(application)).status).toBe(201);
    expect((await stand.http(clerk(), 'POST', '/applications', other)).status).toBe(201);
  });

  it('numbers the cases of a day without a gap, whatever was refused in between', async () => {
    const serials = async () =>
      (await stand.query<{ no: string }>(`select case_no as no from application order by case_no`)).map(({ no }) =>
        Number(no.slice(-6)),
      );
    const good = await stand.application();
    await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        submit(
          {
            ...good,
            source: { ...good.source, number: `gapless-${i}` },
            ...(i % 3 === 0 ? { form: { origin: '340100', destination: '999999' } } : {}),
          },
          i % 2,
        ),
      ),
    );
    const found = await serials();
    expect(found).toEqual(found.map((_, i) => i + 1));
  });

  it('leaves a rejected number free for the corrected application', async () => {
    const application = await stand.application();
    expect((await submit({ ...application, form: {} })).status).toBe(422);
    expect((await submit(application)).status).toBe(201);
  });
});

describe('POST /applications with bad input', () => {
  it.each(badInput)('%s: %s, and nothing is stored', async (_, code, change) => {
    const good = await stand.application();
    const { status, body } = await submit(change(good));
    expect(body.code).toBe(code);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(body.messages).toEqual({ zh: expect.any(String), en: expect.any(String) });
    expect(JSON.stringify(body)).not.toContain(good.applicant.phone);
    expect(await stand.query('select from submission where source_number = $1', [good.source.number])).toEqual([]);
    expect(await stand.receipts(good.source.number)).toEqual([]);
  });

  it.each<[string, string | Buffer, number, string]>([
    ['broken JSON', '{"source":', 400, 'message.invalid'],
    ['no body', '', 400, 'message.invalid'],
    ['a list', '[]', 422, 'request.invalid'],
    ['null', 'null', 422, 'request.invalid'],
    ['a prototype', '{"__proto__":{"item":"x"}}', 400, 'message.invalid'],
    ['100,000 levels', `{"form":${'['.repeat(1e5)}${']'.repeat(1e5)}}`, 422, 'request.invalid'],
    ['5 MB', `{"form":"${'x'.repeat(5e6)}"}`, 413, 'message.too-large'],
  ])('%s is answered with a code', async (_, body, status, code) => {
    expect(await submit(body)).toMatchObject({ status, body: { code } });
  });

  it('broken UTF-8 is not stored as something else', async () => {
    const good = JSON.stringify(await stand.application());
    const [head, tail] = good.split('张三');
    const answer = await submit(Buffer.concat([Buffer.from(head!), Buffer.from([0xe5, 0xbc]), Buffer.from(tail!)]));
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  });

  it('all faults are told at once, in Chinese and English', async () => {
    const good = await stand.application();
    const { body } = await submit({
      ...good,
      applicant: { ...good.applicant, idNumber: '110105194912310021' },
      form: { origin: '340100', destination: '999999' },
      materials: [],
    });
    expect(body.findings.map(({ path }) => path)).toEqual([
      '/form/destination',
      '/applicant/idNumber',
      '/materials',
      '/materials',
    ]);
  });
});
