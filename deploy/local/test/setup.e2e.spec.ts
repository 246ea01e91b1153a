/** `npm start` and `npm run demo` run behind tools/setup.mjs: what a supervisor sends to npm alone has to reach the program. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { eventually } from '@lianban/testing/eventually';
import { ROOT } from '../src/system/system.js';

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { start: string } };
const folder = mkdtempSync(join(tmpdir(), 'lianban-setup-'));
const program = join(folder, 'program.mjs');
writeFileSync(
  program,
  `setInterval(() => undefined, 1_000);
   for (const signal of ['SIGINT', 'SIGTERM'])
     process.on(signal, () => { console.log('heard ' + signal); process.exit(); });
   console.log('up as ' + process.pid);`,
);
// The script of `npm start` with another program in it.
const start = scripts.start
  .replace('tools/setup.mjs', `${join(ROOT, 'tools/setup.mjs')} --no-build`)
  .replace('deploy/local/dist/start.js', program);
writeFileSync(join(folder, 'package.json'), JSON.stringify({ scripts: { start } }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each(['SIGINT', 'SIGTERM'] as const)('%s to npm stops the program in good order', async (signal) => {
  const npm = spawn('npm', ['start'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  let printed = '';
  npm.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const closed = once(npm, 'close');
  await eventually(() => printed.includes('up as'), { timeoutMs: 20_000 });
  npm.kill(signal);
  try {
    await eventually(() => printed.includes(`heard ${signal}`), { timeoutMs: 5_000 });
  } catch (error) {
    process.kill(Number(/up as (\d+)/.exec(printed)![1]), 'SIGKILL');
    throw error;
  }
  // The pipe closes with the last process that holds it.
  expect(await closed).toEqual([0, null]);
});
