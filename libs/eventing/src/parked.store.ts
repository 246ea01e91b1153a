/** Tables of the poison messages and of the cases parked behind them. */
import { createHash } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { Tx } from './database.js';
import type { LogRecord } from './log.js';

export interface DeadLetterInput {
  record: LogRecord;
  caseId: string | undefined;
  type: string | undefined;
  error: string;
  attempts: number;
}

/** Which of the cases are parked; their rows stay locked, so that a replay and new arrivals cannot pass each other. */
export async function lockParked(tx: Tx, caseIds: readonly string[]): Promise<Set<string>> {
  if (caseIds.length === 0) return new Set();
  const rows = await tx.query<{ case_id: string }>({
    name: 'parked-lock',
    text: 'select case_id from parked_case where case_id = any($1::text[]) order by case_id for share',
    values: [[...new Set(caseIds)]],
  });
  return new Set(rows.map((row) => row.case_id));
}

/** Stores a poison message and parks its case. @idempotent by place and content of the message: undefined when it is stored already. */
export async function storeDeadLetter(tx: Tx, letter: DeadLetterInput): Promise<string | undefined> {
  const { record, caseId } = letter;
  const id = uuidv7();
  const inserted = await tx.query({
    name: 'dead-letter-store',
    text: `insert into dead_letter (id, topic, partition, log_offset, key, headers, value, digest, appended_at, case_id, type, error, attempts)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict do nothing returning id`,
    values: [
      id,
      record.topic,
      record.partition,
      record.offset,
      ...messageValues(record),
      createHash('sha256').update(record.value).digest(),
      record.appendedAt,
      caseId ?? null,
      letter.type === undefined ? null : plainText(letter.type, 200),
      plainText(letter.error, 4_000),
      letter.attempts,
    ],
  });
  if (inserted.length === 0) return undefined;
  if (caseId !== undefined) {
    await tx.query({
      name: 'case-park',
      text: 'insert into parked_case (case_id, dead_letter_id) values ($1, $2) on conflict do nothing',
      values: [caseId, id],
    });
  }
  return id;
}

/** Later events of parked cases, in order. */
export async function queueParked(tx: Tx, queue: readonly { caseId: string; record: LogRecord }[]): Promise<void> {
  for (const { caseId, record } of queue) {
    await tx.query({
      name: 'parked-queue',
      text: `insert into parked_event (case_id, topic, partition, log_offset, key, headers, value, appended_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      values: [caseId, record.topic, record.partition, record.offset, ...messageValues(record), record.appendedAt],
    });
  }
}

/** A stored message as it came from the log. */
export interface StoredMessage {
  topic: string;
  partition: number;
  log_offset: string;
  key: Buffer | null;
  headers: Buffer;
  value: Buffer;
  appended_at: Date;
}

export const recordOf = (row: StoredMessage): LogRecord => ({
  topic: row.topic,
  partition: row.partition,
  offset: row.log_offset,
  key: row.key?.toString('utf8') ?? null,
  headers: JSON.parse(row.headers.toString('utf8')) as Record<string, string>,
  value: row.value,
  appendedAt: row.appended_at,
});

const messageValues = (record: LogRecord): [Buffer | null, Buffer, Buffer] => [
  record.key === null ? null : Buffer.from(record.key, 'utf8'),
  Buffer.from(JSON.stringify(record.headers), 'utf8'),
  record.value,
];

/** Text that PostgreSQL takes: no null characters, no halves of surrogate pairs. */
export const plainText = (text: string, length: number): string =>
  Buffer.from(text.slice(0, length), 'utf8').toString('utf8').replaceAll('\0', '\uFFFD');
