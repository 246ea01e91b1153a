// Compiles every workspace from src/ to dist/ with swc, skipping those whose sources are older than their output.
import { readFileSync, readdirSync, existsSync, writeFileSync, rmSync, mkdirSync, copyFileSync } from 'node:fs';
import { join, dirname, relative } from 'node:path';
import { createHash } from 'node:crypto';
import { transformFile } from '@swc/core';

const root = join(import.meta.dirname, '..');
const projects = ['libs', 'services']
  .flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name)))
  .concat(join(root, 'deploy/local'));

/** Every file below `dir` that belongs in dist: sources without specs, and data files beside them. */
function sources(dir) {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.spec.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

const swcrc = readFileSync(join(root, '.swcrc'), 'utf8');
let compiled = 0;
for (const project of projects) {
  const src = join(project, 'src');
  if (!existsSync(src)) continue;
  const files = sources(src);
  const stamp = createHash('sha256').update(swcrc);
  for (const file of files) stamp.update(relative(root, file)).update(readFileSync(file));
  const digest = stamp.digest('hex');
  const stampFile = join(project, 'dist/.stamp');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === digest) continue;
  rmSync(join(project, 'dist'), { recursive: true, force: true });
  for (const file of files) {
    const target = join(project, 'dist', relative(src, file));
    mkdirSync(dirname(target), { recursive: true });
    if (!file.endsWith('.ts') || file.endsWith('.d.ts')) {
      copyFileSync(file, target);
      continue;
    }
    const { code, map } = await transformFile(file, { swcrc: true, configFile: join(root, '.swcrc'), root });
    const output = target.replace(/\.ts$/, '.js');
    writeFileSync(output, `${code}\n//# sourceMappingURL=${output.split('/').pop()}.map\n`);
    if (map) writeFileSync(`${output}.map`, map);
  }
  mkdirSync(join(project, 'dist'), { recursive: true });
  writeFileSync(stampFile, digest);
  compiled++;
}
if (compiled > 0) console.log(`build: ${compiled} of ${projects.length} packages compiled`);
