// Runs the test tiers and adds them up: node tools/test.mjs [tier…] [-- arguments for Jest].
//
// Tiers: lint, types, unit, access, int, e2e, compose; none named = all. One PostgreSQL and one Kafka broker serve all tiers of a run.
// The last line is `N passed, N failed` (and `, N skipped`); a lint, type check or container run counts as one.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const all = ['lint', 'types', 'unit', 'access', 'int', 'e2e', 'compose'];
const separator = process.argv.indexOf('--');
const named = process.argv.slice(2, separator < 0 ? undefined : separator);
const jestArgs = separator < 0 ? [] : process.argv.slice(separator + 1);
const unknown = named.filter((tier) => !all.includes(tier));
if (unknown.length > 0) {
  console.error(`test: no such tier: ${unknown.join(', ')}; there are ${all.join(', ')}`);
  process.exit(2);
}
const tiers = named.length > 0 ? named : all;

const work = mkdtempSync(join(tmpdir(), 'lianban-test-'));
const stops = [];
const children = new Set();
const env = {
  ...process.env,
  PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
  NODE_ENV: 'test',
  TZ: 'UTC',
};

let cleaned;
const cleanUp = () =>
  (cleaned ??= (async () => {
    for (const child of children) child.kill('SIGTERM');
    for (const stop of stops.reverse()) await stop().catch((error) => console.error(`test: ${error.message}`));
    rmSync(work, { recursive: true, force: true });
  })());
// A Ctrl-C may come more than once: from the terminal and from the program that started this one.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => void cleanUp().finally(() => process.exit(1)));
}

/** Runs a program in the repository's root; resolves to its exit code. */
function run(command, args, extraEnv = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', env: { ...env, ...extraEnv } });
    children.add(child);
    child.once('error', reject);
    child.once('close', (code) => {
      children.delete(child);
      resolve(code ?? 1);
    });
  });
}

const node = process.execPath;
const asOne = async (command, args) =>
  (await run(command, args)) === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };

/** Jest's own totals; a suite that could not even start counts as one failure. */
async function jest(tier, args) {
  const outputFile = join(work, `${tier}.json`);
  const code = await run(
    node,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      join(root, 'node_modules/jest/bin/jest.js'),
      '--json',
      `--outputFile=${outputFile}`,
      ...args,
      ...jestArgs,
    ],
    { TEST_TIER: tier },
  );
  if (!existsSync(outputFile)) return { passed: 0, failed: 1, skipped: 0 };
  const result = JSON.parse(readFileSync(outputFile, 'utf8'));
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  return {
    passed: result.numPassedTests,
    failed: code !== 0 && failed === 0 ? 1 : failed,
    skipped: result.numPendingTests + result.numTodoTests,
  };
}

/** Starts what the suites share, unless it is given by the environment. */
async function provide() {
  if (!tiers.some((tier) => ['access', 'int', 'e2e'].includes(tier))) return;
  if ((await run(node, [join(root, 'tools/build.mjs')])) !== 0) throw new Error('the build failed');
  const dist = (file) => import(join(root, 'libs/testing/dist', file));
  if (!env.TEST_POSTGRES_URL) {
    const { startPostgres } = await dist('postgres.js');
    const postgres = await startPostgres();
    stops.push(() => postgres.stop());
    env.TEST_POSTGRES_URL = postgres.adminUrl;
  }
  if (!env.KAFKA_BROKERS) {
    const { provideKafka } = await dist('test-kafka.js');
    const kafka = await provideKafka();
    if (kafka) {
      stops.push(() => kafka.stop());
      env.KAFKA_BROKERS = kafka.brokers;
    }
  }
}

const runners = {
  lint: () => asOne(node, [join(root, 'tools/lint.mjs')]),
  types: () => asOne(node, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json']),
  unit: () => jest('unit', []),
  access: () => jest('access', ['--maxWorkers=2']),
  int: () => jest('int', ['--maxWorkers=2']),
  // Whole systems: one at a time on two cores.
  e2e: () => jest('e2e', ['--runInBand']),
  compose: () => asOne('bash', [join(root, 'deploy/compose-check.sh')]),
};

const totals = { passed: 0, failed: 0, skipped: 0 };
try {
  await provide();
  for (const tier of tiers) {
    console.log(`\n== ${tier}`);
    const began = Date.now();
    const result = await runners[tier]();
    for (const key of Object.keys(totals)) totals[key] += result[key];
    console.log(
      `== ${tier}: ${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped (${Math.round((Date.now() - began) / 1000)} s)`,
    );
  }
} catch (error) {
  console.error(`test: ${error.message}`);
  totals.failed++;
} finally {
  await cleanUp();
}
console.log(
  `\n${totals.passed} passed, ${totals.failed} failed${totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''}`,
);
process.exitCode = totals.failed === 0 && totals.passed > 0 ? 0 : 1;
