/** Events appended to a running transaction and not yet written. */
import type { Tx } from './database.js';

/** An event as the outbox stores it, but for its number. `headers` and `payload` are JSON. */
export interface PendingEvent {
  stream: string;
  lane: number;
  topic: string;
  key: string;
  headers: string;
  payload: string;
}

const pending = new WeakMap<Tx, PendingEvent[]>();

export const openPending = (tx: Tx): void => {
  pending.set(tx, []);
};
export const discardPending = (tx: Tx): void => {
  pending.delete(tx);
};

export function addPending(tx: Tx, events: readonly PendingEvent[]): void {
  const list = pending.get(tx);
  if (!list) throw new Error('append() takes a running transaction of Database.transaction()');
  for (const event of events) list.push(event);
}

/** How many events wait; `truncatePending` goes back to that number after a savepoint was rolled back. */
export const countPending = (tx: Tx): number => pending.get(tx)?.length ?? 0;
export function truncatePending(tx: Tx, count: number): void {
  const list = pending.get(tx);
  if (list) list.length = count;
}

/**
 * Numbers and writes the events: one call, which locks the lane rows in ascending order of (stream, lane). Lanes stay locked until COMMIT, so
 * commit order is number order within a lane, and a rollback returns the numbers. Resolves to how many there were.
 */
export async function flushPending(tx: Tx): Promise<number> {
  const events = pending.get(tx) ?? [];
  if (events.length === 0) return 0;
  await tx.query({
    name: 'outbox-append',
    text: 'select outbox_append($1::text[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::text[])',
    values: [
      events.map((event) => event.stream),
      events.map((event) => event.lane),
      events.map((event) => event.topic),
      events.map((event) => event.key),
      events.map((event) => event.headers),
      events.map((event) => event.payload),
    ],
  });
  const count = events.length;
  events.length = 0;
  return count;
}
