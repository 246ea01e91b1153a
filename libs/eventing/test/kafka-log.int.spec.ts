/** What is Kafka's own, beyond the contract of both logs. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@lianban/testing/eventually';
import { testKafkaLog } from '@lianban/testing/test-kafka';
import kafkajs, { type Admin, type Producer } from 'kafkajs';
import { createEventLog } from '../src/event-log.js';
import { parseKafkaUrl } from '../src/kafka/kafka-url.js';
import { laneOf } from '../src/lane.js';
import type { EventLog, LogMessage, LogRecord, TopicSpec } from '../src/log.js';
import { Cleanup, World } from './world.js';

const WAIT = { timeoutMs: 45_000 };
const MIB = 1024 * 1024;
const url = await testKafkaLog();

(url === undefined ? describe.skip : describe)('the event log on Kafka', () => {
  const cleanup = new Cleanup();
  const { brokers, prefix } = url === undefined ? { brokers: [], prefix: '' } : parseKafkaUrl(url);
  const client = new kafkajs.Kafka({ brokers, clientId: 'stock', logLevel: kafkajs.logLevel.NOTHING });
  let admin: Admin;
  let stock: Producer;

  beforeAll(async () => {
    admin = client.admin();
    stock = client.producer({
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
    });
    await Promise.all([admin.connect(), stock.connect()]);
  });
  afterEach(() => cleanup.run());
  afterAll(() => Promise.all([admin.disconnect(), stock.disconnect()]));

  const newTopic = (): string => `t${randomBytes(4).toString('hex')}.v1`;
  const log = (logUrl = url!): EventLog => {
    const opened = createEventLog(logUrl, { clientId: 'test' });
    cleanup.add(() => opened.close());
    return opened;
  };
  const spec = (name: string, change: Partial<TopicSpec> = {}): TopicSpec => ({
    name,
    partitions: 8,
    compacted: false,
    maxMessageBytes: 2 * MIB,
    ...change,
  });
  const message = (topic: string, value: Buffer | string, partition = 0): LogMessage => ({
    topic,
    partition,
    key: 'k',
    headers: {},
    value: Buffer.from(value),
  });
  const configOf = async (topic: string): Promise<Map<string, string>> => {
    const { resources } = await admin.describeConfigs({
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: prefix + topic }],
      includeSynonyms: false,
    });
    return new Map(resources[0]!.configEntries.map(({ configName, configValue }) => [configName, configValue]));
  };
  const deleteBefore = async (topic: string, partition: number, offset: string): Promise<void> => {
    // It makes kafkajs look the leader up.
    await admin.fetchTopicOffsets(prefix + topic);
    await admin.deleteTopicRecords({ topic: prefix + topic, partitions: [{ partition, offset }] });
  };
  const readAll = async (from: EventLog, topic: string, count: number, limit = 1_000): Promise<LogRecord[]> => {
    const reader = await from.reader();
    const after = new Map<number, string>();
    const records: LogRecord[] = [];
    await eventually(async () => {
      const page = await reader.read(topic, after, { limit, waitMs: 500 });
      for (const { partition, offset } of page) after.set(partition, offset);
      records.push(...page);
      return records.length >= count;
    }, WAIT);
    return records;
  };

  it('makes topics of eight partitions with its own time, and compacts those that shall be', async () => {
    const [plain, compacted] = [newTopic(), newTopic()];
    await log().ensureTopics([spec(plain, { maxMessageBytes: 8 * MIB }), spec(compacted, { compacted: true })]);
    const { topics } = await admin.fetchTopicMetadata({ topics: [prefix + plain, prefix + compacted] });
    expect(topics.map(({ partitions }) => partitions.length)).toEqual([8, 8]);
    const ofPlain = await configOf(plain);
    expect(ofPlain.get('message.timestamp.type')).toBe('LogAppendTime');
    expect(ofPlain.get('cleanup.policy')).toBe('delete');
    expect(ofPlain.get('max.message.bytes')).toBe(String(8 * MIB));
    const ofCompacted = await configOf(compacted);
    expect(ofCompacted.get('cleanup.policy')).toBe('compact');
    expect(ofCompacted.get('max.message.bytes')).toBe(String(2 * MIB));
  });

  it('takes over a topic that others made: time and size are set right, the rest is left as it is', async () => {
    const topic = newTopic();
    await admin.createTopics({
      topics: [
        {
          topic: prefix + topic,
          numPartitions: 3,
          configEntries: [
            { name: 'message.timestamp.type', value: 'CreateTime' },
            { name: 'max.message.bytes', value: '1000' },
            { name: 'retention.ms', value: '123456789' },
          ],
        },
      ],
    });
    await log().ensureTopics([spec(topic, { partitions: 8 })]);
    const taken = await configOf(topic);
    expect(taken.get('message.timestamp.type')).toBe('LogAppendTime');
    expect(taken.get('max.message.bytes')).toBe(String(2 * MIB));
    expect(taken.get('retention.ms')).toBe('123456789');
    // A larger limit stays.
    await log().ensureTopics([spec(topic, { maxMessageBytes: 5_000 })]);
    expect((await configOf(topic)).get('max.message.bytes')).toBe(String(2 * MIB));
    expect((await admin.fetchTopicMetadata({ topics: [prefix + topic] })).topics[0]!.partitions).toHaveLength(3);
  });

  it('keeps environments with different prefixes apart, and shows the prefix to nobody', async () => {
    const topic = newTopic();
    const other = url!.replace(prefix, `${prefix}other.`);
    const [here, there] = [log(), log(other)];
    for (const [which, text] of [
      [here, 'here'],
      [there, 'there'],
    ] as const) {
      await which.ensureTopics([spec(topic)]);
      const producer = await which.producer();
      await producer.send([message(topic, text)]);
    }
    const seen = async (which: EventLog) =>
      (await readAll(which, topic, 1)).map((record) => [record.topic, record.value.toString()]);
    expect(await seen(here)).toEqual([[topic, 'here']]);
    expect(await seen(there)).toEqual([[topic, 'there']]);
    expect(await admin.listTopics()).toEqual(expect.arrayContaining([prefix + topic, `${prefix}other.${topic}`]));
  });

  it('sends more to one partition than fits one batch, in order, and nothing after a message that is too large', async () => {
    const topic = newTopic();
    const own = log();
    await own.ensureTopics([spec(topic, { maxMessageBytes: MIB })]);
    const producer = await own.producer();
    const large = (n: number, bytes = 400_000): LogMessage => message(topic, String(n).padEnd(bytes, ' '));
    const numbers = (records: readonly LogRecord[]) => records.map(({ value }) => Number(value.toString()));
    await producer.send([1, 2, 3, 4, 5].map((n) => large(n)));
    await expect(producer.send([large(6), large(7, MIB), large(8)])).rejects.toMatchObject({
      code: 'EventLogMessageTooLarge',
    });
    // Without a partition, all of them may belong to the same one.
    await producer.send(
      [9, 10, 11, 12].map((n) => {
        const { partition: _, ...rest } = large(n);
        return rest;
      }),
    );
    const records = await readAll(own, topic, 10);
    const together = numbers(records.filter(({ partition }) => partition === 0));
    expect(together.slice(0, 6)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(numbers(records).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 9, 10, 11, 12]);
  });

  it('sends again in smaller batches when the limit of a topic was lowered meanwhile', async () => {
    const topic = newTopic();
    const own = log();
    await own.ensureTopics([spec(topic, { maxMessageBytes: MIB })]);
    const producer = await own.producer();
    await producer.send([message(topic, 'first')]);
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: prefix + topic,
          configEntries: [{ name: 'max.message.bytes', value: '200000' }],
        },
      ],
    });
    const messages = [1, 2, 3].map((n) => message(topic, String(n).padEnd(150_000)));
    // The relay does so too: what fails is sent once more.
    await eventually(async () => {
      await producer.send(messages);
      return true;
    }, WAIT);
    expect((await readAll(own, topic, 4)).map(({ value }) => value.toString().trim())).toEqual([
      'first',
      '1',
      '2',
      '3',
    ]);
  });

  it('reads what stock clients write: no key, no value, any header, the time of the broker', async () => {
    const topic = newTopic();
    const own = log();
    await own.ensureTopics([spec(topic)]);
    await stock.send({
      topic: prefix + topic,
      messages: [
        { key: null, value: Buffer.from([0xff, 0]), partition: 0, timestamp: '946684800000' },
        { key: 'k', value: null, partition: 0 },
        { key: 'k', value: 'v', partition: 0, headers: { a: ['1', '2'], constructor: 'c', ü: 'ö' } },
      ],
    });
    const records = await readAll(own, topic, 3);
    expect(records).toMatchObject([
      { key: null, value: Buffer.from([0xff, 0]), headers: {} },
      { key: 'k', value: Buffer.alloc(0) },
      { key: 'k', value: Buffer.from('v'), headers: { a: '2', constructor: 'c', ü: 'ö' } },
    ]);
    for (const { appendedAt } of records) expect(appendedAt.getFullYear()).toBeGreaterThan(2000);
  });

  it('reads pages from every partition, from where the log begins, and waits for a topic that is not there yet', async () => {
    const topic = newTopic();
    const own = log();
    const reader = await own.reader();
    expect(await reader.read(topic, new Map(), { limit: 10, waitMs: 1 })).toEqual([]);
    const waiting = reader.read(topic, new Map(), { limit: 1, waitMs: WAIT.timeoutMs });
    await own.ensureTopics([spec(topic)]);
    const producer = await own.producer();
    await producer.send(Array.from({ length: 80 }, (_, n) => message(topic, String(n), n % 8)));
    expect(await waiting).toHaveLength(1);

    const records = await readAll(own, topic, 80, 7);
    expect(records.map(({ value }) => Number(value)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 80 }, (_, n) => n),
    );
    await deleteBefore(topic, 3, '5');
    const left = await readAll(own, topic, 75);
    expect(left.filter(({ partition }) => partition === 3).map(({ offset }) => offset)).toEqual([
      '5',
      '6',
      '7',
      '8',
      '9',
    ]);
    const past = new Map(Array.from({ length: 8 }, (_, partition) => [partition, '1000']));
    expect(await reader.read(topic, past, { limit: 10, waitMs: 1 })).toEqual([]);
  });

  it('is not kept from reading one topic by waiting for others that are not there', async () => {
    const topic = newTopic();
    const own = log();
    await own.ensureTopics([spec(topic)]);
    const reader = await own.reader();
    const producer = await own.producer();
    let over = false;
    const others = Array.from({ length: 5 }, newTopic).map(async (missing) => {
      while (!over) expect(await reader.read(missing, new Map(), { limit: 1, waitMs: 0 })).toEqual([]);
    });
    const one = (async () => {
      const positions = new Map<number, string>();
      for (let n = 0; n < 20; n++) {
        await producer.send([message(topic, String(n), 0)]);
        const records = await reader.read(topic, positions, { limit: 10, waitMs: WAIT.timeoutMs });
        expect(records.map(({ value }) => String(value))).toEqual([String(n)]);
        positions.set(0, records[0]!.offset);
      }
    })().finally(() => (over = true));
    await Promise.all([one, ...others]).finally(() => (over = true));
  });

  it('begins with the oldest event the log still holds, whatever its number', async () => {
    const w = await World.create(url!, cleanup);
    const publisher = await w.publisher();
    await w.publish(publisher, ...[1, 2, 3, 4].map((n) => [{ caseId: 'case-1', n }]));
    await eventually(async () => (await publisher.eventing.health()).oldestUnsentMs === 0, WAIT);
    await deleteBefore(w.one.stream.topic!, laneOf('case-1'), '2');
    const reader = await w.reader();
    const applied = await eventually(async () => {
      const rows = await w.applied();
      return rows.length >= 2 && rows;
    }, WAIT);
    expect(applied.map(({ seq }) => seq)).toEqual([3, 4]);
    expect((await reader.eventing.health()).parts.filter(({ ok }) => !ok)).toEqual([]);
  });

  it('stores the position and leaves the group at a stop, also when it stops while it joins', async () => {
    const w = await World.create(url!, cleanup);
    const publisher = await w.publisher();
    const groupId = `${prefix}${w.id}-reader`;
    const topic = prefix + w.one.stream.topic!;
    const hasty = await w.reader();
    await hasty.stop();
    const groupOf = async () => (await admin.describeGroups([groupId])).groups[0]!;
    expect((await groupOf()).members).toEqual([]);
    const reader = await w.reader();
    await w.publish(publisher, ...[1, 2, 3].map((n) => [{ caseId: 'case-1', n }]));
    await eventually(async () => (await w.applied()).length === 3, WAIT);
    expect((await groupOf()).members).toHaveLength(1);
    await reader.stop();
    expect((await groupOf()).members).toEqual([]);
    const offsets = await admin.fetchOffsets({ groupId, topics: [topic] });
    const stored = offsets[0]!.partitions.find(({ partition }) => partition === laneOf('case-1'));
    expect(stored?.offset).toBe('3');
  });
});
