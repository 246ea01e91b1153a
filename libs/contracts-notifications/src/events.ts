/** What notifications publishes: whether a person could be told. */
import { defineEvent, defineStream } from '@lianban/eventing/contract';
import { instant, uuid } from '@lianban/contracts-catalog/shapes';

export const noticeStream = defineStream({
  name: 'notifications.notice',
  service: 'notifications',
  topic: 'notifications.notice.v1',
});

const properties = {
  noticeId: uuid,
  template: { type: 'string' },
  channel: { enum: ['sms', 'email'] },
  recipient: { type: 'string' },
  attempts: { type: 'integer', minimum: 1 },
  at: instant,
} as const;
const example = {
  noticeId: '01936f4e-7c00-7000-8000-000000000009',
  template: 'application-received',
  channel: 'sms' as const,
  recipient: '138****0000',
  attempts: 1,
  at: '2026-11-24T01:30:00.000Z',
};

/** Handed to the provider, who confirmed it. `recipient` is masked. */
export const noticeSent = defineEvent({
  type: 'notifications.notice.sent',
  version: 1,
  stream: noticeStream,
  schema: {
    type: 'object',
    properties,
    required: ['noticeId', 'template', 'channel', 'recipient', 'attempts', 'at'],
    additionalProperties: false,
  } as const,
  example,
});
/** Given up after the last attempt on the last channel; a person has to call. */
export const noticeFailed = defineEvent({
  type: 'notifications.notice.failed',
  version: 1,
  stream: noticeStream,
  schema: {
    type: 'object',
    properties: { ...properties, error: { type: 'string' } },
    required: ['noticeId', 'template', 'channel', 'recipient', 'attempts', 'at', 'error'],
    additionalProperties: false,
  } as const,
  example: { ...example, attempts: 8, error: 'provider.unavailable' },
});
export const noticeEvents = [noticeSent, noticeFailed] as const;
