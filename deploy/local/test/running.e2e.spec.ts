/** What a newcomer does with the programs, on both event logs: start, demo, Ctrl-C, and what a crash leaves. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@lianban/testing/eventually';
import { testKafkaLog } from '@lianban/testing/test-kafka';
import { isAlive } from '../src/system/process-mark.js';
import { type RunFile, StateFolder } from '../src/system/state-folder.js';
import { Program } from './programs.js';

const LIMIT_MS = 180_000;
const running: Program[] = [];
const state = mkdtempSync(join(tmpdir(), 'lianban-e2e-'));

function run(...[name, args, env]: ConstructorParameters<typeof Program>): Program {
  const program = new Program(name, ['--state', state, ...args], env);
  running.push(program);
  return program;
}
afterEach(async () => {
  // A second signal would kill what is being stopped in order.
  const left = running.splice(0);
  for (const program of left) program.signal('SIGINT');
  await Promise.all(left.map((program) => program.ended));
}, LIMIT_MS);
afterAll(() => rmSync(state, { recursive: true, force: true, maxRetries: 5 }));

/** Everything a system has started. */
const processesOf = (folder: string): RunFile['processes'] => new StateFolder(join(state, folder)).lastRun()!.processes;
const aliveOf = (processes: RunFile['processes']) =>
  Object.entries(processes).flatMap(([name, mark]) => (isAlive(mark) ? [name] : []));

/** The command lines that name the folder, each behind its pid. */
function processesBelow(folder: string): string[] {
  const lines = existsSync('/proc/self/cmdline')
    ? readdirSync('/proc').flatMap((pid) => (/^\d+$/.test(pid) ? [`${pid} ${commandLine(pid)}`] : []))
    : execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(folder));
}
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return 'has ended';
  }
}

async function startedSystem(...args: string[]): Promise<Program> {
  const program = run('start', ['--free-ports', ...args]);
  await program.prints('Ready after', LIMIT_MS);
  return program;
}

async function countCases(): Promise<number> {
  const folder = new StateFolder(join(state, 'embedded'));
  const answer = await fetch(`${folder.running()!.urls.dispatch}/cases?limit=1`, {
    headers: { authorization: `Bearer ${folder.tokens().auditor!.token}` },
  });
  return ((await answer.json()) as { total: number }).total;
}

describe('on the embedded log', () => {
  it(
    'the demo starts a system of its own, tells four cases, finds the books in order and leaves nothing running',
    async () => {
      const demo = run('demo', ['--seed', '1']);
      await demo.prints('4 cases, seed 1', LIMIT_MS);
      const processes = processesOf('embedded-own');
      expect(aliveOf(processes)).toHaveLength(9);
      const printed = await demo.exits(0);
      expect(printed.match(/^LB-\d{6}-\d{8}-\d{6} .*$/gm)!.map((line) => line.replace(/^\S+ +/, ''))).toEqual([
        '企业职工基本养老保险关系跨省转移接续  办结，同意',
        '住房公积金异地转移接续  办结，同意',
        '失业保险关系跨省转移  办结，不予同意',
        '企业跨登记机关迁移登记  在办，等待岳阳市市场主体登记机关（移交全部登记档案）',
      ]);
      expect(printed).toContain('寄件丢失');
      expect(printed).toContain('未成功（provider.answer-503）');
      expect(printed).not.toContain('✗');
      expect(printed).toContain('The books are in order.');
      expect(aliveOf(processes)).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'a demo that is stopped while its system starts leaves nothing running',
    async () => {
      const demo = run('demo', []);
      // The signal is heard when the database's folder has been set up, and its server is being started.
      await demo.prints('starting a system of its own', LIMIT_MS);
      demo.signal('SIGINT');
      await demo.exits(130);
      expect(processesBelow(join(state, 'embedded-own'))).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'a service killed amid forty cases comes back and nothing is lost; the system outlives Ctrl-C and kill -9; books that were tampered with are found',
    async () => {
      let system = await startedSystem();
      const printed = await run('demo', ['--cases', '40', '--kill', 'dispatch']).exits(0);
      expect(printed.match(/kill -9 dispatch/g)).toHaveLength(2);
      expect(printed.match(/dispatch is back/g)).toHaveLength(2);
      expect(printed).toContain('The books are in order.');
      expect(await countCases()).toBe(40);

      const first = processesOf('embedded');
      system.signal('SIGINT');
      await system.exits(0);
      expect(aliveOf(first)).toEqual([]);

      system = await startedSystem();
      expect(await countCases()).toBe(40);
      const second = processesOf('embedded');
      system.signal('SIGKILL');
      await eventually(() => aliveOf(second).length === 0, { timeoutMs: 15_000 });

      await startedSystem();
      expect(await countCases()).toBe(40);
      await sendMessageWithoutNotice();
      expect(await run('demo', ['--cases', '4']).exits(1)).toContain('message nobody:sms without a notice');
    },
    LIMIT_MS,
  );

  it(
    'a second system in the same folder is refused; so are arguments that mean nothing',
    async () => {
      await startedSystem('--reset');
      expect(await countCases()).toBe(0);
      expect(await run('start', ['--free-ports']).exits(1)).toContain('already runs');
      expect(await run('start', ['--nonsense']).exits(2)).toContain('usage: npm start');
      expect(await run('demo', ['--kill', 'nobody']).exits(2)).toContain('usage: npm run demo');
    },
    LIMIT_MS,
  );
});

const kafka = await testKafkaLog();
(kafka ? describe : describe.skip)('on Apache Kafka', () => {
  it(
    'a service killed amid forty cases comes back and nothing is lost',
    async () => {
      const brokers = /^kafka:\/\/([^?]+)/.exec(kafka!)![1]!;
      const args = ['--kafka', '--cases', '40', '--kill', 'review'];
      const printed = await run('demo', args, { KAFKA_BROKERS: brokers }).exits(0);
      expect(printed.match(/review is back/g)).toHaveLength(2);
      expect(printed).toContain('The books are in order.');
    },
    LIMIT_MS,
  );
});

/** As if the provider had been asked for something no applicant should hear. */
async function sendMessageWithoutNotice(): Promise<void> {
  const { urls, keys } = new StateFolder(join(state, 'embedded')).running()!;
  const answer = await fetch(`${urls.messages}/messages`, {
    method: 'POST',
    headers: { 'x-sms-key': keys.sms, 'idempotency-key': 'nobody:sms', 'content-type': 'application/json' },
    body: JSON.stringify({ to: '13900000000', text: '测试' }),
  });
  expect(answer.status).toBe(201);
}
