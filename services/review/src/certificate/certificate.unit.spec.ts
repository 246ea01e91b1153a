import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { taskRequested } from '@lianban/contracts-dispatch/events';
import { decide, openTask } from '../task/task.js';
import { isIntact, issue, numberOf, render, seriesOf, verificationCode } from './certificate.js';

const opened = openTask(taskRequested.example, {
  caseId: '01936f4e-7c00-7000-8000-000000000001',
  correlationId: 'c-1',
});
const actor = { subject: 's', locality: '371300', body: opened.body.id, roles: ['back-office' as const] };
const at = new Date('2026-11-25T02:00:00.000Z');
const task = decide(opened, { outcome: 'approve', reason: null, reference: null }, actor, at).task;
const product = { kind: 'notice', name: { zh: '转入确认通知书', en: 'Notice of transfer' } };
const certificate = issue(task, product, 'ZR-371300-2026-000001', 'ABCD-EFGH-JKLM-NPQR');

describe('a certificate number', () => {
  it('names prefix, place, year and six digits', () => {
    expect(numberOf(seriesOf('ZR', '371300', at), 1)).toBe('ZR-371300-2026-000001');
  });
  it('goes on beyond six digits rather than repeating', () => {
    expect(numberOf('ZR-371300-2026', 1_000_001)).toBe('ZR-371300-2026-1000001');
  });
  it('takes the year of the calendar in China', () => {
    expect(seriesOf('ZR', '371300', new Date('2026-12-31T15:59:59.999Z'))).toBe('ZR-371300-2026');
    expect(seriesOf('ZR', '371300', new Date('2026-12-31T16:00:00.000Z'))).toBe('ZR-371300-2027');
  });
});

describe('a verification code', () => {
  it('is sixteen characters that are not mistaken for each other', () => {
    const all = verificationCode(Uint8Array.from({ length: 16 }, (_, index) => index * 16 + index));
    expect(all).toMatch(/^([2-9A-HJ-NP-Z]{4}-){3}[2-9A-HJ-NP-Z]{4}$/);
    expect(verificationCode(new Uint8Array(16))).not.toBe(all);
  });
});

describe('a document', () => {
  it('states who holds what from whom, and how to check it', () => {
    expect(certificate.document).toBe(
      [
        '转入确认通知书',
        'Notice of transfer',
        '',
        '编号 Number: ZR-371300-2026-000001',
        '持有人 Holder: 张三',
        '证件类型 Identity document: 居民身份证 Resident identity card',
        '证件号码 Identity number: 11010519491231002X',
        '事项 Item: 企业职工基本养老保险关系跨省转移接续 Transfer of basic pension insurance across provinces',
        '办件编号 Case number: LB-430600-20261124-000001',
        '发证机关 Issued by: 临沂市社会保险经办机构 Linyi social insurance agency',
        '所在地 Place: 临沂市 Linyi (371300)',
        '发证日期 Date of issue: 2026-11-25',
        '校验码 Verification code: ABCD-EFGH-JKLM-NPQR',
        '',
      ].join('\n'),
    );
  });
  it('comes out byte-equal from what a database keeps of its data', () => {
    const stored = { ...JSON.parse(JSON.stringify(certificate)), issuedAt: new Date(certificate.issuedAt) };
    expect(Buffer.from(render(stored)).equals(Buffer.from(certificate.document))).toBe(true);
    expect(certificate.sha256).toBe(createHash('sha256').update(certificate.document).digest('hex'));
    expect(isIntact(certificate)).toBe(true);
  });
  it.each([
    ['document', { document: certificate.document.replace('张三', '李四') }],
    ['document and digest together', withDocument(certificate.document.replace('张三', '李四'))],
    ['holder', { holder: { ...certificate.holder, name: '李四' } }],
    ['number', { number: 'ZR-371300-2026-000002' }],
  ])('is no longer intact when its %s was changed', (_, change) => {
    expect(isIntact({ ...certificate, ...change })).toBe(false);
  });
  it('is not rendered with a layout nobody knows', () => {
    expect(() => render({ ...certificate, template: 2 })).toThrow('template 2');
  });
});

describe('the id of a certificate', () => {
  it('follows from its task alone', () => {
    expect(issue(task, product, 'another number', 'another code').id).toBe(certificate.id);
    expect(issue({ ...task, id: '5f0c2f7e-3c1b-5e0a-9c55-0c9d2c1f2a12' }, product, 'n', 'c').id).not.toBe(
      certificate.id,
    );
    expect(certificate.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

function withDocument(document: string) {
  return { document, sha256: createHash('sha256').update(document).digest('hex') };
}
