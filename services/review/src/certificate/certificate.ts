/** Rules of certificates (证照): numbers, verification codes and the document. Pure: what is random or counted is an argument. */
import { createHash } from 'node:crypto';
import type { Bilingual, BodyRef, ItemRef } from '@lianban/contracts-catalog/shapes';
import type { Applicant } from '@lianban/contracts-intake/shapes';
import type { Decided, Task } from '../task/task.js';

/** `template` names the layout the document was rendered with; a new layout is a new number, so that old documents stay byte-equal. */
export interface CertificateData {
  id: string;
  taskId: string;
  caseId: string;
  caseNo: string;
  kind: string;
  name: Bilingual;
  number: string;
  item: ItemRef;
  body: BodyRef;
  holder: Pick<Applicant, 'name' | 'idType' | 'idNumber'>;
  verificationCode: string;
  template: number;
  issuedAt: Date;
}
/** `sha256` is the hex digest of the document's UTF-8 bytes. */
export interface Certificate extends CertificateData {
  document: string;
  sha256: string;
  revoked: { reason: string; at: Date } | null;
}

/** China keeps one time without summer time since 1991; the date on a document is the date there. */
const CHINA_OFFSET_MS = 8 * 60 * 60 * 1000;
const chinaDate = (at: Date): string => new Date(at.getTime() + CHINA_OFFSET_MS).toISOString().slice(0, 10);

/** Everything a number consists of but its counter: one gapless counter runs per series, so two numbers cannot be equal. */
export const seriesOf = (prefix: string, localityCode: string, issuedAt: Date): string =>
  `${prefix}-${localityCode}-${chinaDate(issuedAt).slice(0, 4)}`;

/** `count` from 1. */
export const numberOf = (series: string, count: number): string => `${series}-${String(count).padStart(6, '0')}`;

/** Letters and digits that are not mistaken for each other when read out. */
const CODE_ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';

/** 16 random bytes → XXXX-XXXX-XXXX-XXXX (80 bits). Only whoever has the document knows it. */
export function verificationCode(random: Uint8Array): string {
  const characters = [...random.slice(0, 16)].map((byte) => CODE_ALPHABET[byte % CODE_ALPHABET.length]!);
  return characters.join('').match(/.{4}/g)!.join('-');
}

/** The certificate a decided task issues. Its id follows from the task: there is one per task. */
export function issue(
  task: Task<Decided>,
  product: { kind: string; name: Bilingual },
  number: string,
  code: string,
): Certificate {
  const { name, idType, idNumber } = task.applicant;
  const data: CertificateData = {
    id: certificateIdOf(task.id),
    taskId: task.id,
    caseId: task.caseId,
    caseNo: task.caseNo,
    kind: product.kind,
    name: product.name,
    number,
    item: task.item,
    body: task.body,
    holder: { name, idType, idNumber },
    verificationCode: code,
    template: 1,
    issuedAt: task.state.decision.at,
  };
  const document = render(data);
  return { ...data, document, sha256: sha256(document), revoked: null };
}

/** From stored data alone, so that it comes out byte-equal at any time. Throws on a template it does not know. */
export function render(data: CertificateData): string {
  if (data.template !== 1) throw new Error(`certificate ${data.id} has the unknown template ${data.template}`);
  const idType = {
    'resident-id': '居民身份证 Resident identity card',
    uscc: '统一社会信用代码 Unified social credit code',
  };
  const lines: [string, string][] = [
    ['编号 Number', data.number],
    ['持有人 Holder', data.holder.name],
    ['证件类型 Identity document', idType[data.holder.idType]],
    ['证件号码 Identity number', data.holder.idNumber],
    ['事项 Item', `${data.item.name.zh} ${data.item.name.en}`],
    ['办件编号 Case number', data.caseNo],
    ['发证机关 Issued by', `${data.body.name.zh} ${data.body.name.en}`],
    ['所在地 Place', `${data.body.locality.name.zh} ${data.body.locality.name.en} (${data.body.locality.code})`],
    ['发证日期 Date of issue', chinaDate(data.issuedAt)],
    ['校验码 Verification code', data.verificationCode],
  ];
  return `${data.name.zh}\n${data.name.en}\n\n${lines.map(([label, value]) => `${label}: ${value}\n`).join('')}`;
}

/** Whether the stored document is still the one its data gives and its digest names. */
export const isIntact = (certificate: Certificate): boolean =>
  certificate.sha256 === sha256(certificate.document) && render(certificate) === certificate.document;

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

/** UUIDv5 (RFC 9562 5.5) of the task's id with "certificate". */
function certificateIdOf(taskId: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(taskId.replaceAll('-', ''), 'hex'))
    .update('certificate')
    .digest();
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
