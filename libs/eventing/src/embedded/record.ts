import type { LogRecord } from '../log.js';

/** A stored message as the queries return it. */
export interface RecordRow {
  topic: string;
  topic_id: number;
  partition: number;
  log_offset: string;
  key: Buffer | null;
  headers: Buffer;
  value: Buffer;
  appended_at: Date;
}

export const recordOf = (row: RecordRow): LogRecord => ({
  topic: row.topic,
  partition: row.partition,
  offset: row.log_offset,
  key: row.key?.toString('utf8') ?? null,
  headers: JSON.parse(row.headers.toString('utf8')) as Record<string, string>,
  value: row.value,
  appendedAt: row.appended_at,
});
