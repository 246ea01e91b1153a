import type { Actor } from '@lianban/access/actor';
import { may } from '@lianban/access/policy';
import type { Database } from '@lianban/eventing/database';
import { noticeNotFound } from '../notice.errors.js';
import type { Channel, NoticeStatus } from '../notice.js';
import { maskedRecipient } from '../send-due-notices/send-due-notices.js';

/** A notice as the receiving place sees it; `recipient` is masked. `channel` is null until the first attempt. */
export interface NoticeView {
  id: string;
  caseId: string;
  caseNo: string;
  template: string;
  round: string;
  status: NoticeStatus;
  channel: Channel | null;
  recipient: string;
  attempts: number;
  error: string | null;
  dueAt: Date | null;
  createdAt: Date;
  settledAt: Date | null;
}
/** `result`: `ok`, a code, `unknown` where no answer was ever seen, null while it runs. `ms`: how long the provider took. */
export interface AttemptView {
  n: number;
  channel: Channel;
  startedAt: Date;
  finishedAt: Date | null;
  result: string | null;
  ms: number | null;
  messageId: string | null;
}
export interface NoticeFile extends NoticeView {
  text: string | null;
  history: AttemptView[];
}

export type NoticeRow = Omit<NoticeView, 'recipient'> & { phone: string; email: string | null };
export const noticeColumns = `n.id, n.case_id as "caseId", c.case_no as "caseNo", n.template, n.round, n.status, n.channel, n.attempts, n.error,
  n.due_at as "dueAt", n.created_at as "createdAt", n.settled_at as "settledAt", c.phone, c.email`;
export const noticeTables = `notice n join contact c on c.case_id = n.case_id`;

export const toView = ({ phone, email, ...row }: NoticeRow): NoticeView => ({
  ...row,
  recipient: maskedRecipient(row.channel ?? (phone ? 'sms' : 'email'), { phone, email }),
});

/** The notice, if there is one and the actor may read it; otherwise `notice.not-found`. */
export async function getReadableNotice(database: Database, actor: Actor, id: string): Promise<NoticeFile> {
  const [row] = await database.query<NoticeRow & { locality: string; text: string | null }>({
    name: 'notice-view',
    text: `select ${noticeColumns}, c.locality, n.text from ${noticeTables} where n.id = $1`,
    values: [id],
  });
  if (!row || !may(actor, 'notice.read', { localities: [row.locality] })) throw noticeNotFound();
  const history = await database.query<AttemptView>({
    name: 'notice-attempts',
    text: `select n, channel, started_at as "startedAt", finished_at as "finishedAt", result, ms, message_id as "messageId"
      from notice_attempt where notice_id = $1 order by n`,
    values: [id],
  });
  const { locality: _, text, ...notice } = row;
  return { ...toView(notice), text, history };
}
