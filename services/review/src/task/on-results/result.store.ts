import { createHash } from 'node:crypto';
import type { Tx } from '@lianban/eventing/database';
import type { OutsideMessage } from '@lianban/eventing/envelope';
import type { CodedError } from '@lianban/service-kit/errors';

/** How much of a refused message is kept, in bytes: all of what could be a decision, the beginning of what is too large. */
const KEPT_BYTES = 64 * 1024;

/** What became of a message. `answeredTo`: the locality whose feed carries the answer; null where there is none to be told. */
export interface Answer {
  message: OutsideMessage;
  taskId: string | null;
  answeredTo: string | null;
  error: CodedError | null;
}

const keys = (messages: readonly OutsideMessage[]): unknown[] => [
  messages.map((m) => m.partition),
  messages.map((m) => m.offset),
  messages.map((m) => m.appendedAt),
];
const keyArrays = '$1::int[], $2::bigint[], $3::timestamptz[]';

/**
 * The messages that have no answer yet, now taken by this transaction: another instance that reads them too waits for its end.
 * @idempotent by partition, offset and the time the log took the message in.
 */
export async function takeUnanswered(
  tx: Tx,
  messages: readonly OutsideMessage[],
  now: Date,
): Promise<OutsideMessage[]> {
  const rows = await tx.query<{ partition: number; offset: string }>({
    name: 'results-take',
    text: `insert into result_message (partition, log_offset, appended_at, recorded_at)
      select *, $4::timestamptz from unnest(${keyArrays}) as message (partition, log_offset, appended_at) order by 1, 2, 3
      on conflict do nothing returning partition, log_offset::text as "offset"`,
    values: [...keys(messages), now],
  });
  const taken = new Set(rows.map(({ partition, offset }) => `${partition}/${offset}`));
  return messages.filter(({ partition, offset }) => taken.has(`${partition}/${offset}`));
}

/** Notes the answers, and keeps what was sent where it was refused. */
export async function recordAnswers(
  tx: Tx,
  verdicts: readonly (Answer & { actor: { subject: string; locality?: string } | null })[],
  now: Date,
): Promise<void> {
  if (verdicts.length === 0) return;
  await tx.query({
    name: 'results-answered',
    text: `update result_message set task_id = answer.task_id, answered_to = answer.answered_to, code = answer.code
        from unnest(${keyArrays}, $4::text[], $5::text[], $6::text[]) as answer (partition, log_offset, appended_at, task_id, answered_to, code)
       where (result_message.partition, result_message.log_offset, result_message.appended_at) = (answer.partition, answer.log_offset, answer.appended_at)`,
    values: [
      ...keys(verdicts.map(({ message }) => message)),
      verdicts.map((v) => v.taskId),
      verdicts.map((v) => v.answeredTo),
      verdicts.map((v) => v.error?.code ?? null),
    ],
  });
  const refused = verdicts.flatMap((v) => (v.error ? [{ ...v, error: v.error }] : []));
  if (refused.length === 0) return;
  await tx.query({
    name: 'results-rejected',
    text: `insert into rejected_result (partition, log_offset, appended_at, code, findings, subject, locality, message_key, size, sha256, head, recorded_at)
      select *, $12::timestamptz from unnest(${keyArrays}, $4::text[], $5::jsonb[], $6::text[], $7::text[], $8::text[], $9::int[], $10::text[], $11::bytea[])`,
    values: [
      ...keys(refused.map(({ message }) => message)),
      refused.map((r) => r.error.code),
      refused.map((r) => JSON.stringify(r.error.findings)),
      refused.map((r) => r.actor?.subject ?? null),
      refused.map((r) => r.actor?.locality ?? null),
      refused.map((r) => storable(r.message.key)),
      refused.map((r) => r.message.value.length),
      refused.map((r) => createHash('sha256').update(r.message.value).digest('hex')),
      refused.map((r) => r.message.value.subarray(0, KEPT_BYTES)),
      now,
    ],
  });
}

/** A sender chooses the key; a text column cannot hold U+0000. */
const storable = (key: string | null): string | null => key?.slice(0, 200).replaceAll('\0', '') ?? null;
