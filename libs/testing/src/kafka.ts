/** Apache Kafka from its jars, for machines without a container engine: `npm start -- --kafka` and the Kafka suites. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fixIdleLoop } from '@lianban/eventing/kafka/idle-loop-fix';
import kafkajs from 'kafkajs';
import { freePort, startOwnedProcess, tail } from './process.js';

export interface KafkaBroker {
  /** `host:port` of the one broker. */
  brokers: string;
  pid: number;
  /** Shuts this broker down in order; its folder stays. */
  stop(): Promise<void>;
}

const VERSION = '4.3.1';
const ROOT = resolve(import.meta.dirname, '../../..');
const DEPLOY = join(ROOT, 'deploy/kafka');
const START_MS = 60_000;

/**
 * Starts a single KRaft node on 127.0.0.1 whose data lives, and stays, in `folder`. Resolves once it answers. It ends with this process,
 * however that ends. Throws one sentence when Java 17 or Maven is missing; Maven is only needed until the jars are there.
 */
export async function startKafka({ folder, port }: { folder: string; port?: number }): Promise<KafkaBroker> {
  const missing = whatIsMissing();
  if (missing) throw new Error(missing);
  const jars = await kafkaJars();
  const home = resolve(folder);
  mkdirSync(home, { recursive: true });
  const data = join(home, 'data');
  const output = join(home, 'server.log');
  const brokerPort = port ?? (await freePort());
  const properties = join(home, 'server.properties');
  const template = readFileSync(join(DEPLOY, 'server.properties'), 'utf8');
  writeFileSync(
    properties,
    template
      .replaceAll('@PORT@', String(brokerPort))
      .replaceAll('@CONTROLLER_PORT@', String(await freePort()))
      .replaceAll('@DATA@', data),
  );
  const java = [
    '-XX:+UseSerialGC',
    `-Dlog4j2.configurationFile=${join(DEPLOY, 'log4j2.properties')}`,
    '-cp',
    `${jars}/*`,
  ];
  if (!existsSync(join(data, 'meta.properties'))) {
    // The cluster's id comes from the folder's name: a start that was killed half-way finds the same one.
    const id = createHash('md5').update(home).digest('base64url');
    const { status, stdout, stderr } = spawnSync(
      'java',
      [...java, 'kafka.tools.StorageTool', 'format', '--ignore-formatted', '-t', id, '-c', properties],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`Kafka could not set up ${data}: ${`${stdout}${stderr}`.trim()}`);
  }
  const server = await startOwnedProcess({
    command: 'java',
    args: ['-Xmx512m', ...java, 'kafka.Kafka', properties],
    output,
    stopSignal: 'TERM',
  });
  const brokers = `127.0.0.1:${brokerPort}`;
  let gone = false;
  void server.ended.then(() => (gone = true));
  try {
    await untilItAnswers(brokers, () => gone);
  } catch (error) {
    await server.stop();
    throw new Error(`Kafka did not start: ${(error as Error).message}\n${tail(output)}`, { cause: error });
  }
  return { brokers, pid: server.pid, stop: () => server.stop() };
}

/** Why no broker can be started from the jars here, in one sentence; undefined when one can. */
export function whatIsMissing(): string | undefined {
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const version = /version "(\d+)/.exec(java.stderr ?? '')?.[1];
  if (java.error || version === undefined || Number(version) < 17) {
    const found = version === undefined ? 'none was found' : `this is Java ${version}`;
    return `Kafka from its jars needs Java 17 or newer on the PATH, and ${found}; install one, or name running brokers in KAFKA_BROKERS.`;
  }
  if (!existsSync(join(kafkaHome(), 'libs')) && spawnSync('mvn', ['-v'], { stdio: 'ignore' }).error) {
    return `The Kafka jars are fetched with Maven, and there is no mvn on the PATH; install it, or name running brokers in KAFKA_BROKERS.`;
  }
  return undefined;
}

/** Where the jars are, or will be once they are fetched. */
export const kafkaHome = (): string =>
  resolve(process.env.LIANBAN_KAFKA_HOME ?? join(ROOT, `.lianban/kafka-${VERSION}`));

/** Folder of the jars, fetched once: into a folder aside, then renamed, so that it is there whole or not at all. */
async function kafkaJars(): Promise<string> {
  const libs = join(kafkaHome(), 'libs');
  if (existsSync(libs)) return libs;
  mkdirSync(kafkaHome(), { recursive: true });
  const unlock = await lock(join(kafkaHome(), 'fetching'), () => existsSync(libs));
  try {
    if (existsSync(libs)) return libs;
    console.error(`fetching Apache Kafka ${VERSION} with Maven (once)`);
    const fetched = mkdtempSync(`${libs}.`);
    const settings = [`-DoutputDirectory=${fetched}`, '-DincludeScope=runtime'];
    const { code, said } = await run('mvn', [
      ...['-B', '-q', '-f', join(DEPLOY, 'pom.xml')],
      ...['dependency:copy-dependencies', ...settings],
    ]);
    if (code !== 0) {
      rmSync(fetched, { recursive: true, force: true });
      throw new Error(`Maven could not fetch the Kafka jars: ${said.trim().split('\n').slice(0, 5).join('\n')}`);
    }
    renameSync(fetched, libs);
    return libs;
  } finally {
    unlock();
  }
}

function run(command: string, args: string[]): Promise<{ code: number; said: string }> {
  return new Promise((settle, reject) => {
    let said = '';
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (said += text));
    }
    child.once('error', reject);
    child.once('close', (code) => settle({ code: code ?? 1, said }));
  });
}

/** Waits until the lock is ours or `done`. A lock whose owner is dead is taken over. */
async function lock(file: string, done: () => boolean): Promise<() => void> {
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (done()) return () => undefined;
    if (!ownerLives(file)) rmSync(file, { force: true });
    else await sleep(200);
  }
}

function ownerLives(file: string): boolean {
  try {
    process.kill(Number(readFileSync(file, 'utf8')) || process.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** An open port is not yet a broker: asks it for its topics. */
export async function untilItAnswers(brokers: string, gone: () => boolean): Promise<void> {
  const deadline = Date.now() + START_MS;
  const [host, port] = brokers.split(':') as [string, string];
  while (!(await isOpen(host, Number(port)))) {
    if (gone()) throw new Error('it ended right away');
    if (Date.now() > deadline) throw new Error(`nothing listens on ${brokers} after ${START_MS / 1000} s`);
    await sleep(50);
  }
  fixIdleLoop();
  const retry = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 30 };
  const client = new kafkajs.Kafka({
    brokers: [brokers],
    clientId: 'probe',
    logLevel: kafkajs.logLevel.NOTHING,
    retry,
  });
  const admin = client.admin();
  await admin.connect();
  try {
    await admin.listTopics();
  } finally {
    await admin.disconnect();
  }
}

function isOpen(host: string, port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(port, host);
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
    socket.once('connect', () => socket.destroy());
  });
}
