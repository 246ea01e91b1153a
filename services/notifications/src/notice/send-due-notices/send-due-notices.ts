import { maskEmail, maskPhone } from '@lianban/access/mask';
import { noticeFailed, noticeSent } from '@lianban/contracts-notifications/events';
import type { Database, Tx } from '@lianban/eventing/database';
import { append, type NewEvent, newEvent } from '@lianban/eventing/outbox';
import { inGroups } from '@lianban/service-kit/outside-call';
import type { SendingConfig } from '../../config.js';
import type { Providers } from '../../provider/provider.js';
import { type Language, render } from '../../templates/templates.js';
import {
  type Attempt,
  beginAttempt,
  type Channel,
  type Contact,
  type Notice,
  type Policy,
  recipientOf,
  type SendResult,
  settleAttempt,
} from '../notice.js';
import { finishAttempts, insertAttempts, loadNotices, lockDue, saveNotices } from '../notice.store.js';

/** Messages handed over side by side by one loop. */
const AT_ONCE = 16;

/**
 * Sends what is due: claim (attempts on record, committed), call (outside any transaction), mark. A crash in between leaves the claim,
 * whose time runs out; the notice is then sent again under the same key, so that the provider hands over one message.
 */
export async function sendDueNotices(database: Database, providers: Providers, config: SendingConfig): Promise<number> {
  const attempts = await database.transaction((tx) => claimDue(tx, config, new Date()));
  const calls = attempts.map(async (attempt) => ({ attempt, result: await providers.send(attempt) }));
  for await (const answered of inGroups(calls)) {
    await database.transaction((tx) => markAnswered(tx, answered, config.policy, new Date()));
  }
  return attempts.length;
}

/** Nobody else takes a claimed notice before twice the longest call has passed. */
export async function claimDue(
  tx: Tx,
  { timeoutMs, language }: Pick<SendingConfig, 'timeoutMs' | 'language'>,
  now: Date,
): Promise<Attempt[]> {
  const lostAt = new Date(now.getTime() + timeoutMs * 2 + 1_000);
  const attempts = (await lockDue(tx, now, AT_ONCE)).flatMap(
    ({ notice, contact }) => beginAttempt(notice, contact, textOf(notice, contact, language), lostAt) ?? [],
  );
  await saveNotices(
    tx,
    attempts.map(({ notice }) => notice),
  );
  await insertAttempts(tx, attempts, now);
  return attempts;
}

const noReason = { zh: '详见决定书', en: 'see the written decision' };
const textOf = (notice: Notice, contact: Contact, language: Language): string =>
  render(notice.template, language, {
    item: contact.item[language],
    place: contact.place[language],
    caseNo: contact.caseNo,
    reason: notice.facts.reason ?? noReason[language],
  });

export async function markAnswered(
  tx: Tx,
  answered: readonly { attempt: Attempt; result: SendResult & { ms: number } }[],
  policy: Policy,
  now: Date,
): Promise<void> {
  const stored = new Map(
    (
      await loadNotices(
        tx,
        answered.map(({ attempt }) => attempt.notice.id),
      )
    ).map((row) => [row.notice.id, row]),
  );
  const changed: Notice[] = [];
  const events: NewEvent[] = [];
  for (const { attempt, result } of answered) {
    const { notice, contact } = stored.get(attempt.notice.id)!;
    const { channel, attempts: n } = attempt.notice;
    const next = settleAttempt(notice, { n, channel }, result, contact, policy, Math.random(), now);
    if (next === notice) continue;
    changed.push(next);
    events.push(...eventsOf(next, contact));
  }
  await finishAttempts(
    tx,
    answered.map(({ attempt: { notice }, result }) => ({
      noticeId: notice.id,
      n: notice.attempts,
      channel: notice.channel,
      result: result.ok ? 'ok' : result.code,
      ms: result.ms,
      messageId: result.ok ? result.messageId : null,
    })),
    now,
  );
  await saveNotices(tx, changed);
  append(tx, events);
}

/** Phone number or address, masked. */
export const maskedRecipient = (channel: Channel, contact: Pick<Contact, 'phone' | 'email'>): string =>
  channel === 'sms' ? maskPhone(contact.phone) : maskEmail(recipientOf('email', contact));

export function eventsOf(notice: Notice, contact: Contact): NewEvent[] {
  if (notice.status === 'due') return [];
  const data = {
    noticeId: notice.id,
    template: notice.template,
    channel: notice.channel,
    recipient: maskedRecipient(notice.channel, contact),
    attempts: notice.attempts,
    at: notice.settledAt.toISOString(),
  };
  const of = { caseId: notice.caseId, cause: { id: notice.causeId, correlationid: notice.correlationId } };
  return notice.status === 'sent'
    ? [newEvent(noticeSent, { ...of, data })]
    : [newEvent(noticeFailed, { ...of, data: { ...data, error: notice.error ?? 'unknown' } })];
}
