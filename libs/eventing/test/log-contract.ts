/** What every event log must do together with outbox, relay and consumer. Run once per log. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@lianban/testing/eventually';
import { headersOf } from '../src/envelope.js';
import { createEventLog } from '../src/event-log.js';
import { arm, type Failpoint } from '../src/failpoints.js';
import { laneOf } from '../src/lane.js';
import { createOutsideClient } from '../src/outside.js';
import { type Applied, Cleanup, type Member, World } from './world.js';

const WAIT = { timeoutMs: 45_000 };
/** Repair and watch look every 5 s. */
const LONG = 120_000;

/** A crash at a failpoint: the code behind it does not run, and whoever takes over knows nothing of it. */
const crash = (): never => {
  throw Object.assign(new Error('crashed'), { code: 'ECONNRESET' });
};

const cases = (count: number, prefix = 'case'): string[] => Array.from({ length: count }, (_, n) => `${prefix}-${n}`);
const rounds = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);
/** Case ids that share the lane of `of`, or that do not. */
const inLaneOf = (of: string, same: boolean): string =>
  cases(1_000, 'other').find((id) => (laneOf(id) === laneOf(of)) === same)!;

const ns = (applied: readonly Applied[], caseId: string): number[] =>
  applied.filter((row) => row.case_id === caseId).map((row) => row.n);

export function logContract(name: string, logUrl: () => Promise<string>): void {
  describe(name, () => {
    const cleanup = new Cleanup();
    const world = async (): Promise<World> => World.create(await logUrl(), cleanup);
    const armed = (point: Failpoint, action: Parameters<typeof arm>[1]): (() => void) => {
      const disarm = arm(point, action);
      cleanup.add(disarm);
      return disarm;
    };
    const all = (w: World, count: number, topic?: string) =>
      eventually(async () => {
        const applied = await w.applied(topic);
        return applied.length >= count && applied;
      }, WAIT);
    /** Sends one more event per lane and waits for it: whatever was to come before it has come. */
    const settle = async (w: World, publisher: Member): Promise<Applied[]> => {
      const marker = 1_000_000 + Math.floor(Math.random() * 1_000_000);
      await w.publish(
        publisher,
        cases(200, 'settle').map((caseId) => ({ caseId, n: marker })),
      );
      return eventually(async () => {
        const applied = await w.applied();
        return applied.filter((row) => row.n === marker).length >= 200 && applied.filter((row) => row.n < 1_000_000);
      }, WAIT);
    };

    afterEach(() => cleanup.run());

    it('applies the events of each case in order and every event once, however many transactions write at the same time', async () => {
      const w = await world();
      const publisher = await w.publisher();
      await w.reader();
      const ids = cases(40);
      await Promise.all(
        [0, 1, 2, 3].map(async (part) => {
          for (const n of rounds(10)) {
            // Several cases per transaction, so that transactions take several lanes.
            await w.publish(
              publisher,
              ids.filter((_, i) => i % 4 === part).map((caseId) => ({ caseId, n })),
            );
          }
        }),
      );
      await all(w, 400);
      const applied = await settle(w, publisher);
      expect(applied).toHaveLength(400);
      for (const caseId of ids) expect(ns(applied, caseId)).toEqual(rounds(10));
    });

    it('keeps the order of one lane over several cases, as the numbers say', async () => {
      const w = await world();
      const publisher = await w.publisher();
      await w.reader();
      await Promise.all(cases(30).map((caseId) => w.publish(publisher, ...rounds(4).map((n) => [{ caseId, n }]))));
      const applied = await all(w, 120);
      for (let lane = 0; lane < 8; lane++) {
        const seqs = applied.filter((row) => laneOf(row.case_id) === lane).map((row) => row.seq);
        expect(seqs).toEqual(rounds(seqs.length));
      }
    });

    const crashes: Failpoint[] = [
      'outbox.before-commit',
      'relay.before-send',
      'relay.after-send-before-mark',
      'consumer.before-commit',
      'consumer.after-commit-before-resolve',
    ];
    it.each(crashes)('loses and repeats nothing when something crashes at %s, again and again', async (point) => {
      const w = await world();
      const publisher = await w.publisher();
      await w.reader();
      let passes = 0;
      let crashed = 0;
      armed(point, () => {
        if (++passes % 2 === 1 && crashed < 6) {
          crashed++;
          crash();
        }
      });
      const ids = cases(12);
      let n = 0;
      await eventually(async () => {
        n++;
        for (const caseId of ids) {
          // A caller whose commit failed tries again until it is told that it worked; what it wrote before must be gone.
          await eventually(async () => {
            await w.publish(publisher, [{ caseId, n }]);
            return true;
          }, WAIT);
        }
        return crashed >= 6;
      }, WAIT);
      await all(w, 12 * n);
      const applied = await settle(w, publisher);
      for (const caseId of ids) expect(ns(applied, caseId)).toEqual(rounds(n));
    });

    it('goes on after a restart where it stopped, with what was published meanwhile', async () => {
      const w = await world();
      const publisher = await w.publisher();
      const first = await w.reader();
      await w.publish(
        publisher,
        cases(20).map((caseId) => ({ caseId, n: 1 })),
      );
      await all(w, 20);
      await first.stop();
      await w.publish(
        publisher,
        cases(20).map((caseId) => ({ caseId, n: 2 })),
      );
      await publisher.stop();
      const again = await w.publisher();
      await w.publish(
        again,
        cases(20).map((caseId) => ({ caseId, n: 3 })),
      );
      await w.reader();
      await all(w, 60);
      const applied = await settle(w, again);
      expect(applied).toHaveLength(60);
      for (const caseId of cases(20)) expect(ns(applied, caseId)).toEqual([1, 2, 3]);
    });

    it(
      'a graceful stop under load loses and repeats nothing',
      async () => {
        const w = await world();
        const publisher = await w.publisher();
        let reader = await w.reader();
        for (const n of rounds(3)) {
          await w.publish(publisher, ...cases(50).map((caseId) => [{ caseId, n }]));
          await reader.stop();
          reader = await w.reader();
        }
        await all(w, 150);
        const applied = await settle(w, publisher);
        for (const caseId of cases(50)) expect(ns(applied, caseId)).toEqual([1, 2, 3]);
      },
      LONG,
    );

    it(
      'shares partitions among members: each gets some, together they apply everything once and in order',
      async () => {
        const w = await world();
        const publisher = await w.publisher();
        await w.reader({ instance: 'a' });
        await w.publish(
          publisher,
          cases(40).map((caseId) => ({ caseId, n: 1 })),
        );
        await all(w, 40);
        await w.reader({ instance: 'b' });
        let n = 1;
        await eventually(async () => {
          n++;
          await w.publish(
            publisher,
            cases(40).map((caseId) => ({ caseId, n })),
          );
          const applied = await all(w, 40 * n);
          const last = applied.filter((row) => row.n === n);
          return new Set(last.map((row) => row.member)).size === 2;
        }, WAIT);
        const applied = await settle(w, publisher);
        for (const caseId of cases(40)) expect(ns(applied, caseId)).toEqual(rounds(n));
      },
      LONG,
    );

    it.each<Failpoint>(['consumer.before-begin', 'consumer.before-commit'])(
      'a member frozen at %s is relieved of its partitions, and when it wakes up its work is void',
      async (point) => {
        const w = await world();
        const publisher = await w.publisher();
        let wake: () => void = () => undefined;
        const frozen = new Promise<void>((resolve) => (wake = resolve));
        cleanup.add(() => wake());
        let asleep = false;
        armed(point, async (member) => {
          if (member !== 'sleeper') return;
          asleep = true;
          await frozen;
        });
        armed('embedded.before-heartbeat', async (member) => {
          if (member === 'sleeper' && asleep) await frozen;
        });
        await w.reader({ instance: 'sleeper' });
        await w.publish(
          publisher,
          cases(30).map((caseId) => ({ caseId, n: 1 })),
        );
        await eventually(() => asleep, WAIT);
        await w.reader({ instance: 'awake' });
        await w.publish(
          publisher,
          cases(30).map((caseId) => ({ caseId, n: 2 })),
        );
        const before = await all(w, 60);
        expect(new Set(before.map((row) => row.member))).toEqual(new Set(['awake']));
        wake();
        await settle(w, publisher);
        await w.publish(
          publisher,
          cases(30).map((caseId) => ({ caseId, n: 3 })),
        );
        await all(w, 290);
        const applied = await settle(w, publisher);
        for (const caseId of cases(30)) expect(ns(applied, caseId)).toEqual([1, 2, 3]);
      },
      LONG,
    );

    it('two relays on one database: one sends, and the other takes over when it is gone', async () => {
      const w = await world();
      const first = await w.publisher('first');
      const second = await w.publisher('second');
      const relayOf = async ({ eventing }: Member) =>
        (await eventing.health()).parts.find((part) => part.name === 'relay')!.detail;
      await eventually(
        async () => (await relayOf(first)) === 'sending' && (await relayOf(second)) === 'elsewhere',
        WAIT,
      );
      const senders = new Set<string>();
      armed('relay.before-send', (member) => {
        senders.add(member);
      });
      // Commits of the instance without the relay are sent as well.
      await w.publish(
        second,
        cases(20).map((caseId) => ({ caseId, n: 1 })),
      );
      await w.publish(
        first,
        cases(20).map((caseId) => ({ caseId, n: 2 })),
      );
      const log = createEventLog(w.logUrl, { clientId: 'test' });
      cleanup.add(() => log.close());
      const reader = await log.reader();
      const onLog = async (count: number) => {
        const seen: string[] = [];
        const after = new Map<number, string>();
        return eventually(async () => {
          for (const record of await reader.read(w.one.stream.topic!, after, { limit: 1_000, waitMs: 500 })) {
            after.set(record.partition, record.offset);
            seen.push(`${record.partition} ${record.headers.ce_seq}`);
          }
          return seen.length >= count && seen;
        }, WAIT);
      };
      expect(new Set(await onLog(40)).size).toBe(40);
      expect(senders).toEqual(new Set(['first']));
      await first.stop();
      await w.publish(
        second,
        cases(20).map((caseId) => ({ caseId, n: 3 })),
      );
      const seen = await onLog(60);
      expect(seen).toHaveLength(60);
      expect(new Set(seen).size).toBe(60);
      expect(senders).toEqual(new Set(['first', 'second']));
    });

    describe('poison', () => {
      it('is set aside with its case, the rest goes on, and replayed three times it has one effect', async () => {
        const w = await world();
        const publisher = await w.publisher();
        const reader = await w.reader();
        w.refused.set(13, new Error('cannot be'));
        const bad = 'case-5';
        const neighbour = inLaneOf(bad, true);
        await w.publish(
          publisher,
          ...rounds(3).map((n) => [...cases(20), neighbour].map((caseId) => ({ caseId, n }))),
          [{ caseId: bad, n: 13 }],
          [{ caseId: bad, n: 14 }],
          ...rounds(3).map((n) =>
            [...cases(20), neighbour].filter((id) => id !== bad).map((caseId) => ({ caseId, n: n + 3 })),
          ),
        );
        const applied = await settle(w, publisher);
        for (const caseId of [...cases(20), neighbour]) {
          expect(ns(applied, caseId)).toEqual(caseId === bad ? [1, 2, 3] : rounds(6));
        }
        // Order is kept within a topic: what another one brings queues when it comes after the poison.
        await w.publish(publisher, [{ caseId: bad, n: 15, of: w.two }]);
        const { parked } = reader.eventing;
        const { items, total } = await eventually(async () => {
          const list = await parked.list({ limit: 10, offset: 0 });
          return list.items[0]?.queued === 2 && list;
        }, WAIT);
        expect(total).toBe(1);
        expect(items[0]).toMatchObject({
          topic: w.one.stream.topic,
          partition: laneOf(bad),
          caseId: bad,
          type: w.one.type,
          error: 'cannot be',
          state: 'open',
          queued: 2,
        });
        const id = items[0]!.id;
        expect((await reader.eventing.health()).parkedCases).toBe(1);

        expect(await parked.replay(id, { actor: 'op', reason: 'too early' })).toBe(false);
        expect((await parked.list({ limit: 10, offset: 0 })).items[0]).toMatchObject({ state: 'open', queued: 2 });
        expect(ns(await w.applied(), bad)).toEqual([1, 2, 3]);

        w.refused.clear();
        const repair = { actor: 'op', reason: 'mended' };
        expect(
          await Promise.all([parked.replay(id, repair), parked.replay(id, repair), parked.replay(id, repair)]),
        ).toEqual([true, true, true]);
        expect((await parked.list({ limit: 10, offset: 0 })).items[0]).toMatchObject({ state: 'replayed', queued: 0 });
        expect((await reader.eventing.health()).parkedCases).toBe(0);
        await w.publish(publisher, [{ caseId: bad, n: 16 }]);
        const after = await settle(w, publisher);
        expect(ns(after, bad)).toEqual([1, 2, 3, 13, 14, 15, 16]);
        const { rows } = await w.readerPool.query<{ audit: { action: string; actor: string; reason: string }[] }>(
          'select audit from dead_letter',
        );
        expect(rows[0]!.audit).toMatchObject([
          { action: 'replay', actor: 'op', reason: 'too early', error: 'cannot be' },
          { action: 'replay', actor: 'op', reason: 'mended' },
        ]);
      });

      it('given up, it lets the queue of its case go on; a queued event that fails becomes the next one', async () => {
        const w = await world();
        const publisher = await w.publisher();
        const reader = await w.reader();
        w.refused.set(2, new Error('first'));
        w.refused.set(4, new Error('second'));
        await w.publish(publisher, ...rounds(5).map((n) => [{ caseId: 'case-1', n }]));
        await settle(w, publisher);
        const { parked } = reader.eventing;
        const open = async () =>
          (await parked.list({ limit: 10, offset: 0 })).items.find((item) => item.state === 'open');
        await eventually(async () => (await open())?.queued === 3, WAIT);
        await parked.discard((await open())!.id, { actor: 'op', reason: 'void' });
        expect(ns(await w.applied(), 'case-1')).toEqual([1, 3]);
        expect(await open()).toMatchObject({ error: 'second', queued: 1 });
        w.refused.clear();
        expect(await parked.replay((await open())!.id, { actor: 'op', reason: 'mended' })).toBe(true);
        expect(ns(await w.applied(), 'case-1')).toEqual([1, 3, 4, 5]);
        expect(await open()).toBeUndefined();
      });

      it('of every kind never stops the partition: broken envelopes, JSON, contracts and an unknown major version', async () => {
        const w = await world();
        const reader = await w.reader();
        const id = 'case-7';
        const broken = (seq: number, change: Parameters<World['message']>[3]) =>
          w.message(`bad-${seq}`, seq, seq, change);
        const lane = laneOf(id);
        const bytes = (text: string) => Buffer.from(text, 'utf8');
        // All on one partition, with numbers that go on; the lane must fit, so the case ids only differ in the header.
        const at = (seq: number, change: Parameters<World['message']>[3] = {}) => ({
          ...w.message(id, seq, seq, change),
          headers: { ...w.message(id, seq, seq, change).headers, ce_caseid: `bad-${seq}`, ...change.headers },
        });
        const kinds = [
          at(2, { headers: { ce_dataschema: `urn:lianban:schema:${w.one.type}:v2` } }),
          at(3, { value: bytes('{"n": 3') }),
          at(4, { value: bytes('{"n": "three"}') }),
          at(5, { value: Buffer.from([0xff, 0xfe, 0x00]) }),
          at(6, { headers: { ce_time: 'yesterday' } }),
          at(7, { value: Buffer.alloc(0) }),
          at(8, { value: bytes('['.repeat(100_000)) }),
          at(9, { value: bytes('{"n": 1e400}') }),
          at(10, { headers: { ce_id: '' } }),
          at(11, { headers: { ce_caseid: 'a\0b' } }),
          at(12, { headers: { ce_specversion: '2.0' } }),
          { ...at(13), headers: {} },
          { ...at(14), headers: { ce_seq: '-1', ce_lane: 'x', __proto__: 'polluted' } as Record<string, string> },
          broken(15, { partition: (laneOf('bad-15') + 1) % 8 }),
        ];
        await w.reader({ instance: 'second' });
        await w.put([
          w.message(id, 1, 1),
          ...kinds.slice(0, 11),
          w.message(id, 13, 2),
          ...kinds.slice(11),
          w.message(id, 14, 3, {
            value: bytes('{"n": 3, "__proto__": {"polluted": true}, "unknown": {"constructor": 1}}'),
          }),
        ]);
        await all(w, 3);
        expect(lane).toBe(laneOf(id));
        expect(ns(await w.applied(), id)).toEqual([1, 2, 3]);
        expect(({} as Record<string, unknown>).polluted).toBeUndefined();
        const { items, total } = await eventually(async () => {
          const list = await reader.eventing.parked.list({ limit: 50, offset: 0 });
          return list.total >= kinds.length && list;
        }, WAIT);
        expect(total).toBe(kinds.length);
        expect(items.map((item) => item.error)).toEqual(
          expect.arrayContaining([
            `event.unknown-version: version 2 of ${w.one.type} is unknown here`,
            expect.stringContaining('event.unreadable: the value is no JSON in UTF-8'),
            expect.stringContaining('event.contract-broken: the data breaks the contract: /n must be integer'),
            'event.envelope-broken: header ce_time is no instant',
            'event.envelope-broken: header ce_specversion is missing',
            expect.stringMatching(/^event.misplaced: .* lies on partition/),
          ]),
        );
        // Poison whose case nobody can tell parks nothing.
        expect(items.filter((item) => item.caseId === null).length).toBeGreaterThanOrEqual(3);
      });

      it(
        'is told apart from a database that is away: the fetch is tried again and nothing is set aside',
        async () => {
          const w = await world();
          const publisher = await w.publisher();
          let failures = 0;
          const codes = ['08006', '40P01', '40001', '53100', '57P01', '55P03', 'ECONNREFUSED'];
          const reader = await w.reader({
            before: (event) => {
              if (event.caseid === 'case-3' && failures < codes.length) {
                throw Object.assign(new Error('away'), { code: codes[failures++] });
              }
            },
          });
          await w.publish(publisher, ...rounds(3).map((n) => cases(10).map((caseId) => ({ caseId, n }))));
          const applied = await all(w, 30);
          expect(failures).toBe(codes.length);
          for (const caseId of cases(10)) expect(ns(applied, caseId)).toEqual([1, 2, 3]);
          expect((await reader.eventing.parked.list({ limit: 1, offset: 0 })).total).toBe(0);
        },
        LONG,
      );

      it('skips types it does not read, and they count in the sequence all the same', async () => {
        const w = await world();
        const reader = await w.reader();
        const foreign = {
          headers: { ce_type: 'x.y.done', ce_dataschema: 'urn:lianban:schema:x.y.done:v9' },
          value: Buffer.from('?'),
        };
        await w.put([w.message('case-1', 1, 1), w.message('case-1', 2, 2, foreign), w.message('case-1', 3, 3)]);
        const applied = await all(w, 2);
        expect(ns(applied, 'case-1')).toEqual([1, 3]);
        expect((await reader.eventing.parked.list({ limit: 1, offset: 0 })).total).toBe(0);
      });
    });

    it('drops what lies at or under the mark, wherever it comes from', async () => {
      const w = await world();
      await w.reader();
      const id = 'case-1';
      await w.put([1, 2, 1, 2, 3, 2, 3, 4].map((seq) => w.message(id, seq, seq)));
      await w.put([3, 4, 5].map((seq) => w.message(id, seq, seq)));
      const applied = await eventually(async () => {
        const rows = await w.applied();
        return rows.some((row) => row.seq === 5) && rows;
      }, WAIT);
      expect(ns(applied, id)).toEqual([1, 2, 3, 4, 5]);
    });

    it(
      'holds a partition in which an event is missing, raises an alarm, and goes on when it is sent again',
      async () => {
        const w = await world();
        const reader = await w.reader();
        const id = 'case-1';
        const other = inLaneOf(id, false);
        await w.put([
          w.message(id, 1, 1),
          w.message(id, 2, 2),
          w.message(id, 4, 4),
          w.message(id, 5, 5),
          w.message(other, 1, 1),
          w.message(other, 2, 2),
        ]);
        const held = await eventually(async () => {
          const part = (await reader.eventing.health()).parts.find(({ name }) => name === 'held-partitions');
          return part?.ok === false && part;
        }, WAIT);
        expect(held.detail).toContain(`${w.one.stream.topic}[${laneOf(id)}] misses ${w.one.stream.name} 3–3`);
        await eventually(async () => ns(await w.applied(), other).length === 2, WAIT);
        expect(ns(await w.applied(), id)).toEqual([1, 2]);
        // The publisher repeats the tail of its lane.
        await w.put([3, 4, 5, 6].map((seq) => w.message(id, seq, seq)));
        await eventually(async () => ns(await w.applied(), id).length >= 6, { timeoutMs: 60_000 });
        expect(ns(await w.applied(), id)).toEqual([1, 2, 3, 4, 5, 6]);
        await eventually(async () => (await reader.eventing.health()).parts.every(({ ok }) => ok), WAIT);
      },
      LONG,
    );

    it(
      'catches up from the log when the database of the reader was restored to an earlier state',
      async () => {
        const w = await world();
        const publisher = await w.publisher();
        const reader = await w.reader();
        await w.publish(publisher, ...rounds(5).map((n) => [{ caseId: 'case-1', n }]));
        await all(w, 5);
        await reader.stop();
        await w.readerPool.query('delete from applied where n > 2');
        await w.readerPool.query({
          text: 'update consumer_mark set last_seq = 2 where topic = $1 and partition = $2',
          values: [w.one.stream.topic, laneOf('case-1')],
        });
        await w.reader();
        await w.publish(publisher, [{ caseId: 'case-1', n: 6 }]);
        await eventually(async () => ns(await w.applied(), 'case-1').length >= 6, { timeoutMs: 60_000 });
        expect(ns(await w.applied(), 'case-1')).toEqual(rounds(6));
      },
      LONG,
    );

    it('sends a lane again from a number on, and the reader drops what it knows', async () => {
      const w = await world();
      const publisher = await w.publisher();
      await w.reader();
      await w.publish(publisher, ...rounds(4).map((n) => [{ caseId: 'case-1', n }]));
      await all(w, 4);
      await publisher.eventing.republishFrom(w.one.stream.name, laneOf('case-1'), 2);
      await w.publish(publisher, [{ caseId: 'case-1', n: 5 }]);
      const applied = await settle(w, publisher);
      expect(ns(applied, 'case-1')).toEqual(rounds(5));
      const log = createEventLog(w.logUrl, { clientId: 'test' });
      cleanup.add(() => log.close());
      const records = await (await log.reader()).read(w.one.stream.topic!, new Map(), { limit: 1_000, waitMs: 5_000 });
      const sent = records
        .filter((record) => record.headers.ce_caseid === 'case-1')
        .map((record) => Number(record.headers.ce_seq));
      expect(sent).toEqual([1, 2, 3, 4, 2, 3, 4, 5]);
      await expect(publisher.eventing.republishFrom(w.one.stream.name, laneOf('case-1'), 0)).rejects.toThrow(
        'cannot be sent again',
      );
    });

    it('applies what one fetch brought from several streams and topics in one transaction', async () => {
      const w = await world();
      const publisher = await w.publisher();
      await w.publish(
        publisher,
        cases(16).flatMap((caseId) => [
          { caseId, n: 1 },
          { caseId, n: 2, of: w.two },
          { caseId, n: 3, of: w.local, topic: w.localTopic },
          { caseId, n: 4, of: w.entity },
        ]),
      );
      await eventually(async () => (await publisher.eventing.health()).oldestUnsentMs === 0, WAIT);
      await w.reader();
      const applied = await all(w, 64);
      const topics = new Map<string, Set<string>>();
      for (const row of applied) topics.set(row.tx, (topics.get(row.tx) ?? new Set()).add(row.topic));
      expect(Math.max(...[...topics.values()].map((set) => set.size))).toBeGreaterThan(1);
      for (const caseId of cases(16)) expect(ns(applied, caseId).sort()).toEqual([1, 2, 3, 4]);
    });

    it('says per topic how far it is behind, and more and more of it while a message cannot be applied', async () => {
      const w = await world();
      const publisher = await w.publisher();
      const reader = await w.reader();
      const lagOf = async ({ stream: { topic } }: { stream: { topic?: string } }) =>
        (await reader.eventing.health()).lag.find((entry) => entry.topic === topic)?.ms;
      await w.publish(publisher, [{ caseId: 'case-1', n: 1 }]);
      await all(w, 1);
      const idle = await eventually(() => lagOf(w.one), WAIT);
      w.refused.set(2, Object.assign(new Error('the database is away'), { code: 'ECONNREFUSED' }));
      await w.publish(publisher, [{ caseId: 'case-2', n: 2, of: w.two }]);
      await eventually(async () => (await lagOf(w.two))! > 700, WAIT);
      expect(await lagOf(w.one)).toBe(idle);
      w.refused.clear();
      await all(w, 2);
      const late = (await lagOf(w.two))!;
      expect(late).toBeGreaterThan(700);
      await w.publish(publisher, [{ caseId: 'case-2', n: 3, of: w.two }]);
      await all(w, 3);
      await eventually(async () => (await lagOf(w.two))! < late, WAIT);
    });

    it('numbers a stream over all its topics, so that a topic of its own shows no gap elsewhere', async () => {
      const w = await world();
      const publisher = await w.publisher();
      const reader = await w.reader();
      for (const n of rounds(6)) {
        await w.publish(publisher, [
          { caseId: 'case-1', n, of: w.local, topic: n % 2 === 0 ? w.localTopic : `${w.id}.elsewhere.v1` },
        ]);
      }
      const applied = await all(w, 3);
      expect(applied.map(({ seq, n }) => [seq, n])).toEqual([
        [2, 2],
        [4, 4],
        [6, 6],
      ]);
      expect((await reader.eventing.health()).parts.filter(({ ok }) => !ok)).toEqual([]);
    });

    describe('outside topics', () => {
      it('take a message of 5 MB, and topics of events refuse it with a code', async () => {
        const w = await world();
        await w.reader();
        const client = await createOutsideClient(w.logUrl);
        cleanup.add(() => client.close());
        const large = Buffer.alloc(5 * 1024 * 1024, 'x');
        await client.publish(w.outsideTopic, [
          { key: 'k', headers: { authorization: 'Bearer t' }, value: large },
          { key: 'k', value: '{"after": true}' },
        ]);
        const messages = await eventually(() => w.outsideCalls.flat().length >= 2 && w.outsideCalls.flat(), WAIT);
        expect(messages.map(({ value }) => value.length)).toEqual([large.length, 15]);
        expect(messages[0]).toMatchObject({ key: 'k', headers: { authorization: 'Bearer t' } });
        expect(Math.abs(messages[0]!.appendedAt.getTime() - Date.now())).toBeLessThan(120_000);
        await expect(
          client.publish(w.one.stream.topic!, [{ key: 'k', headers: headersOf({} as never), value: large }]),
        ).rejects.toMatchObject({ code: 'EventLogMessageTooLarge' });
      });

      it('are handed over once, also when the reader dies between its commit and the answer to the log', async () => {
        const w = await world();
        await w.reader();
        let crashed = 0;
        armed('consumer.after-commit-before-resolve', () => {
          if (crashed++ < 3) crash();
        });
        const client = await createOutsideClient(w.logUrl);
        cleanup.add(() => client.close());
        for (const n of rounds(10)) await client.publish(w.outsideTopic, [{ key: `k${n % 3}`, value: String(n) }]);
        const seen = () => w.outsideCalls.flat().map(({ value }) => value.toString());
        await eventually(() => crashed > 3 && seen().length >= 10, WAIT);
        expect([...seen()].sort()).toEqual(rounds(10).map(String).sort());
        for (const key of [0, 1, 2]) {
          const ofKey = seen()
            .map(Number)
            .filter((n) => n % 3 === key);
          expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b));
        }
      });
    });

    it('a stock client reads a topic from any position', async () => {
      const w = await world();
      const publisher = await w.publisher();
      await w.publish(publisher, ...rounds(5).map((n) => [{ caseId: 'case-1', n }]));
      const client = await createOutsideClient(w.logUrl);
      cleanup.add(() => client.close());
      const first = await eventually(async () => {
        const records = await client.read(w.one.stream.topic!, new Map(), { limit: 10, waitMs: 1_000 });
        return records.length === 5 && records;
      }, WAIT);
      expect(first[0]).toMatchObject({
        key: 'case-1',
        partition: laneOf('case-1'),
        headers: {
          ce_specversion: '1.0',
          ce_source: `lianban/${w.one.stream.name}`,
          ce_type: w.one.type,
          'content-type': 'application/json',
        },
      });
      const rest = await client.read(w.one.stream.topic!, new Map([[first[2]!.partition, first[2]!.offset]]), {
        limit: 1,
        waitMs: 1_000,
      });
      expect(rest.map((record) => record.value.toString())).toEqual(['{"n":4}']);
    });
  });
}
