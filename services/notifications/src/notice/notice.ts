/** The rules of a notice (通知): by which channel, how often, when to stop. Pure: time and chance are arguments. */
import { backoffMs, type Pace } from '@lianban/service-kit/backoff';
import type { Template } from '../templates/templates.js';

export type Channel = 'sms' | 'email';
export const NOTICE_STATUSES = ['due', 'sent', 'failed'] as const;
export type NoticeStatus = (typeof NOTICE_STATUSES)[number];

/** What an applicant must hear. One per (case, template, round): `round` tells apart what can happen to a case more than once. */
export interface NoticeOrder {
  id: string;
  caseId: string;
  template: Template;
  round: string;
  /** What the text needs beyond the contact: `reason` of a refusal. */
  facts: { reason?: string };
  correlationId: string;
  causeId: string;
  createdAt: Date;
}

interface Progress {
  /** Attempts on the present channel, and in all. The number of the newest attempt is `attempts`. */
  channelTries: number;
  attempts: number;
  /** Fixed by the first attempt: a repeat under the same key must say the same. */
  text: string | null;
  error: string | null;
}
/** `dueAt`: when to try next; while an attempt runs, when it counts as lost. */
type Due = { status: 'due'; channel: Channel | null; dueAt: Date; messageId: null; settledAt: null };
type Sent = { status: 'sent'; channel: Channel; dueAt: null; messageId: string; settledAt: Date };
type Failed = { status: 'failed'; channel: Channel; dueAt: null; messageId: null; settledAt: Date };
export type Notice = NoticeOrder & Progress & (Due | Sent | Failed);

/** How the applicant is reached, and what the texts say about the case. */
export interface Contact {
  caseId: string;
  caseNo: string;
  item: { zh: string; en: string };
  place: { zh: string; en: string };
  locality: string;
  phone: string;
  email: string | null;
}

/** `maxTries` on one channel. */
export interface Policy {
  maxTries: number;
  pace: Pace;
}

/** `final`: the provider refuses this message or recipient for good. */
export type SendResult = { ok: true; messageId: string } | { ok: false; code: string; final: boolean };

export const newNotice = (order: NoticeOrder): Notice => ({
  ...order,
  status: 'due',
  channel: null,
  channelTries: 0,
  attempts: 0,
  text: null,
  error: null,
  dueAt: order.createdAt,
  messageId: null,
  settledAt: null,
});

export interface Attempt {
  notice: Notice & { status: 'due'; channel: Channel; text: string };
  to: string;
}

/** Begins the next attempt. Should it leave no trace, the notice is due again at `lostAt`. `null`: there is nothing to send any more. */
export function beginAttempt(notice: Notice, contact: Contact, text: string, lostAt: Date): Attempt | null {
  if (notice.status !== 'due') return null;
  const channel = notice.channel ?? (contact.phone ? 'sms' : 'email');
  return {
    notice: {
      ...notice,
      channel,
      channelTries: notice.channelTries + 1,
      attempts: notice.attempts + 1,
      text: notice.text ?? text,
      dueAt: lostAt,
    },
    to: recipientOf(channel, contact),
  };
}

export const recipientOf = (channel: Channel, contact: Pick<Contact, 'phone' | 'email'>): string =>
  channel === 'sms' ? contact.phone : (contact.email ?? '');

/**
 * What an attempt's result means. A second answer, and a failure that a newer attempt has overtaken, change nothing;
 * a late success still counts, because the applicant has the message.
 */
export function settleAttempt(
  notice: Notice,
  attempt: { n: number; channel: Channel },
  result: SendResult,
  contact: Pick<Contact, 'email'>,
  { maxTries, pace }: Policy,
  random: number,
  now: Date,
): Notice {
  if (notice.status !== 'due') return notice;
  if (result.ok)
    return {
      ...notice,
      status: 'sent',
      channel: attempt.channel,
      messageId: result.messageId,
      error: null,
      dueAt: null,
      settledAt: now,
    };
  if (attempt.n !== notice.attempts) return notice;
  const error = result.code;
  if (!result.final && notice.channelTries < maxTries)
    return { ...notice, error, dueAt: new Date(now.getTime() + backoffMs(notice.channelTries, pace, random)) };
  if (attempt.channel === 'sms' && contact.email)
    return { ...notice, error, channel: 'email', channelTries: 0, dueAt: now };
  return { ...notice, status: 'failed', channel: attempt.channel, error, dueAt: null, settledAt: now, messageId: null };
}
