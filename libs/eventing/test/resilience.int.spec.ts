import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@lianban/testing/eventually';
import { createDatabase } from '@lianban/testing/postgres';
import { testEmbeddedLog } from '@lianban/testing/test-database';
import pg from 'pg';
import type { PartHealth } from '../src/eventing.js';
import { arm } from '../src/failpoints.js';
import { Cleanup, type Member, World } from './world.js';

const WAIT = { timeoutMs: 45_000 };
const LONG = 120_000;
const ids = Array.from({ length: 12 }, (_, n) => `case-${n}`);

describe('eventing', () => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  const world = async (): Promise<World> => World.create(`${await testEmbeddedLog()}?leaseMs=2000`, cleanup);
  const partOf = async ({ eventing }: Member, name: string): Promise<PartHealth | undefined> =>
    (await eventing.health()).parts.find((part) => part.name === name);
  const databaseOf = (url: string): string => new URL(url).pathname.slice(1);

  /** Ends every connection to these databases, as a restart of the server would. */
  const cut = async (w: World, ...urls: string[]): Promise<void> => {
    const admin = new pg.Client({ connectionString: w.readerDb.adminUrl });
    await admin.connect();
    await admin.query({
      text: `select pg_terminate_backend(pid) from pg_stat_activity where datname = any($1::text[])`,
      values: [urls.map(databaseOf)],
    });
    await admin.end();
  };
  /** Publishes like a caller that tries again until it is acknowledged. */
  const insist = async (w: World, publisher: Member, caseId: string, n: number): Promise<void> =>
    void (await eventually(async () => {
      await w.publish(publisher, [{ caseId, n }]);
      return true;
    }, WAIT));

  it(
    'survives that all connections of services and log break, several times under load',
    async () => {
      const w = await world();
      const publisher = await w.publisher();
      await w.reader();
      for (let n = 1; n <= 8; n++) {
        for (const caseId of ids) await insist(w, publisher, caseId, n);
        if (n % 2 === 0) await cut(w, w.logUrl, w.publisherDb.databaseUrl, w.readerDb.databaseUrl);
      }
      const applied = await eventually(async () => {
        const rows = await w.applied();
        return new Set(rows.map((row) => `${row.case_id} ${row.n}`)).size === 96 && rows;
      }, WAIT);
      for (const caseId of ids) {
        // A commit whose answer was lost was written twice by its caller; nothing else may repeat.
        const ns = applied.filter((row) => row.case_id === caseId).map((row) => row.n);
        expect(ns).toEqual([...ns].sort((a, b) => a - b));
      }
      const seqs = applied.map((row) => `${row.topic} ${row.case_id} ${row.seq}`);
      expect(new Set(seqs).size).toBe(seqs.length);
    },
    LONG,
  );

  it(
    'starts and takes events while the log is away, says so, and sends everything in order when it is there',
    async () => {
      const known = await world();
      const name = `log_${randomBytes(6).toString('hex')}`;
      const password = randomBytes(9).toString('hex');
      const url = new URL(known.readerDb.adminUrl);
      url.username = name;
      url.password = password;
      url.pathname = `/${name}`;
      const w = await World.create(url.toString(), cleanup);
      const publisher = await w.publisher();
      const reader = await w.reader();
      for (const n of [1, 2, 3])
        await w.publish(
          publisher,
          ids.map((caseId) => ({ caseId, n })),
        );
      await eventually(async () => (await publisher.eventing.health()).oldestUnsentMs > 500, WAIT);
      expect(await partOf(publisher, 'relay')).toMatchObject({
        ok: false,
        detail: expect.stringContaining('cannot send'),
      });
      expect(await partOf(publisher, 'log')).toMatchObject({ ok: false });
      await createDatabase(known.readerDb.adminUrl, name, password);
      const applied = await eventually(async () => {
        const rows = await w.applied();
        return rows.length >= 36 && rows;
      }, WAIT);
      for (const caseId of ids) {
        expect(applied.filter((row) => row.case_id === caseId).map((row) => row.n)).toEqual([1, 2, 3]);
      }
      await eventually(async () => {
        const parts = [...(await publisher.eventing.health()).parts, ...(await reader.eventing.health()).parts];
        return parts.every(({ ok }) => ok) && (await publisher.eventing.health()).oldestUnsentMs === 0;
      }, WAIT);
    },
    LONG,
  );

  it(
    'a consumer that hangs joins anew by itself; one that goes on hanging is called lost',
    async () => {
      const w = await world();
      const publisher = await w.publisher();
      let hang = true;
      let release: () => void = () => undefined;
      const hanging = new Promise<void>((resolve) => (release = resolve));
      cleanup.add(() => release());
      cleanup.add(
        arm('embedded.before-fetch', async (member) => {
          if (member === 'hanging' && hang) await hanging;
        }),
      );
      const reader = await w.reader({ instance: 'hanging', watch: { everyMs: 100, stalledMs: 500, fatalMs: 2_500 } });
      await w.publish(
        publisher,
        ids.map((caseId) => ({ caseId, n: 1 })),
      );
      await eventually(async () => {
        const part = await partOf(reader, 'consumer');
        return part?.ok === false && part.fatal !== true && part.detail.includes('restarted');
      }, WAIT);
      await eventually(async () => (await partOf(reader, 'consumer'))?.fatal === true, WAIT);
      hang = false;
      await eventually(async () => (await w.applied()).length === 12, WAIT);
      await eventually(async () => (await partOf(reader, 'consumer'))?.ok === true, WAIT);
      expect((await partOf(reader, 'consumer'))?.fatal).toBeUndefined();
    },
    LONG,
  );

  it('says why it cannot apply, and goes on when the cause is gone', async () => {
    const w = await world();
    const publisher = await w.publisher();
    const reader = await w.reader();
    w.refused.set(2, Object.assign(new Error('could not extend file: No space left on device'), { code: '53100' }));
    await w.publish(
      publisher,
      ids.map((caseId) => ({ caseId, n: 1 })),
      [{ caseId: 'case-1', n: 2 }],
    );
    const part = await eventually(async () => {
      const consumer = await partOf(reader, 'consumer');
      return consumer?.ok === false && consumer;
    }, WAIT);
    expect(part.detail).toContain('No space left on device');
    w.refused.clear();
    await eventually(async () => (await w.applied()).length === 13 && (await partOf(reader, 'consumer'))?.ok, WAIT);
    expect((await reader.eventing.parked.list({ limit: 1, offset: 0 })).total).toBe(0);
  });

  it('a stop sends what is committed before it ends', async () => {
    const w = await world();
    const publisher = await w.publisher();
    await eventually(async () => (await partOf(publisher, 'relay'))?.ok, WAIT);
    await w.publish(publisher, ...Array.from({ length: 40 }, (_, n) => ids.map((caseId) => ({ caseId, n }))));
    await publisher.stop();
    const pool = new pg.Pool({ connectionString: w.publisherDb.databaseUrl, max: 1 });
    const { rows } = await pool.query('select 1 from outbox_lane where next_seq > published_seq + 1');
    await pool.end();
    expect(rows).toEqual([]);
  });
});
