// Lints with the Nx project graph at hand, then checks the formatting. Arguments: folders to lint (default: everything).
//
// Without a cached project graph the boundary rule skips itself, prints a line and passes. So the graph is computed
// first, that line is a failure, and the files in tools/lint-canary must produce exactly the faults they contain.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

const root = join(import.meta.dirname, '..');
const canaryFolder = join(root, 'tools/lint-canary');
const expectedOfCanary = [
  'canary.ts:4 @nx/enforce-module-boundaries',
  'canary.ts:5 @nx/enforce-module-boundaries',
  'canary.ts:6 @typescript-eslint/no-floating-promises',
  'canary.unit.spec.ts:3 @nx/enforce-module-boundaries',
];

const targets = process.argv.slice(2);
const whole = targets.length === 0;
// Nested calls come from an Nx target: the outer Nx has computed the graph already and holds its lock.
const env = { ...process.env, NX_DAEMON: 'false', NX_NO_CLOUD: 'true', NX_TUI: 'false', NO_COLOR: '1' };
const children = new Set();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const child of children) child.kill(signal);
    process.exitCode = 1;
  });
}

/** Runs one of the tools under node_modules; resolves to exit code and output. */
function run(script, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, 'node_modules', script), ...args], {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.once('error', reject);
    child.once('close', (code) => {
      children.delete(child);
      resolve({ code, stdout, stderr });
    });
  });
}

const faults = [];

if (!process.env.NX_TASK_TARGET_PROJECT) {
  const graph = await run('nx/dist/bin/nx.js', ['show', 'projects', '--json']);
  if (graph.code !== 0) {
    console.error(graph.stdout + graph.stderr);
    console.error('lint: Nx could not compute the project graph, so the package boundaries cannot be checked');
    process.exit(1);
  }
}

const formatting = whole ? run('prettier/bin/prettier.cjs', ['--check', '--log-level=warn', '.']) : undefined;
const folders = whole
  ? ['.']
  : [...targets, canaryFolder].filter((target) => existsSync(join(root, relative(root, target))));
const linted = await run('eslint/bin/eslint.js', [
  '--format',
  'json',
  '--max-warnings',
  '0',
  '--no-error-on-unmatched-pattern',
  ...folders,
]);

const start = linted.stdout.indexOf('[{');
if (/No cached ProjectGraph/.test(linted.stdout + linted.stderr))
  faults.push('the boundary rule was skipped: no project graph');
if (linted.code > 1 || start < 0) {
  console.error(linted.stdout + linted.stderr);
  faults.push('eslint did not finish');
}
const results = start < 0 ? [] : JSON.parse(linted.stdout.slice(start));

const ofCanary = [];
let files = 0;
for (const { filePath, messages } of results) {
  if (filePath.startsWith(canaryFolder + sep)) {
    for (const { line, ruleId } of messages) ofCanary.push(`${relative(canaryFolder, filePath)}:${line} ${ruleId}`);
    continue;
  }
  files++;
  for (const { line, column, message, ruleId } of messages) {
    faults.push(`${relative(root, filePath)}:${line}:${column} ${message} (${ruleId ?? 'syntax'})`);
  }
}
const missing = expectedOfCanary.filter((line) => !ofCanary.includes(line));
const surplus = ofCanary.filter((line) => !expectedOfCanary.includes(line));
for (const line of missing) faults.push(`lint canary: not reported: ${line}`);
for (const line of surplus) faults.push(`lint canary: reported, though allowed: ${line}`);

if (formatting) {
  const { code, stdout, stderr } = await formatting;
  if (code !== 0) {
    const lines = `${stdout}${stderr}`.split('\n').filter((line) => line.trim() !== '');
    for (const line of lines) faults.push(`format: ${line}`);
  }
}

for (const fault of faults) console.error(fault);
console.log(
  faults.length === 0
    ? `lint: ${files} files, no faults; canary: all ${expectedOfCanary.length} forbidden lines reported`
    : `lint: ${files} files, ${faults.length} faults`,
);
process.exitCode = faults.length === 0 ? 0 : 1;
