/** Fresh databases for specs, on the server of TEST_POSTGRES_URL or on one of the test process's own. */
import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { ask, createDatabase, createServiceDatabase, startPostgres, type PostgresServer } from './postgres.js';

export interface TestDatabase {
  /** Role app. */
  databaseUrl: string;
  /** Role migrator, the owner. */
  migratorUrl: string;
  adminUrl: string;
  /** Also ends connections that are still open. */
  drop(): Promise<void>;
}

/** A fresh database with both roles, migrated by `migrate`, as a service finds it. */
export async function testDatabase(migrate: (migratorUrl: string) => Promise<void>): Promise<TestDatabase> {
  const adminUrl = await testServer();
  const service = `t${randomBytes(6).toString('hex')}`;
  const urls = await createServiceDatabase(adminUrl, service, randomBytes(9).toString('hex'));
  await migrate(urls.migratorUrl);
  return {
    ...urls,
    adminUrl,
    drop: () =>
      ask(adminUrl, async (client) => {
        const drop = `drop database if exists lianban_${service}`;
        // Waits 5 s for connections that are about to close: a pool that was told to end listens no more, and force would be an uncaught error.
        await client.query(drop).catch(() => client.query(`${drop} with (force)`));
        await client.query(`drop role if exists ${service}_app, ${service}_migrator`);
      }),
  };
}

/** EVENT_LOG of an embedded log in a fresh, empty database. */
export async function testEmbeddedLog(): Promise<string> {
  return createDatabase(await testServer(), `log_${randomBytes(6).toString('hex')}`, randomBytes(9).toString('hex'));
}

/**
 * Jest gives each spec file globals and modules of its own, and only Node's own modules stay the same for the whole process: the server
 * is remembered on one of them, so that a test process starts one server and not one per file.
 */
const key = Symbol.for('lianban.test-postgres');
const shared = EventEmitter as typeof EventEmitter & { [key]?: Promise<PostgresServer> };

async function testServer(): Promise<string> {
  if (process.env.TEST_POSTGRES_URL) return process.env.TEST_POSTGRES_URL;
  // Nobody stops it: it ends with this process and takes its folder along.
  return (await (shared[key] ??= startPostgres())).adminUrl;
}
