import type { Tx } from '@lianban/eventing/database';
import type { Attempt, Channel, Contact, Notice } from './notice.js';

const columns = `n.id, n.case_id as "caseId", n.template, n.round, n.facts, n.correlation_id as "correlationId", n.cause_id as "causeId",
  n.created_at as "createdAt", n.status, n.channel, n.channel_tries as "channelTries", n.attempts, n.text, n.due_at as "dueAt",
  n.message_id as "messageId", n.error, n.settled_at as "settledAt"`;
const contactColumns = `jsonb_build_object('caseId', c.case_id, 'caseNo', c.case_no, 'item', c.item, 'place', c.place,
  'locality', c.locality, 'phone', c.phone, 'email', c.email) as contact`;

/** @idempotent by the case: the first contact stays. */
export async function insertContacts(tx: Tx, contacts: readonly Contact[]): Promise<void> {
  if (contacts.length === 0) return;
  await tx.query({
    name: 'contacts-insert',
    text: `insert into contact (case_id, case_no, item, place, locality, phone, email)
      select * from unnest($1::uuid[], $2::text[], $3::jsonb[], $4::jsonb[], $5::text[], $6::text[], $7::text[])
      on conflict (case_id) do nothing`,
    values: [
      contacts.map((c) => c.caseId),
      contacts.map((c) => c.caseNo),
      contacts.map((c) => JSON.stringify(c.item)),
      contacts.map((c) => JSON.stringify(c.place)),
      contacts.map((c) => c.locality),
      contacts.map((c) => c.phone),
      contacts.map((c) => c.email),
    ],
  });
}

/** @idempotent by (case, template, round). */
export async function insertNotices(tx: Tx, notices: readonly Notice[]): Promise<void> {
  if (notices.length === 0) return;
  await tx.query({
    name: 'notices-insert',
    text: `with stored as (
        insert into notice (id, case_id, template, round, facts, correlation_id, cause_id, created_at, status, channel_tries, attempts, due_at)
        select id, case_id, template, round, facts, correlation_id, cause_id, created_at, 'due', 0, 0, created_at
          from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[], $6::text[], $7::text[], $8::timestamptz[])
            as new (id, case_id, template, round, facts, correlation_id, cause_id, created_at)
        on conflict (case_id, template, round) do nothing
        returning id, due_at)
      insert into notice_due (notice_id, due_at) select id, due_at from stored`,
    values: [
      notices.map((n) => n.id),
      notices.map((n) => n.caseId),
      notices.map((n) => n.template),
      notices.map((n) => n.round),
      notices.map((n) => JSON.stringify(n.facts)),
      notices.map((n) => n.correlationId),
      notices.map((n) => n.causeId),
      notices.map((n) => n.createdAt),
    ],
  });
}

export interface WithContact {
  notice: Notice;
  contact: Contact;
}
type Row = Notice & { contact: Contact };
const split = ({ contact, ...notice }: Row): WithContact => ({ notice, contact });

/** Up to `limit` notices that are due and whose contact is known, locked; those another instance holds are passed over. */
export async function lockDue(tx: Tx, now: Date, limit: number): Promise<WithContact[]> {
  const due = await tx.query<{ id: string }>({
    name: 'notices-due',
    text: `select d.notice_id as id from notice_due d join notice n on n.id = d.notice_id join contact c on c.case_id = n.case_id
      where d.due_at <= $1 order by d.due_at limit $2 for update of d skip locked`,
    values: [now, limit],
  });
  return loadNotices(
    tx,
    due.map(({ id }) => id),
  );
}

/** Locked, in the order of their ids. */
export async function loadNotices(tx: Tx, ids: readonly string[]): Promise<WithContact[]> {
  if (ids.length === 0) return [];
  const rows = await tx.query<Row>({
    name: 'notices-lock',
    text: `select ${columns}, ${contactColumns} from notice n join contact c on c.case_id = n.case_id
      where n.id = any($1::uuid[]) order by n.id for update of n`,
    values: [ids],
  });
  return rows.map(split);
}

/** Writes back how far the notices are; keeps `notice_due` in step. */
export async function saveNotices(tx: Tx, notices: readonly Notice[]): Promise<void> {
  if (notices.length === 0) return;
  await tx.query({
    name: 'notices-save',
    text: `update notice set status = new.status, channel = new.channel, channel_tries = new.channel_tries, attempts = new.attempts,
        text = new.text, due_at = new.due_at, message_id = new.message_id, error = new.error, settled_at = new.settled_at
      from unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::int[], $6::text[], $7::timestamptz[], $8::text[], $9::text[], $10::timestamptz[])
        as new (id, status, channel, channel_tries, attempts, text, due_at, message_id, error, settled_at)
      where notice.id = new.id`,
    values: [
      notices.map((n) => n.id),
      notices.map((n) => n.status),
      notices.map((n) => n.channel),
      notices.map((n) => n.channelTries),
      notices.map((n) => n.attempts),
      notices.map((n) => n.text),
      notices.map((n) => n.dueAt),
      notices.map((n) => n.messageId),
      notices.map((n) => n.error),
      notices.map((n) => n.settledAt),
    ],
  });
  const due = notices.filter((n) => n.status === 'due');
  if (due.length > 0)
    await tx.query({
      name: 'notice-due-move',
      text: `update notice_due set due_at = new.due_at from unnest($1::uuid[], $2::timestamptz[]) as new (id, due_at) where notice_id = new.id`,
      values: [due.map((n) => n.id), due.map((n) => n.dueAt)],
    });
  const settled = notices.filter((n) => n.status !== 'due');
  if (settled.length > 0)
    await tx.query({
      name: 'notice-due-clear',
      text: `delete from notice_due where notice_id = any($1::uuid[])`,
      values: [settled.map((n) => n.id)],
    });
}

/** Before the call: the attempt is on record whatever happens next. Earlier ones without a result are from then on `unknown`. */
export async function insertAttempts(tx: Tx, attempts: readonly Attempt[], now: Date): Promise<void> {
  if (attempts.length === 0) return;
  const ids = attempts.map(({ notice }) => notice.id);
  await tx.query({
    name: 'attempts-lost',
    text: `update notice_attempt set result = 'unknown' where notice_id = any($1::uuid[]) and result is null`,
    values: [ids],
  });
  await tx.query({
    name: 'attempts-insert',
    text: `insert into notice_attempt (notice_id, n, channel, started_at)
      select *, $4 from unnest($1::uuid[], $2::int[], $3::text[])`,
    values: [ids, attempts.map(({ notice }) => notice.attempts), attempts.map(({ notice }) => notice.channel), now],
  });
}

export interface FinishedAttempt {
  noticeId: string;
  n: number;
  channel: Channel;
  result: string;
  ms: number;
  messageId: string | null;
}
/** The first answer to an attempt stays; one that came after the attempt counted as lost replaces `unknown`. */
export async function finishAttempts(tx: Tx, attempts: readonly FinishedAttempt[], now: Date): Promise<void> {
  if (attempts.length === 0) return;
  await tx.query({
    name: 'attempts-finish',
    text: `update notice_attempt a set finished_at = $6, result = new.result, ms = new.ms, message_id = new.message_id
      from unnest($1::uuid[], $2::int[], $3::text[], $4::int[], $5::text[]) as new (notice_id, n, result, ms, message_id)
      where a.notice_id = new.notice_id and a.n = new.n and a.finished_at is null`,
    values: [
      attempts.map((a) => a.noticeId),
      attempts.map((a) => a.n),
      attempts.map((a) => a.result),
      attempts.map((a) => a.ms),
      attempts.map((a) => a.messageId),
      now,
    ],
  });
}
