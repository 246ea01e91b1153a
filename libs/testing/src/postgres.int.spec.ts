import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';
import { ask, startPostgres } from './postgres.js';
import { startOwnedProcess } from './process.js';
import { testDatabase, testEmbeddedLog } from './test-database.js';

const folder = mkdtempSync(join(tmpdir(), 'lianban-postgres-spec-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a PostgreSQL of our own', () => {
  it('keeps its data over a stop, and over the lock file of a killed run whose pid is another program by now', async () => {
    const first = await startPostgres({ folder });
    await ask(first.adminUrl, (client) => client.query('create table kept as select 7 as seven'));
    await first.stop();
    await expect(ask(first.adminUrl, (client) => client.query('select 1'))).rejects.toThrow();

    writeFileSync(join(folder, 'data/postmaster.pid'), `${process.pid}\n${join(folder, 'data')}\n1700000000\n5432\n`);
    const second = await startPostgres({ folder });
    const settings = `select seven, current_setting('fsync') as fsync from kept`;
    const { rows } = await ask(second.adminUrl, (client) => client.query(settings));
    expect(rows).toEqual([{ seven: 7, fsync: 'on' }]);
    await second.stop();
  });

  it('refuses a folder that another server runs on, in one sentence', async () => {
    const server = await startPostgres({ folder });
    const pid = Number(readFileSync(join(folder, 'data/postmaster.pid'), 'utf8').split('\n')[0]);
    await expect(startPostgres({ folder })).rejects.toThrow(`another PostgreSQL (pid ${pid}) runs on`);
    await server.stop();
  });
});

describe('an owned process', () => {
  it('is stopped by its pid, and its folder goes with it', async () => {
    const rubbish = mkdtempSync(join(tmpdir(), 'lianban-owned-'));
    const settings = { command: 'sleep', args: ['600'], output: join(rubbish, 'output'), stopSignal: 'TERM' } as const;
    const server = await startOwnedProcess({ ...settings, removeAfter: rubbish });
    expect(alive(server.pid)).toBe(true);
    await server.stop();
    expect(alive(server.pid)).toBe(false);
    expect(existsSync(rubbish)).toBe(false);
  });

  it('ends with the process that started it, even when that is killed with -9', async () => {
    const rubbish = mkdtempSync(join(tmpdir(), 'lianban-owned-'));
    const program = `
      const { startOwnedProcess } = await import(${JSON.stringify(`file://${builtProcessModule()}`)});
      const server = await startOwnedProcess({ command: 'sleep', args: ['600'], output: ${JSON.stringify(join(rubbish, 'o'))},
        stopSignal: 'TERM', removeAfter: ${JSON.stringify(rubbish)} });
      console.log(server.pid);
      setInterval(() => undefined, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<number>((resolve) => owner.stdout.once('data', (text) => resolve(Number(text))));
    expect(alive(pid)).toBe(true);
    owner.kill('SIGKILL');
    await eventually(() => !alive(pid) && !existsSync(rubbish));
  });
});

/** The module as plain JavaScript, for a process outside Jest. */
function builtProcessModule(): string {
  const file = join(folder, 'process.mjs');
  const swc = join(import.meta.dirname, '../../../node_modules/.bin/swc');
  const source = join(import.meta.dirname, 'process.ts');
  const { status, stderr } = spawnSync(swc, [
    '-C',
    'jsc.parser.syntax=typescript',
    '-C',
    'jsc.target=es2022',
    source,
    '-o',
    file,
  ]);
  if (status !== 0) throw new Error(stderr.toString());
  return file;
}

describe('databases for specs', () => {
  it('give the app role rows and sequences of what the migrator makes, and no right to change it', async () => {
    const database = await testDatabase((url) =>
      ask(url, async (client) => {
        await client.query('create table note (id bigint generated always as identity primary key, text text)');
        await client.query('create sequence number');
      }),
    );
    await ask(database.databaseUrl, async (client) => {
      await client.query(`insert into note (text) values ('a')`);
      await client.query(`update note set text = 'b'`);
      await client.query(`select nextval('number')`);
      await client.query('truncate note');
      await expect(client.query('create table own (id int)')).rejects.toThrow(/permission denied/);
      await expect(client.query('drop table note')).rejects.toThrow(/must be owner/);
      await expect(client.query('create temporary table own (id int)')).rejects.toThrow(/permission denied/);
    });
    const other = await testDatabase(() => Promise.resolve());
    const foreign = new URL(database.databaseUrl);
    foreign.pathname = new URL(other.databaseUrl).pathname;
    await expect(ask(foreign.href, (client) => client.query('select 1'))).rejects.toThrow(/permission denied/);
    const asMigrator = new URL(database.migratorUrl);
    asMigrator.password = new URL(database.databaseUrl).password;
    await expect(ask(asMigrator.href, (client) => client.query('select 1'))).rejects.toThrow(/password authentication/);
    await Promise.all([database.drop(), other.drop()]);
    await expect(ask(database.databaseUrl, (client) => client.query('select 1'))).rejects.toThrow();
  });

  it('an embedded log gets a database it may fill', async () => {
    await ask(await testEmbeddedLog(), (client) => client.query('create table log_record (n int)'));
  });
});
