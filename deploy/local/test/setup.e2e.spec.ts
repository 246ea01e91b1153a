/** `npm start` and `npm run demo` run behind tools/setup.mjs: what a supervisor sends to that process alone has to reach the program. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { ROOT } from '../src/system/system.js';

const folder = mkdtempSync(join(tmpdir(), 'lianban-setup-'));
const program = join(folder, 'program.mjs');
writeFileSync(
  program,
  `setInterval(() => undefined, 1_000);
   process.on('SIGINT', () => process.exit(41)).on('SIGTERM', () => process.exit(42));
   console.log('up');`,
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  ['SIGINT', 41],
  ['SIGTERM', 42],
] as const)('%s to the wrapper stops the program in good order', async (signal, code) => {
  const wrapper = spawn(process.execPath, [join(ROOT, 'tools/setup.mjs'), '--no-build', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  await once(wrapper.stdout, 'data');
  wrapper.kill(signal);
  expect(await once(wrapper, 'exit')).toEqual([code, null]);
});
