import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../../../services');
const services = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'package.json')));

/** Runs a built program with these settings and no others. */
function run(service: string, program: string, settings: Record<string, string>) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, service, 'dist', program)], {
    env: settings,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe.each(services)('%s', (service) => {
  it('without its settings names each of them in one line and leaves with 1', () => {
    expect(run(service, 'main.js', { PORT: 'x', LOG_LEVEL: 'loud' })).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(
          `^${service}: setting PORT [^\\n]*DATABASE_URL[^\\n]*EVENT_LOG[^\\n]*OIDC_ISSUER[^\\n]*LOG_LEVEL[^\\n]*\\n$`,
        ),
      ),
    });
  });

  it('cannot be migrated without an address of its database, and says so in one line', () => {
    expect(run(service, 'migrate.js', {})).toEqual({
      status: 1,
      stdout: '',
      stderr: `${service}: setting MIGRATOR_DATABASE_URL is missing\n`,
    });
  });

  it('cannot be migrated where there is no database, and says so in one line', () => {
    const { status, stderr } = run(service, 'migrate.js', { MIGRATOR_DATABASE_URL: 'postgres://x@127.0.0.1:1/x' });
    expect(status).toBe(1);
    expect(stderr).toMatch(new RegExp(`^${service}: [^\\n]*ECONNREFUSED[^\\n]*\\n$`));
  });
});
