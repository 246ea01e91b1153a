/**
 * A broker of its own, which is killed, frozen and not there; the shared one of the other suites cannot be. An error of kafkajs that nobody
 * catches would end a service; here Jest fails the test in which it comes up.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@lianban/testing/eventually';
import { type KafkaBroker, startKafka, whatIsMissing } from '@lianban/testing/kafka';
import { freePort } from '@lianban/testing/process';
import type { PartHealth } from '../src/eventing.js';
import { Cleanup, type Member, World } from './world.js';

const WAIT = { timeoutMs: 90_000 };
const LONG = 240_000;
const ids = Array.from({ length: 12 }, (_, n) => `case-${n}`);

const missing = whatIsMissing();
if (missing !== undefined) process.stderr.write(`\n*** KAFKA OUTAGES ARE NOT TESTED: ${missing}\n\n`);

(missing === undefined ? describe : describe.skip)('while a Kafka broker', () => {
  const cleanup = new Cleanup();
  const folder = mkdtempSync(join(tmpdir(), 'lianban-kafka-outage-'));
  let port: number;
  let broker: KafkaBroker | undefined;

  const url = (): string => `kafka://127.0.0.1:${port}?sessionMs=6000`;
  const start = async (): Promise<void> => {
    broker = await startKafka({ folder, port });
  };
  const kill = (): void => void process.kill(broker!.pid, 'SIGKILL');
  const partOf = async ({ eventing }: Member, name: string): Promise<PartHealth | undefined> =>
    (await eventing.health()).parts.find((part) => part.name === name);
  const publishAll = (w: World, publisher: Member, n: number): Promise<void> =>
    w.publish(
      publisher,
      ids.map((caseId) => ({ caseId, n })),
    );
  const untilApplied = (w: World, count: number) =>
    eventually(async () => {
      const applied = await w.applied();
      return applied.length >= count && applied;
    }, WAIT);

  beforeAll(async () => {
    port = await freePort();
  });
  afterEach(() => cleanup.run());
  afterAll(async () => {
    await broker?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it(
    'is not there, services start, take events and say so; when it comes, everything goes out and in, in order',
    async () => {
      const w = await World.create(url(), cleanup);
      const publisher = await w.publisher();
      const reader = await w.reader();
      for (const n of [1, 2, 3]) await publishAll(w, publisher, n);
      await eventually(async () => (await publisher.eventing.health()).oldestUnsentMs > 500, WAIT);
      expect(await partOf(publisher, 'log')).toMatchObject({ ok: false });
      await eventually(async () => (await partOf(publisher, 'relay'))?.detail.includes('cannot send'), WAIT);
      await start();
      const applied = await untilApplied(w, 36);
      for (const caseId of ids) {
        expect(applied.filter((row) => row.case_id === caseId).map((row) => row.n)).toEqual([1, 2, 3]);
      }
      await eventually(async () => {
        const parts = [...(await publisher.eventing.health()).parts, ...(await reader.eventing.health()).parts];
        return parts.every(({ ok }) => ok);
      }, WAIT);
    },
    LONG,
  );

  it(
    'is killed under load again and again, nothing is lost, repeated or out of order',
    async () => {
      const w = await World.create(url(), cleanup);
      const publisher = await w.publisher();
      await w.reader();
      await w.reader({ instance: 'second' });
      let n = 0;
      for (let round = 1; round <= 3; round++) {
        for (let more = 0; more < 15; more++) await publishAll(w, publisher, ++n);
        kill();
        for (let more = 0; more < 5; more++) await publishAll(w, publisher, ++n);
        await start();
      }
      await publishAll(w, publisher, ++n);
      await eventually(async () => (await w.applied()).some((row) => row.n === n), WAIT);
      const applied = await untilApplied(w, ids.length * n);
      for (const caseId of ids) {
        expect(applied.filter((row) => row.case_id === caseId).map((row) => row.n)).toEqual(
          Array.from({ length: n }, (_, i) => i + 1),
        );
      }
    },
    LONG,
  );

  it(
    'is frozen, services stop all the same, and one that goes on reads and sends again when it wakes up',
    async () => {
      const w = await World.create(url(), cleanup);
      const publisher = await w.publisher();
      const reader = await w.reader();
      const leaver = await w.reader({ instance: 'leaver' });
      await publishAll(w, publisher, 1);
      await untilApplied(w, 12);
      process.kill(broker!.pid, 'SIGSTOP');
      try {
        await publishAll(w, publisher, 2);
        await leaver.stop();
        await eventually(async () => (await partOf(reader, 'consumer'))?.ok === false, WAIT);
      } finally {
        process.kill(broker!.pid, 'SIGCONT');
      }
      await publishAll(w, publisher, 3);
      const applied = await untilApplied(w, 36);
      for (const caseId of ids) {
        expect(applied.filter((row) => row.case_id === caseId).map((row) => row.n)).toEqual([1, 2, 3]);
      }
      await eventually(async () => (await partOf(reader, 'consumer'))?.ok, WAIT);
    },
    LONG,
  );
});
