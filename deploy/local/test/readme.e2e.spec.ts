/** The commands of the README's "Connect" chapters, pasted into bash as printed, beside a system that runs as `npm start` runs it. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@lianban/testing/eventually';
import { kafkaHome, whatIsMissing } from '@lianban/testing/kafka';
import { PORTS, SERVICES } from '../src/system/services.js';
import { type LogKind, type RunFile, StateFolder } from '../src/system/state-folder.js';
import { ROOT } from '../src/system/system.js';
import { Program } from './programs.js';

const LIMIT_MS = 180_000;

/** The ```sh blocks in their order; `sh kafka` marks what needs Kafka. */
function commandsOf(readme: string): { kafka: boolean; commands: string }[] {
  const blocks = readFileSync(join(ROOT, readme), 'utf8').matchAll(/^```sh( kafka)?\n(.*?)^```$/gms);
  return [...blocks].map(([, kafka, commands]) => ({ kafka: kafka !== undefined, commands: commands! }));
}

/** A terminal in a folder where `.lianban` and `deploy` are what they are in a clone. */
class Terminal {
  private readonly bash: ChildProcessByStdio<Writable, Readable, Readable>;
  private said = '';
  private complaints = '';

  constructor(cwd: string, env: Record<string, string>) {
    const node = join(ROOT, 'node_modules/.bin');
    this.bash = spawn('bash', ['-o', 'pipefail'], {
      cwd,
      stdio: 'pipe',
      env: { ...process.env, PATH: `${node}:${process.env.PATH}`, NODE_OPTIONS: '', ...env },
    });
    this.bash.stdout.setEncoding('utf8').on('data', (text: string) => (this.said += text));
    this.bash.stderr.setEncoding('utf8').on('data', (text: string) => (this.complaints += text));
  }

  /** Resolves to what the commands print; rejects when the last of them fails, or one prints what a person would take for an error. */
  async paste(commands: string, expectedComplaints = /^$/): Promise<string> {
    const end = randomUUID();
    this.said = this.complaints = '';
    this.bash.stdin.write(`${commands}\necho "${end} $?"\n`);
    const ended = new RegExp(`${end} (\\d+)\n$`);
    await eventually(() => ended.test(this.said), { timeoutMs: 60_000 });
    const unexpected = this.complaints.split('\n').filter((line) => line !== '' && !expectedComplaints.test(line));
    if (ended.exec(this.said)![1] !== '0' || unexpected.length > 0)
      throw new Error(`${commands}\nprinted\n${this.said}\n${unexpected.join('\n')}`);
    return this.said.replace(ended, '');
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.bash.once('close', resolve));
    this.bash.stdin.end();
    await closed;
  }
}

type Json = Record<string, unknown>;
/** JSON documents that were printed one behind the other, with or without line breaks between them. */
const documents = (printed: string): Json[] =>
  printed
    .trim()
    .replaceAll('}{', '}\n{')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Json);

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
}, LIMIT_MS);

/** A system on free ports, a terminal beside it, and the commands with nothing changed but those ports and the log's name. */
async function start(log: LogKind) {
  const clone = mkdtempSync(join(tmpdir(), 'lianban-readme-'));
  cleanUps.push(() => rmSync(clone, { recursive: true, force: true, maxRetries: 5 }));
  symlinkSync(join(ROOT, 'deploy'), join(clone, 'deploy'));
  const state = join(clone, '.lianban/demo');
  const args = ['--free-ports', '--state', state, ...(log === 'kafka' ? ['--kafka'] : [])];
  const system = new Program('start', args, { KAFKA_BROKERS: '', LIANBAN_KAFKA_HOME: kafkaHome() });
  cleanUps.push(() => {
    system.signal('SIGINT');
    return system.ended;
  });
  await system.prints('Ready after', LIMIT_MS);
  const folder = new StateFolder(join(state, log));
  const { urls, eventLog } = folder.running()!;
  const terminal = new Terminal(clone, {
    KAFKA_BROKERS: eventLog.replace('kafka://', ''),
    LIANBAN_KAFKA_HOME: kafkaHome(),
  });
  cleanUps.push(() => terminal.close());
  const [window, office, dashboard, kafka] = commandsOf('README.md').map(({ commands }) =>
    onPortsOf(urls, commands).replace(/^LOG=embedded /m, `LOG=${log} `),
  );
  return { terminal, folder, window: window!, office: office!, dashboard: dashboard!, kafka: kafka! };
}

const onPortsOf = (urls: RunFile['urls'], commands: string): string =>
  SERVICES.reduce((text, name) => text.replaceAll(`http://127.0.0.1:${PORTS[name]}/`, `${urls[name]}/`), commands);

/** Window, back office and dashboard, one after the other; resolves to the number the window gave the application. */
async function connectOverHttp({
  terminal: bash,
  folder,
  window,
  office,
  dashboard,
}: Awaited<ReturnType<typeof start>>) {
  const [receipt] = documents(await bash.paste(window));
  expect(receipt).toMatchObject({
    caseNo: expect.stringMatching(/^LB-430600-\d{8}-000001$/),
    receiptNo: expect.stringMatching(/^SJ-430600-\d{8}-000001$/),
    source: { system: 'window-430600' },
  });
  const { caseId, caseNo, source } = receipt as { caseId: string; caseNo: string; source: { number: string } };

  const [task, decided] = documents(await bash.paste(office));
  expect(task).toMatchObject({ caseId, caseNo, state: 'open', body: { id: '371300-social-insurance' } });
  expect(decided).toMatchObject({ taskId: task!.id, outcome: 'approve', reference: '办〔2026〕1号' });

  // A person takes longer to read on than the decision takes to get there.
  const timelineUrl = `${folder.running()!.urls.dispatch}/cases/${caseId}/timeline`;
  const headers = { authorization: `Bearer ${folder.tokens()['supervisor-430600']!.token}` };
  await eventually(async () => (await (await fetch(timelineUrl, { headers })).text()).includes('task-approved'), {
    timeoutMs: 30_000,
  });

  const printed = await bash.paste(dashboard, /^curl: \(28\) Operation timed out after 3\d{3} milliseconds/);
  const feed = [...printed.matchAll(/^event: case-changed\nid: \d+\.\d+\ndata: (.*)$/gm)].map(
    ([, data]) => JSON.parse(data!) as Json,
  );
  const path = ['opened', 'task-requested', 'task-approved', 'task-requested'];
  expect(feed.map((entry) => [entry.caseNo, entry.change])).toEqual(path.map((change) => [caseNo, change]));
  const [list, timeline] = documents(printed);
  expect(list).toMatchObject({
    total: 1,
    items: [{ id: caseId, status: 'open', waitingOn: [{ body: { id: '340100-social-insurance' } }] }],
  });
  expect((timeline!.items as Json[]).map(({ change }) => change)).toEqual(path);
  return source.number;
}

it('both languages print the same commands: three blocks for any log and one for Kafka', () => {
  const english = commandsOf('README.md');
  expect(english.map(({ kafka }) => kafka)).toEqual([false, false, false, true]);
  expect(commandsOf('README.zh-CN.md')).toEqual(english);
});

it(
  'on the embedded log a window, a back office and a dashboard connect as the README says',
  async () => {
    await connectOverHttp(await start('embedded'));
  },
  LIMIT_MS,
);

const missing = whatIsMissing();
if (missing && process.env.CI === 'true') throw new Error(missing);
if (missing) process.stderr.write(`\n*** THE README'S KAFKA COMMANDS ARE NOT RUN: ${missing}\n\n`);
(missing ? describe.skip : describe)('on Apache Kafka from its jars', () => {
  it(
    'they connect too, and the console tools hand in an application and read its receipt and its task',
    async () => {
      const started = await start('kafka');
      const number = await connectOverHttp(started);

      const expected = /^Processed a total of \d+ messages$|KIP-848/;
      const printed = documents(await started.terminal.paste(started.kafka, expected));
      const receipts = printed.filter(({ receiptNo }) => receiptNo);
      expect(receipts.map(({ source }) => (source as Json).number)).toEqual(
        expect.arrayContaining([number, `${number}-K`]),
      );
      const ofTopic = receipts.find(({ source }) => (source as Json).number === `${number}-K`)!;
      expect(printed.filter(({ taskId }) => taskId).map(({ caseNo }) => caseNo)).toContain(ofTopic.caseNo);
    },
    LIMIT_MS,
  );
});
