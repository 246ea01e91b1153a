/** Repair of poison messages: replay or discard, with reason and actor, then the queue of the case (ADR 3). */
import { NotFoundException } from '@nestjs/common';
import type { MessageHandler } from '@nestjs/microservices';
import type { BatchConsumer } from './batch-consumer.js';
import type { Database, Tx } from './database.js';
import type { DeadLetter, ParkedCases } from './eventing.js';
import { textOf } from './logger.js';
import { plainText, recordOf, storeDeadLetter, type StoredMessage } from './parked.store.js';
import { countPending, truncatePending } from './pending.js';
import { isTransient } from './pg-errors.js';

interface LetterRow extends StoredMessage {
  id: string;
  case_id: string | null;
  state: DeadLetter['state'];
}
interface Repair {
  actor: string;
  reason: string;
}

/** Queued events applied per repair; what is left stays parked behind its own first message. */
const QUEUE_LIMIT = 10_000;

export class ParkedMessages implements ParkedCases {
  constructor(
    private readonly database: Database,
    private readonly consumer: BatchConsumer,
    private readonly handlerOf: (topic: string) => MessageHandler | null,
    private readonly clock: () => Date,
  ) {}

  /** Newest first. */
  async list({ limit, offset }: { limit: number; offset: number }): Promise<{ items: DeadLetter[]; total: number }> {
    const items = await this.database.query<DeadLetter>({
      text: `select d.id, d.topic, d.partition, d.log_offset as "offset", d.case_id as "caseId", d.type, d.error, d.attempts, d.state,
                    case when p.case_id is null then 0
                         else (select count(*) from parked_event e where e.case_id = p.case_id) end::int as queued,
                    d.stored_at as "storedAt"
               from dead_letter d left join parked_case p on p.dead_letter_id = d.id
              order by d.stored_at desc, d.id desc limit $1 offset $2`,
      values: [limit, offset],
    });
    const [row] = await this.database.query<{ total: number }>({
      text: 'select count(*)::int as total from dead_letter',
    });
    return { items, total: row?.total ?? 0 };
  }

  async count(): Promise<number> {
    const [row] = await this.database.query<{ n: number }>({
      name: 'parked-count',
      text: 'select count(*)::int as n from parked_case',
    });
    return row?.n ?? 0;
  }

  /** @idempotent by the state of the message: one that was replayed or discarded is not applied again. */
  async replay(id: string, repair: Repair): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const letter = await this.lock(tx, id);
      if (letter.state !== 'open') return letter.state === 'replayed';
      const failure = await this.tryOne(tx, letter);
      if (failure !== undefined) {
        await this.write(tx, id, 'open', { ...repair, action: 'replay', error: failure });
        return false;
      }
      await this.write(tx, id, 'replayed', { ...repair, action: 'replay' });
      await this.release(tx, letter);
      return true;
    });
  }

  /** @idempotent like `replay`. */
  async discard(id: string, repair: Repair): Promise<void> {
    await this.database.transaction(async (tx) => {
      const letter = await this.lock(tx, id);
      if (letter.state !== 'open') return;
      await this.write(tx, id, 'discarded', { ...repair, action: 'discard' });
      await this.release(tx, letter);
    });
  }

  /** Locks the case first, then its message, as the consumer does. */
  private async lock(tx: Tx, id: string): Promise<LetterRow> {
    await tx.query({
      text: 'select 1 from parked_case where dead_letter_id::text = $1 for update',
      values: [id],
    });
    const [row] = await tx.query<LetterRow>({
      text: `select id, topic, partition, log_offset, key, headers, value, appended_at, case_id, state
               from dead_letter where id::text = $1 for update`,
      values: [id],
    });
    if (!row) throw new NotFoundException('there is no such message');
    return row;
  }

  /** Applies one message inside a savepoint. Resolves to what is wrong with it; errors of the database itself are thrown. */
  private async tryOne(tx: Tx, message: StoredMessage): Promise<string | undefined> {
    const parsed = this.consumer.parse(recordOf(message));
    if (parsed.kind === 'poison') return parsed.error;
    if (parsed.kind === 'unlisted') return undefined;
    const pending = countPending(tx);
    await tx.query({ text: 'savepoint one_message' });
    try {
      await this.consumer.callHandlers([parsed], this.handlerOf, { tx, now: this.clock() });
      await tx.query({ text: 'release savepoint one_message' });
      return undefined;
    } catch (error) {
      if (isTransient(error)) throw error;
      await tx.query({ text: 'rollback to savepoint one_message' });
      truncatePending(tx, pending);
      return textOf(error);
    }
  }

  /** Applies what queued up behind the message. One that fails becomes the case's next poison message, with the rest behind it. */
  private async release(tx: Tx, letter: LetterRow): Promise<void> {
    const caseId = letter.case_id;
    if (caseId === null) return;
    const unparked = await tx.query({
      text: 'delete from parked_case where case_id = $1 and dead_letter_id = $2 returning 1',
      values: [caseId, letter.id],
    });
    // Parked behind another message.
    if (unparked.length === 0) return;
    const queue = await tx.query<StoredMessage & { position: string }>({
      text: `select position, topic, partition, log_offset, key, headers, value, appended_at
               from parked_event where case_id = $1 order by position limit $2`,
      values: [caseId, QUEUE_LIMIT + 1],
    });
    for (const [n, message] of queue.entries()) {
      const failure =
        n === QUEUE_LIMIT ? 'the queue was too long for one repair; go on here' : await this.tryOne(tx, message);
      await tx.query({
        name: 'parked-dequeue',
        text: 'delete from parked_event where case_id = $1 and position = $2',
        values: [caseId, message.position],
      });
      if (failure === undefined) continue;
      const record = recordOf(message);
      const type = Object.hasOwn(record.headers, 'ce_type') ? record.headers.ce_type : undefined;
      const stored = await storeDeadLetter(tx, { record, caseId, type, error: failure, attempts: 1 });
      if (stored !== undefined) return;
    }
  }

  private async write(
    tx: Tx,
    id: string,
    state: DeadLetter['state'],
    entry: Repair & { action: string; error?: string },
  ): Promise<void> {
    const plain = (text: string): string => plainText(text, 1_000);
    const audit = {
      at: this.clock().toISOString(),
      action: entry.action,
      actor: plain(entry.actor),
      reason: plain(entry.reason),
      ...(entry.error === undefined ? {} : { error: plain(entry.error) }),
    };
    await tx.query({
      text: `update dead_letter set state = $2, attempts = attempts + $3, error = coalesce($4, error), audit = audit || $5::jsonb where id = $1`,
      values: [
        id,
        state,
        entry.action === 'replay' ? 1 : 0,
        entry.error === undefined ? null : plainText(entry.error, 4_000),
        JSON.stringify([audit]),
      ],
    });
  }
}
