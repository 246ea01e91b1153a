// Breaks one promise after the other in the source and shows that the tests notice: node tools/test-red.mjs [name…].
//
// A suite that stays green although a promise is broken proves nothing. Each entry changes one place, runs the named suites and expects at
// least one failed assertion; the source is put back whatever happens.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** `from` must stand in `file` exactly once. */
const breaks = [
  {
    name: 'mark-compare',
    promise: 'a mark moves only from where it was expected',
    file: 'libs/eventing/src/marks.ts',
    from: 'if (row?.moved !== moves.length) throw new MarksMoved();',
    to: 'void row;',
    suites: ['libs/eventing/test/embedded.int.spec.ts'],
  },
  {
    name: 'mark-drop',
    promise: 'what lies at or under the mark is dropped',
    file: 'libs/eventing/src/batch-consumer.ts',
    from: 'if (known && at.seq <= Number(known.seq)) return undefined;',
    to: '',
    suites: ['libs/eventing/test/embedded.int.spec.ts'],
  },
  {
    name: 'lane-order',
    promise: 'all events of a case share one lane, and with it one order',
    file: 'libs/eventing/src/outbox.ts',
    from: 'lane: laneOf(event.caseId),',
    to: 'lane: laneOf(event.id),',
    suites: ['libs/eventing/test/embedded.int.spec.ts'],
  },
  {
    name: 'all-or-none',
    promise: 'one refusal takes back what the other bodies of an all-or-none step were asked',
    file: 'libs/procedure/src/engine.ts',
    from: `if (step.acceptance === 'all-or-none') recall(step, own, 'all-or-none: another body refused', effects);`,
    to: '',
    suites: ['libs/procedure/src'],
  },
  {
    name: 'join',
    promise: 'a step with several bodies is done when all of them have answered',
    file: 'libs/procedure/src/engine.ts',
    from: `if (own.tasks.every(({ status }) => status !== 'open')) own.status = 'done';`,
    to: `own.status = 'done';`,
    suites: ['libs/procedure/src'],
  },
  {
    name: 'locality',
    promise: 'nobody reads or touches what belongs to another locality',
    file: 'libs/access/src/policy.ts',
    from: '(!resource || (resource.localities ?? []).includes(actor.locality))',
    to: 'true',
    suites: [
      'libs/access/src',
      'services/review/src/review.access.spec.ts',
      'services/dispatch/src/dispatch.access.spec.ts',
    ],
  },
  {
    name: 'pause',
    promise: 'a pause takes out exactly the closing times that lie in it',
    file: 'libs/calendar/src/counting.ts',
    from: 'const resumed = Math.max(reached, line(new Date(standstill.to), calendar));',
    to: 'const resumed = Math.max(reached, line(new Date(standstill.to), calendar)) + 1;',
    suites: ['libs/calendar/src'],
  },
  {
    name: 'notices',
    promise: 'a day that is missing in the notices is noticed',
    file: 'libs/calendar/src/notices.json',
    from: '"2026-02-16",',
    to: '',
    suites: ['libs/calendar'],
  },
];

const named = process.argv.slice(2);
const unknown = named.filter((name) => !breaks.some((entry) => entry.name === name));
if (unknown.length > 0) {
  console.error(
    `test-red: no such entry: ${unknown.join(', ')}; there are ${breaks.map(({ name }) => name).join(', ')}`,
  );
  process.exit(2);
}

const work = mkdtempSync(join(tmpdir(), 'lianban-red-'));
const originals = new Map();
let child;
function restore() {
  for (const [path, text] of originals) writeFileSync(path, text);
  originals.clear();
}
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    child?.kill(signal);
    restore();
    process.exit(1);
  });
}

/** Jest's counts for the suites, or undefined when it left none. */
async function counts(suites) {
  const outputFile = join(work, 'result.json');
  rmSync(outputFile, { force: true });
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  child = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      jest,
      '--silent',
      '--maxWorkers=2',
      '--json',
      `--outputFile=${outputFile}`,
      ...suites,
    ],
    { cwd: root, stdio: 'ignore', env: { ...process.env, TZ: 'UTC', NODE_ENV: 'test' } },
  );
  await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  return existsSync(outputFile) ? JSON.parse(readFileSync(outputFile, 'utf8')) : undefined;
}

let green = 0;
try {
  for (const { name, promise, file, from, to, suites } of breaks) {
    if (named.length > 0 && !named.includes(name)) continue;
    const path = join(root, file);
    const text = readFileSync(path, 'utf8');
    if (text.split(from).length !== 2) throw new Error(`${name}: its line does not stand in ${file} exactly once`);
    originals.set(path, text);
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
    const result = await counts(suites);
    restore();
    const noticed = result !== undefined && result.numFailedTests > 0;
    if (!noticed) green++;
    console.log(
      `${noticed ? 'red, as it must be' : 'NOT NOTICED       '}  ${name.padEnd(12)}  ` +
        `${result?.numFailedTests ?? 0} of ${result?.numTotalTests ?? 0} tests failed  (${promise})`,
    );
  }
} finally {
  restore();
  rmSync(work, { recursive: true, force: true });
}
process.exitCode = green === 0 ? 0 : 1;
