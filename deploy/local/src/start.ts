import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { purposes, SERVICES } from './system/services.js';
import type { LogKind, TokenFile } from './system/state-folder.js';
import { onStopSignal } from './system/stop-signals.js';
import { ROOT, startSystem, type RunningSystem } from './system/system.js';
import { table } from './system/table.js';

/**
 * `npm start`: everything on this machine until Ctrl-C. `--reset` forgets what earlier runs kept, `--state` is where they keep it,
 * `--free-ports` takes any ports instead of the usual ones.
 */
const usage = 'usage: npm start [-- [--kafka] [--reset] [--state FOLDER] [--free-ports]]';
const options = readArguments();
const log: LogKind = options.kafka ? 'kafka' : 'embedded';
const folder = join(options.state, log);
const began = performance.now();
const seconds = () => ((performance.now() - began) / 1000).toFixed(1);
const say = (line: string) => console.log(`${seconds().padStart(6)} s  ${line}`);

const abort = new AbortController();
let system: RunningSystem | undefined;
onStopSignal(() => void stop());

async function stop(): Promise<void> {
  console.log('\nstopping (Ctrl-C again kills)');
  abort.abort();
  await system?.stop();
  if (system) {
    console.log('stopped; the data stays, npm start -- --reset forgets it');
    process.exit(0);
  }
}

try {
  system = await startSystem({
    log,
    folder,
    ports: options['free-ports'] ? 'free' : 'fixed',
    fresh: options.reset,
    say,
    abort: abort.signal,
    kafkaBrokers: process.env.KAFKA_BROKERS,
  });
  if (!abort.signal.aborted) announce(system);
  // Everything runs in other processes; this one waits for Ctrl-C.
  setInterval(() => undefined, 3_600_000);
} catch (error) {
  if (abort.signal.aborted) {
    console.log('stopped');
    process.exit(0);
  }
  console.error(`cannot start: ${(error as Error).message}`);
  process.exit(1);
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        kafka: { type: 'boolean', default: false },
        reset: { type: 'boolean', default: false },
        state: { type: 'string', default: join(ROOT, '.lianban/demo') },
        'free-ports': { type: 'boolean', default: false },
      },
    });
    return { ...values, state: resolve(values.state) };
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    process.exit(2);
  }
}

function announce({ urls, eventLog, folder: state }: RunningSystem): void {
  const tokens = state.tokens();
  const file = relative(ROOT, state.tokensFile);
  console.log(`\nReady after ${seconds()} s.\n`);
  console.log(
    table(
      ['what', 'address', 'for'],
      [
        ...SERVICES.map((name) => [name, urls[name], purposes[name]]),
        ['issuer', urls.issuer, 'OIDC access tokens (demo)'],
        ['carrier', urls.carrier, 'simulated carrier'],
        ['messages', urls.messages, 'simulated SMS and e-mail provider'],
        ['event log', eventLog.replace(/\/\/[^@/]*@/, '//'), log === 'kafka' ? 'Apache Kafka' : 'inside PostgreSQL'],
      ],
    ),
  );
  console.log(`\nTokens (whole in ${file}, for your eyes only; valid 12 h, renewed while this runs):\n`);
  console.log(table(['client', 'who', 'role', 'place', 'token'], tokenRows(tokens)));
  console.log(`\n  and so on for every place and body: window-, clerk-, courier-, supervisor-<code>, backoffice-, reviewer-<body>

Try:
  TOKEN=$(node -p "require('./${file}')['clerk-430600'].token")
  curl -H "authorization: Bearer $TOKEN" ${urls.catalog}/items
  npm run demo${log === 'kafka' ? ' -- --kafka' : ''}

Logs: ${relative(ROOT, state.logs)}/<name>.log    Ctrl-C stops everything.`);
}

/** One line per kind of actor. */
function tokenRows(tokens: TokenFile): string[][] {
  const shown = [
    'window-430600',
    'clerk-430600',
    'backoffice-371300-social-insurance',
    'reviewer-340100-social-insurance',
    'courier-371300',
    'supervisor-430600',
    'operator',
    'auditor',
    'dashboard',
  ];
  return shown.flatMap((id) => {
    const entry = tokens[id];
    return entry
      ? [[id, entry.name, entry.roles.join(', '), entry.locality ?? 'all', `${entry.token.slice(0, 12)}…`]]
      : [];
  });
}
