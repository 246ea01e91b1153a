/** How a certificate is shown. The schema is the one source of the type and of the API description. */
import type { Actor } from '@lianban/access/actor';
import { maskIdNumber, maskName } from '@lianban/access/mask';
import { bilingual, bodyRef, instant, itemRef, uuid } from '@lianban/contracts-catalog/shapes';
import type { FromSchema } from 'json-schema-to-ts';
import { isInCharge } from '../task/task.view.js';
import { type Certificate, isIntact } from './certificate.js';

const nullableString = { type: ['string', 'null'] } as const;
const summaryProperties = {
  id: uuid,
  taskId: uuid,
  caseId: uuid,
  caseNo: { type: 'string' },
  kind: { type: 'string' },
  name: bilingual,
  number: { type: 'string' },
  item: itemRef,
  body: bodyRef,
  holder: {
    type: 'object',
    properties: {
      name: { type: 'string' },
      idType: { enum: ['resident-id', 'uscc'] },
      idNumber: { type: 'string' },
    },
    required: ['name', 'idType', 'idNumber'],
    additionalProperties: false,
  },
  sha256: { type: 'string' },
  issuedAt: instant,
  revoked: {
    anyOf: [
      {
        type: 'object',
        properties: { reason: { type: 'string' }, at: instant },
        required: ['reason', 'at'],
        additionalProperties: false,
      },
      { type: 'null' },
    ],
  },
} as const;
const summaryRequired = [
  'id',
  'taskId',
  'caseId',
  'caseNo',
  'kind',
  'name',
  'number',
  'item',
  'body',
  'holder',
  'sha256',
  'issuedAt',
  'revoked',
] as const;

export const certificateSummarySchema = {
  type: 'object',
  properties: summaryProperties,
  required: summaryRequired,
  additionalProperties: false,
} as const;
export type CertificateSummary = FromSchema<typeof certificateSummarySchema>;

/**
 * `intact`: the document was rendered again from its stored data and is byte-equal to the one issued. `document` and `verificationCode`
 * are null where the actor does not work for the issuing body.
 */
export const certificateFileSchema = {
  type: 'object',
  properties: {
    ...summaryProperties,
    masked: { type: 'boolean' },
    intact: { type: 'boolean' },
    verificationCode: nullableString,
    document: nullableString,
  },
  required: [...summaryRequired, 'masked', 'intact', 'verificationCode', 'document'],
  additionalProperties: false,
} as const;
export type CertificateFileView = FromSchema<typeof certificateFileSchema>;

/** A line of a list. The holder is masked for everyone. */
export const toCertificateSummary = (certificate: Certificate): CertificateSummary => ({
  id: certificate.id,
  taskId: certificate.taskId,
  caseId: certificate.caseId,
  caseNo: certificate.caseNo,
  kind: certificate.kind,
  name: certificate.name,
  number: certificate.number,
  item: certificate.item,
  body: certificate.body,
  holder: {
    name: maskName(certificate.holder.name),
    idType: certificate.holder.idType,
    idNumber: maskIdNumber(certificate.holder.idNumber),
  },
  sha256: certificate.sha256,
  issuedAt: certificate.issuedAt.toISOString(),
  revoked: certificate.revoked && {
    reason: certificate.revoked.reason,
    at: certificate.revoked.at.toISOString(),
  },
});

export function toCertificateFile(certificate: Certificate, actor: Actor): CertificateFileView {
  const whole = isInCharge(actor, certificate.body);
  return {
    ...toCertificateSummary(certificate),
    ...(whole ? { holder: certificate.holder } : {}),
    masked: !whole,
    intact: isIntact(certificate),
    verificationCode: whole ? certificate.verificationCode : null,
    document: whole ? certificate.document : null,
  };
}
