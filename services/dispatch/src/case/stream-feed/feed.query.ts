import type { Database } from '@lianban/eventing/database';
import type { CaseChanged } from '@lianban/contracts-dispatch/events';

/** `transaction.position`: where a reader of the feed stands. */
type FeedCursor = string;
type FeedRow = CaseChanged & { cursor: FeedCursor };

const PAGE = 200;
/** Beyond these the database could not read the cursor. */
const LARGEST = { tx: 2n ** 64n - 1n, position: 2n ** 63n - 1n };

export const readFeed = {
  /** The cursor a client sends back, if it is one. */
  cursorFrom(text: string | undefined): FeedCursor | undefined {
    const [, tx, position] = /^(\d{1,20})\.(\d{1,20})$/.exec(text ?? '') ?? [];
    if (tx === undefined || position === undefined) return undefined;
    return BigInt(tx) <= LARGEST.tx && BigInt(position) <= LARGEST.position ? `${tx}.${position}` : undefined;
  },

  /** Just before the oldest transaction that may still add entries. */
  async end(database: Database): Promise<FeedCursor> {
    const [row] = await database.query<{ cursor: string }>({
      name: 'feed-end',
      text: `select (pg_snapshot_xmin(pg_current_snapshot())::text::numeric - 1)::text || '.${LARGEST.position}' as cursor`,
    });
    return row!.cursor;
  },

  /**
   * Entries whose transaction is older than every running one, in commit-safe order: what is read here is never overtaken.
   * `locality`: only cases it is a party of; null: all.
   */
  async after(
    database: Database,
    cursor: FeedCursor,
    locality: string | null,
  ): Promise<{ rows: FeedRow[]; cursor: FeedCursor }> {
    const [tx, position] = cursor.split('.');
    // Taken before the read: whatever lies before it is seen by the read. It spares a confined reader the others' entries next time.
    const end = locality === null ? cursor : await readFeed.end(database);
    const rows = await database.query<FeedRow>({
      name: 'feed-after',
      text: `select t.tx::text || '.' || t.position as cursor, c.case_no as "caseNo", t.n, c.item, c.receiving_locality as "receivingLocality",
                    t.change, t.status, t.step, t.body->'locality' as locality, t.at
               from case_timeline t join joint_case c on c.id = t.case_id
              where (t.tx, t.position) > ($1::xid8, $2::bigint) and t.tx < pg_snapshot_xmin(pg_current_snapshot())
                and ($3::text is null or c.localities @> array[$3::text])
              order by t.tx, t.position limit ${PAGE}`,
      values: [tx, position, locality],
    });
    const last = rows.at(-1)?.cursor ?? cursor;
    return { rows, cursor: rows.length < PAGE && isBefore(last, end) ? end : last };
  },
};

function isBefore(one: FeedCursor, other: FeedCursor): boolean {
  const [[tx, position], [otherTx, otherPosition]] = [one, other].map((cursor) => cursor.split('.').map(BigInt)) as [
    [bigint, bigint],
    [bigint, bigint],
  ];
  return tx < otherTx || (tx === otherTx && position < otherPosition);
}
