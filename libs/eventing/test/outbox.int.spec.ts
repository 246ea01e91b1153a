import { afterEach, describe, expect, it } from '@jest/globals';
import { testDatabase } from '@lianban/testing/test-database';
import pg from 'pg';
import { defineEvent, defineStream } from '../src/contract.js';
import { Database } from '../src/database.js';
import { arm } from '../src/failpoints.js';
import { laneOf } from '../src/lane.js';
import { append, MAX_EVENT_BYTES, type NewEvent, newEvent } from '../src/outbox.js';
import { rotateRing } from '../src/relay.js';
import { Cleanup, migrate } from './world.js';

const stream = defineStream({ name: 'test.thing', service: 'test', topic: 'test.thing.v1' });
const happened = defineEvent({
  type: 'test.thing.happened',
  version: 1,
  stream,
  schema: {
    type: 'object',
    properties: { n: { type: 'integer' }, text: { type: 'string' } },
    required: ['n'],
    additionalProperties: false,
  } as const,
  example: { n: 1 },
});
const event = (caseId: string, n = 1): NewEvent => newEvent(happened, { caseId, data: { n } });
const ids = Array.from({ length: 24 }, (_, n) => `case-${n}`);

describe('outbox', () => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  const open = async () => {
    const test = await testDatabase((url) => migrate(url, 'create table thing (id text primary key, n int)'));
    cleanup.add(() => test.drop());
    const pool = new pg.Pool({ connectionString: test.databaseUrl, max: 20 });
    pool.on('error', () => undefined);
    cleanup.add(() => pool.end());
    return { pool, database: new Database(pool) };
  };
  const rowsOf = async (pool: pg.Pool) =>
    (
      await pool.query<{
        stream: string;
        lane: number;
        seq: number;
        key: string;
        n: number;
        xid: number;
        ring: number;
      }>(
        [0, 1, 2, 3]
          .map(
            (n) => `select stream, lane, seq::int, key, (payload::json->>'n')::int as n, ${n} as ring from outbox_${n}`,
          )
          .join(' union all ') + ' order by stream, lane, seq',
      )
    ).rows;

  it('numbers each lane from 1 without a gap, also when transactions run at the same time and some are rolled back', async () => {
    const { pool, database } = await open();
    await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        database
          .transaction(async (tx) => {
            append(tx, [event(ids[n % 24]!, n), event(ids[(n * 7) % 24]!, n), event(ids[(n * 5 + 3) % 24]!, n)]);
            await tx.query({ text: 'select 1' });
            if (n % 3 === 0) throw new Error('given up');
          })
          .catch(() => undefined),
      ),
    );
    const rows = await rowsOf(pool);
    expect(rows).toHaveLength(3 * 133);
    for (let lane = 0; lane < 8; lane++) {
      const seqs = rows.filter((row) => row.lane === lane).map((row) => row.seq);
      expect(seqs).toEqual(seqs.map((_, i) => i + 1));
    }
    for (const row of rows) expect(row.lane).toBe(laneOf(row.key));
  });

  it('shows a number only when all lower ones of its lane are visible', async () => {
    const { pool, database } = await open();
    let writing = true;
    const holes: string[] = [];
    const reader = (async () => {
      while (writing) {
        const seen = new Map<number, number>();
        for (const { lane, seq } of await rowsOf(pool)) {
          if (seq !== (seen.get(lane) ?? 0) + 1) holes.push(`${lane}:${seq} after ${seen.get(lane) ?? 0}`);
          seen.set(lane, seq);
        }
      }
    })();
    await Promise.all(
      Array.from({ length: 150 }, (_, n) =>
        database.transaction(async (tx) => {
          append(tx, [event(ids[n % 24]!, n), event(ids[(n + 11) % 24]!, n)]);
          await tx.query({ text: 'select pg_sleep($1)', values: [(n % 5) / 500] });
        }),
      ),
    );
    writing = false;
    await reader;
    expect(holes).toEqual([]);
  });

  it('transactions that take the same lanes in opposite order do not deadlock', async () => {
    const { pool, database } = await open();
    await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        database.transactionOnce(async (tx) => {
          append(
            tx,
            (n % 2 === 0 ? ids : [...ids].reverse()).map((caseId) => event(caseId, n)),
          );
        }),
      ),
    );
    expect(await rowsOf(pool)).toHaveLength(60 * 24);
  });

  it('keeps the order of append within a transaction', async () => {
    const { pool, database } = await open();
    await database.transaction(async (tx) => {
      append(tx, [event('case-1', 1)]);
      append(tx, [event('case-2', 2), event('case-1', 3)]);
    });
    const rows = (await rowsOf(pool)).filter((row) => row.key === 'case-1');
    expect(rows.map((row) => [row.seq, row.n])).toEqual([
      [1, 1],
      [2, 3],
    ]);
  });

  it('writes state and events together or not at all', async () => {
    const { pool, database } = await open();
    const disarm = arm('outbox.before-commit', () => {
      throw new Error('crashed');
    });
    cleanup.add(disarm);
    const work = async (): Promise<void> =>
      database.transaction(async (tx) => {
        await tx.query({ text: `insert into thing values ('a', 1)` });
        append(tx, [event('case-1')]);
      });
    await expect(work()).rejects.toThrow('crashed');
    expect((await pool.query('select * from thing')).rows).toEqual([]);
    expect(await rowsOf(pool)).toEqual([]);
    disarm();
    await work();
    expect((await pool.query('select * from thing')).rows).toHaveLength(1);
    expect((await rowsOf(pool)).map((row) => row.seq)).toEqual([1]);
  });

  it('refuses data that break the contract or are too large, and stores nothing of the transaction', async () => {
    const { pool, database } = await open();
    const attempt = (data: unknown) =>
      database.transaction(async (tx) => {
        await tx.query({ text: `insert into thing values ('a', 1)` });
        append(tx, [newEvent(happened, { caseId: 'c', data: data as { n: number } })]);
      });
    await expect(attempt({ n: 'one' })).rejects.toThrow(
      'test.thing.happened v1 breaks its contract: /n must be integer',
    );
    await expect(attempt({ n: 1, extra: true })).rejects.toThrow('must NOT have additional properties');
    await expect(attempt({ n: 1, text: 'x'.repeat(MAX_EVENT_BYTES) })).rejects.toThrow('more than the');
    expect((await pool.query('select * from thing')).rows).toEqual([]);
  });

  it('runs a transaction again after a deadlock, and tells the caller about every other error', async () => {
    const { pool, database } = await open();
    await pool.query(`insert into thing values ('a', 0), ('b', 0)`);
    let runs = 0;
    const first = new Set<string>();
    let bothHold: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (bothHold = resolve));
    const inOrder = (one: string, other: string) =>
      database.transaction(async (tx) => {
        runs++;
        await tx.query({ text: 'update thing set n = n + 1 where id = $1', values: [one] });
        first.add(one);
        if (first.size === 2) bothHold();
        await gate;
        await tx.query({ text: 'update thing set n = n + 1 where id = $1', values: [other] });
        append(tx, [event('case-1')]);
      });
    await Promise.all([inOrder('a', 'b'), inOrder('b', 'a')]);
    expect(runs).toBeGreaterThan(2);
    expect((await pool.query('select n from thing')).rows).toEqual([{ n: 2 }, { n: 2 }]);
    expect(await rowsOf(pool)).toHaveLength(2);
    let tries = 0;
    await expect(
      database.transaction(async (tx) => {
        tries++;
        await tx.query({ text: `insert into thing values ('a', 1)` });
      }),
    ).rejects.toMatchObject({ code: '23505' });
    expect(tries).toBe(1);
  });

  it('notices a failed query that the work has swallowed, instead of taking ROLLBACK for COMMIT', async () => {
    const { database } = await open();
    await expect(
      database.transaction(async (tx) => {
        await tx.query({ text: 'select 1 / 0' }).catch(() => undefined);
      }),
    ).rejects.toThrow('rolled back');
  });

  it('refuses queries and events after the end of the transaction', async () => {
    const { database } = await open();
    const tx = await database.transaction((running) => Promise.resolve(running));
    await expect(tx.query({ text: 'select 1' })).rejects.toThrow('has ended');
    expect(() => append(tx, [event('case-1')])).toThrow('running transaction');
  });

  it('survives the loss of a connection in mid-transaction', async () => {
    const { pool, database } = await open();
    await expect(
      database.transaction(async (tx) => {
        const [row] = await tx.query<{ pid: number }>({ text: 'select pg_backend_pid() as pid' });
        await pool.query({ text: 'select pg_terminate_backend($1)', values: [row!.pid] });
        append(tx, [event('case-1')]);
      }),
    ).rejects.toThrow();
    await database.transaction(async (tx) => append(tx, [event('case-1')]));
    expect((await rowsOf(pool)).map((row) => row.seq)).toEqual([1]);
  });

  it('turns the ring: empties a table only when all of it is sent and old, and loses nothing that is not', async () => {
    const { pool, database } = await open();
    const client = await pool.connect();
    cleanup.add(() => client.release());
    const write = (n: number) => database.transaction(async (tx) => append(tx, [event('case-1', n)]));
    const ring = async () =>
      (await pool.query<{ current: number }>('select current from outbox_ring')).rows[0]!.current;
    for (let n = 1; n <= 4; n++) {
      await write(n);
      expect(await ring()).toBe(n - 1);
      // The fourth turn would empty the first table, and its event is not sent.
      expect(await rotateRing(client, 0)).toBe(n < 4);
    }
    expect((await rowsOf(pool)).map((row) => [row.seq, row.ring])).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
      [4, 3],
    ]);
    await pool.query('update outbox_lane set published_seq = 1');
    // Sent, but young.
    expect(await rotateRing(client, 60_000)).toBe(false);
    expect(await rotateRing(client, 0)).toBe(true);
    expect((await rowsOf(pool)).map((row) => row.seq)).toEqual([2, 3, 4]);
    await write(5);
    expect((await rowsOf(pool)).map((row) => [row.seq, row.ring])).toEqual([
      [2, 1],
      [3, 2],
      [4, 3],
      [5, 0],
    ]);
  });

  it('refuses a database that would lose commits', async () => {
    const { pool, database } = await open();
    await database.assertDurable();
    const { options } = pool;
    const careless = new pg.Pool({ ...options, options: '-c synchronous_commit=off' });
    cleanup.add(() => careless.end());
    await expect(new Database(careless).assertDurable()).rejects.toThrow('synchronous_commit = off');
  });
});
