import { describe, expect, it } from '@jest/globals';
import type { Producer, ProducerBatch } from 'kafkajs';
import type { LogMessage } from '../log.js';
import { KafkaProducer } from './kafka-producer.js';

const message = (text: string, topic = 'a.v1'): LogMessage => ({
  topic,
  partition: 0,
  key: 'k',
  headers: {},
  value: Buffer.from(text),
});

/** A client whose producers fail when told to; notes per producer what was sent. */
function clientOf(fails: (text: string) => boolean): {
  client: ConstructorParameters<typeof KafkaProducer>[0];
  producers: { sent: string[][]; open: boolean }[];
} {
  const producers: { sent: string[][]; open: boolean }[] = [];
  const client = {
    producer: () => {
      const state: (typeof producers)[number] = { sent: [], open: false };
      producers.push(state);
      return {
        connect: () => Promise.resolve(void (state.open = true)),
        disconnect: () => Promise.resolve(void (state.open = false)),
        sendBatch: ({ topicMessages }: ProducerBatch) => {
          const texts = topicMessages!.flatMap(({ topic, messages }) =>
            messages.map(({ value }) => `${topic} ${String(value)}`),
          );
          if (texts.some(fails)) return Promise.reject(new Error('no answer'));
          state.sent.push(texts);
          return Promise.resolve([]);
        },
      } as unknown as Producer;
    },
  };
  return { client, producers };
}

describe('the Kafka producer', () => {
  it('begins anew after a failure: the broker must not take the next batch for a repetition of the one that failed', async () => {
    let away = true;
    const { client, producers } = clientOf((text) => text.endsWith('2') && away);
    let forgotten = 0;
    const producer = new KafkaProducer(client, 'x.', {
      of: () => Promise.resolve(new Map([['a.v1', 1_000]])),
      forget: () => forgotten++,
    });
    await producer.send([message('1')]);
    await expect(producer.send([message('2')])).rejects.toThrow('no answer');
    expect(producers).toEqual([{ sent: [['x.a.v1 1']], open: false }]);
    expect(forgotten).toBe(1);
    away = false;
    await producer.send([message('2')]);
    await producer.send([message('3')]);
    expect(producers.map(({ sent }) => sent)).toEqual([[['x.a.v1 1']], [['x.a.v1 2'], ['x.a.v1 3']]]);
    await producer.close();
    expect(producers[1]!.open).toBe(false);
    await expect(producer.send([message('4')])).rejects.toThrow('closed');
  });

  it('fills a batch of a partition up to the limit of its topic, and no further', async () => {
    const { client, producers } = clientOf(() => false);
    const producer = new KafkaProducer(client, '', {
      of: () =>
        Promise.resolve(
          new Map([
            ['a.v1', 400],
            ['b.v1', 400],
          ]),
        ),
      forget: () => undefined,
    });
    const text = (n: number) => `${n}`.padEnd(100, '.');
    await producer.send([message(text(1)), message(text(2)), message(text(3), 'b.v1'), message(text(4)), message('5')]);
    expect(producers[0]!.sent.map((texts) => texts.map((sent) => sent.slice(0, 6)))).toEqual([
      ['a.v1 1', 'a.v1 2', 'b.v1 3'],
      ['a.v1 4', 'a.v1 5'],
    ]);
    await expect(producer.send([message('.'.repeat(400))])).rejects.toMatchObject({ code: 'EventLogMessageTooLarge' });
    await producer.close();
  });
});
