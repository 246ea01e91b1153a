import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Check, checkBooks, type Facts } from './demo/books.js';
import { collect, untilQuiet } from './demo/facts.js';
import { Kills } from './demo/kills.js';
import { crowd, type Plan, story } from './demo/plan.js';
import { Play } from './demo/play.js';
import { Random } from './demo/random.js';
import { timelineOf } from './demo/timeline.js';
import { readPlaces } from './issuer/identities.js';
import { type ServiceName, SERVICES } from './system/services.js';
import { onStopSignal } from './system/stop-signals.js';
import { attachSystem, CATALOG_DATA, ROOT, type RunningSystem, startSystem, type System } from './system/system.js';

/**
 * `npm run demo`: plays the four procedures, or many cases, against the system that runs here, or against one of its own, and checks the
 * books. Exit code 0 when they are in order, 1 when not, 2 for wrong arguments.
 */
const usage = `usage: npm run demo [-- [--kafka] [--cases N] [--seed S] [--kill ${SERVICES.join('|')}] [--state FOLDER]]`;
const options = readOptions();
const began = performance.now();
const say = (line: string) => console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`);
/** Many cases at a time keep the services busy; more would only wait. */
const AT_ONCE = 100;
const PROGRESS_MS = 3_000;
const FAULTS_SHOWN = 10;

let own: RunningSystem | undefined;
let playing = false;
const abort = new AbortController();
onStopSignal(() => void stop());

let exitCode = 1;
try {
  const system = attachSystem(join(options.state, options.log)) ?? (own = await startOwn());
  if (await demo(system)) exitCode = 0;
} catch (error) {
  if (!abort.signal.aborted) console.error(`the demo failed: ${(error as Error).message}`);
}
await own?.stop();
process.exit(abort.signal.aborted ? 130 : exitCode);

/** A system of its own for this run alone. Its topics stay on brokers that others use too, and with them its data. */
function startOwn(): Promise<RunningSystem> {
  say(`nothing runs on the ${options.log} log: starting a system of its own`);
  const kafkaBrokers = process.env.KAFKA_BROKERS;
  return startSystem({
    log: options.log,
    folder: join(options.state, `${options.log}-own`),
    ports: 'free',
    fresh: !kafkaBrokers,
    say,
    abort: abort.signal,
    kafkaBrokers,
  });
}

async function stop(): Promise<void> {
  console.log('\nstopping');
  abort.abort();
  await own?.stop();
  // A start that is under way is undone by itself.
  if (own || playing) process.exit(130);
}

async function demo(system: System): Promise<boolean> {
  playing = true;
  const { localities, bodies } = readPlaces(CATALOG_DATA);
  const codes = localities.map(({ code }) => code);
  const random = new Random(options.seed);
  const withoutFund = codes.filter((code) => !bodies.some(({ id }) => id === `${code}-housing-fund`));
  const plans = options.cases ? crowd(options.cases, random, codes, withoutFund) : story(random);
  // Different for every run, so that a system can be used for many.
  const run = `D${Date.now().toString(36)}${process.pid.toString(36)}`.toUpperCase();
  say(`${plans.length} cases, seed ${options.seed}, numbers of the windows begin with ${run}`);

  const play = await Play.begin(system, codes, run);
  try {
    const kills = options.kill && new Kills(system, options.kill, say);
    const playBegan = performance.now();
    const moved = options.cases ? await playAll(play, plans, kills) : await tell(system, play, plans, kills);
    const seconds = (performance.now() - playBegan) / 1000;
    await kills?.end();
    const stuck = moved ? [] : await play.stuck();
    for (const line of stuck) say(line);
    if (moved) await untilQuiet(system, play.http);
    await play.end();

    console.log('\nWhat happened');
    for (const [what, count] of Object.entries(play.counts)) if (count > 0) console.log(`  ${count} ${what}`);
    if (options.cases) console.log(`  ${(plans.length / seconds).toFixed(1)} cases per second`);
    const facts = await collect(system, play, codes);
    return report([outsiders(play, plans, facts, stuck, kills), ...checkBooks(facts)]);
  } finally {
    await play.end();
    await play.client.close();
  }
}

/** Prints the books; whether they are in order. */
function report(checks: readonly Check[]): boolean {
  console.log('\nThe books');
  for (const { title, counted, faults } of checks) {
    console.log(`  ${faults.length === 0 ? '✓' : '✗'} ${title}: ${counted}`);
    for (const fault of faults.slice(0, FAULTS_SHOWN)) console.log(`      ${fault}`);
    if (faults.length > FAULTS_SHOWN) console.log(`      and ${faults.length - FAULTS_SHOWN} more`);
  }
  const wrong = checks.filter(({ faults }) => faults.length > 0).length;
  console.log(wrong === 0 ? '\nThe books are in order.' : `\n${wrong} of ${checks.length} checks failed.`);
  return wrong === 0;
}

/** One case after the other, each with its timeline. */
async function tell(system: System, play: Play, plans: readonly Plan[], kills?: Kills): Promise<boolean> {
  for (const plan of plans) {
    const watch = () => kills?.look(play.ledger.all().length / plans.length);
    if (!(await play.run([plan], 1, watch))) return false;
    await untilQuiet(system, play.http);
    const one = play.ledger.all().at(-1);
    if (one) console.log(`\n${(await timelineOf(system, play.http, one, process.stdout.columns ?? 100)).join('\n')}\n`);
  }
  return true;
}

async function playAll(play: Play, plans: readonly Plan[], kills?: Kills): Promise<boolean> {
  let told = 0;
  return play.run(plans, AT_ONCE, (settled) => {
    const acknowledged = play.ledger.all().length;
    kills?.look(acknowledged / plans.length);
    if (performance.now() - told < PROGRESS_MS) return;
    told = performance.now();
    say(`${acknowledged} acknowledged, ${settled} settled of ${plans.length}`);
  });
}

/** What the outside parties met: nothing unforeseen, and every mishap that was planned. */
function outsiders(
  play: Play,
  plans: readonly Plan[],
  { notices }: Facts,
  stuck: readonly string[],
  kills?: Kills,
): Check {
  const { ledger } = play;
  const repeated = notices
    .filter(({ caseId }) => ledger.find(caseId))
    .reduce((sum, { attempts }) => sum + attempts - 1, 0);
  const planned = (is: (plan: Plan) => boolean) => plans.filter(is).length;
  const mishaps: [string, number, number][] = [
    ['refused cases', planned(({ refuse }) => refuse !== undefined), ledger.countOf('refused')],
    ['lost parcels', planned(({ parcel }) => parcel === 'lose'), ledger.countOf('parcel-lost')],
    ['parcels that come back', planned(({ parcel }) => parcel === 'return'), ledger.countOf('parcel-returned')],
    ['repeated messages', 2 * planned(({ messages }) => messages === 'fail'), repeated],
  ];
  const missing = mishaps.flatMap(([what, wanted, happened]) =>
    happened < wanted ? [`${wanted} ${what} were planned, ${happened} happened`] : [],
  );
  const acknowledged = play.ledger.all().length;
  return {
    title: 'all went as planned at the outside parties',
    counted: `${acknowledged} of ${plans.length} applications acknowledged${kills ? `, ${kills.done} kills` : ''}`,
    faults: [
      ...(acknowledged === plans.length ? [] : [`${plans.length - acknowledged} applications have no receipt`]),
      ...stuck,
      ...missing,
      ...play.faults,
      ...(kills?.faults ?? []),
    ],
  };
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        kafka: { type: 'boolean', default: false },
        cases: { type: 'string' },
        seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
        kill: { type: 'string' },
        state: { type: 'string', default: join(ROOT, '.lianban/demo') },
      },
    });
    const { kafka, cases, seed, kill, state } = values;
    if (cases !== undefined && !/^[1-9]\d{0,4}$/.test(cases)) throw new Error('--cases takes a number from 1 to 99999');
    if (!/^\d{1,9}$/.test(seed)) throw new Error('--seed takes a whole number');
    if (kill !== undefined && !isService(kill)) throw new Error(`--kill takes one of ${SERVICES.join(', ')}`);
    return {
      log: kafka ? ('kafka' as const) : ('embedded' as const),
      cases: cases === undefined ? undefined : Number(cases),
      seed: Number(seed),
      kill,
      state: resolve(state),
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    process.exit(2);
  }
}

function isService(name: string): name is ServiceName {
  return (SERVICES as readonly string[]).includes(name);
}
