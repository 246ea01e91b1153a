/** A Kafka for specs: the brokers of KAFKA_BROKERS, else a container, else the jars. Where none can be had it says so loudly. */
import { randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './process.js';
import { startKafka, untilItAnswers, whatIsMissing } from './kafka.js';

export interface ProvidedKafka {
  brokers: string;
  stop(): Promise<void>;
}

/**
 * EVENT_LOG of a Kafka that this spec shares with others, with a prefix of its own. Undefined where no Kafka can be had: the suite is
 * skipped and the console says so. With CI=true that is an error.
 */
export async function testKafkaLog(): Promise<string | undefined> {
  const kafka = await sharedKafka();
  // Commits of positions and a frozen member's relief come sooner with a short session; the broker allows 6 s.
  return kafka && `kafka://${kafka.brokers}?prefix=t${randomBytes(6).toString('hex')}.&sessionMs=6000`;
}

/** One broker for a whole test run; undefined where none can be had, with CI=true an error. KAFKA_BROKERS is the caller's to look at. */
export async function provideKafka(): Promise<ProvidedKafka | undefined> {
  const image = containerImage();
  if (image) return startContainer(image);
  const missing = whatIsMissing();
  if (!missing) {
    const folder = mkdtempSync(join(tmpdir(), 'lianban-kafka-'));
    const broker = await startKafka({ folder });
    return {
      brokers: broker.brokers,
      async stop() {
        await broker.stop();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  }
  const sentence = `NO KAFKA, ITS SUITES ARE SKIPPED: ${missing} A container engine with an Apache Kafka image (KAFKA_IMAGE) does as well.`;
  if (process.env.CI === 'true') throw new Error(sentence);
  // Past Jest's console, which folds what is said into a frame that is easily overlooked.
  process.stderr.write(`\n*** ${sentence}\n\n`);
  return undefined;
}

/** Spec files of one process share a broker, though each has modules of its own (see test-database.ts). */
const key = Symbol.for('lianban.test-kafka');
const shared = EventEmitter as typeof EventEmitter & { [key]?: Promise<ProvidedKafka | undefined> };

async function sharedKafka(): Promise<{ brokers: string } | undefined> {
  if (process.env.KAFKA_BROKERS) return { brokers: process.env.KAFKA_BROKERS };
  return (shared[key] ??= provideKafka());
}

/** KAFKA_IMAGE, or the public image where it has been pulled already; only where an engine answers. */
function containerImage(): string | undefined {
  const docker = (...args: string[]) => spawnSync('docker', args, { stdio: 'ignore', timeout: 10_000 }).status === 0;
  if (!docker('info')) return undefined;
  const image = process.env.KAFKA_IMAGE ?? 'apache/kafka:4.3.1';
  return process.env.KAFKA_IMAGE || docker('image', 'inspect', image) ? image : undefined;
}

/** Settings as the apache/kafka image takes them. The port must be known before the start, since the broker announces it to clients. */
async function startContainer(image: string): Promise<ProvidedKafka> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const port = await freePort();
  const container = await new GenericContainer(image)
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '4',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    })
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(120_000)
    .start();
  const brokers = `127.0.0.1:${port}`;
  await untilItAnswers(brokers, () => false);
  return {
    brokers,
    async stop() {
      await container.stop();
    },
  };
}
