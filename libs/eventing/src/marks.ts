/** How far each stream was applied here. Moved by compare-and-set in the transaction of the effects: that is the whole de-duplication. */
import type { Database, Tx } from './database.js';
import type { PartitionOf } from './log.js';

/** `seq` as decimal text: number of the event, or for outside topics (`source` empty) the offset. */
export interface Mark extends PartitionOf {
  source: string;
  seq: string;
  at: Date;
}
/** `expected`: what the mark must be for the move to hold; null when there must be none. */
export interface MarkMove extends Mark {
  expected: string | null;
}

/** Another member has applied some of these messages: roll back and look again. */
export class MarksMoved extends Error {
  override readonly name = 'MarksMoved';
  constructor() {
    super('a mark was moved by another member');
  }
}

/** A cache of the marks: stale entries are harmless, since a move from them does not hold. */
export class Marks {
  private readonly known = new Map<string, Mark>();
  private readonly loaded = new Set<string>();

  constructor(private readonly database: Database) {}

  async load(partitions: readonly PartitionOf[]): Promise<void> {
    const missing = partitions.filter((of) => !this.loaded.has(`${of.topic} ${of.partition}`));
    if (missing.length === 0) return;
    const rows = await this.database.query<Mark>({
      name: 'marks-load',
      text: `select source, topic, partition, last_seq as seq, last_at as at from consumer_mark
              where (topic, partition) in (select * from unnest($1::text[], $2::int[]))`,
      values: [missing.map((of) => of.topic), missing.map((of) => of.partition)],
    });
    for (const row of rows) this.known.set(key(row.source, row.topic, row.partition), row);
    for (const of of missing) this.loaded.add(`${of.topic} ${of.partition}`);
  }

  get(source: string, topic: string, partition: number): Mark | undefined {
    return this.known.get(key(source, topic, partition));
  }

  /** Throws `MarksMoved` when one of them is not where it was expected. */
  async advance(tx: Tx, moves: readonly MarkMove[]): Promise<void> {
    if (moves.length === 0) return;
    const [row] = await tx.query<{ moved: number }>({
      name: 'marks-advance',
      text: `with move(source, topic, partition, expected, seq, at) as (
               select * from unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::timestamptz[])
             ), updated as (
               update consumer_mark m set last_seq = move.seq, last_at = move.at from move
                where m.source = move.source and m.topic = move.topic and m.partition = move.partition and m.last_seq = move.expected
               returning 1
             ), inserted as (
               insert into consumer_mark (source, topic, partition, last_seq, last_at)
               select source, topic, partition, seq, at from move where expected is null
               on conflict do nothing returning 1
             )
             select ((select count(*) from updated) + (select count(*) from inserted))::int as moved`,
      values: [
        moves.map((move) => move.source),
        moves.map((move) => move.topic),
        moves.map((move) => move.partition),
        moves.map((move) => move.expected),
        moves.map((move) => move.seq),
        moves.map((move) => move.at),
      ],
    });
    if (row?.moved !== moves.length) throw new MarksMoved();
  }

  /** After COMMIT. */
  remember(moves: readonly MarkMove[]): void {
    for (const { expected: _, ...mark } of moves) this.known.set(key(mark.source, mark.topic, mark.partition), mark);
  }

  forget(): void {
    this.known.clear();
    this.loaded.clear();
  }
}

const key = (source: string, topic: string, partition: number): string => `${source} ${topic} ${partition}`;
