/** Runs the whole of Lianban on this machine, one process per part, and keeps it running. Used by start, demo and the end-to-end tests. */
import { execFile } from 'node:child_process';
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startKafka } from '@lianban/testing/kafka';
import { createDatabase, createServiceDatabase, startPostgres } from '@lianban/testing/postgres';
import { tail } from '@lianban/testing/process';
import { clientSecret, identitiesOf, readPlaces } from '../issuer/identities.js';
import { AUDIENCE, fetchToken, TOKEN_TTL } from '../issuer/issuer.js';
import { Child } from './child.js';
import { choosePorts } from './ports.js';
import { isAlive, markOf, type ProcessMark, signal } from './process-mark.js';
import { type PortName, type ServiceName, SERVICES } from './services.js';
import { type LogKind, type RunFile, type Secrets, StateFolder, type TokenFile } from './state-folder.js';

export const ROOT = join(import.meta.dirname, '../../../..');
export const CATALOG_DATA = join(ROOT, 'services/catalog/data');

/** What a client of a running system needs, in whichever process it was started. */
export interface System {
  log: LogKind;
  eventLog: string;
  urls: RunFile['urls'];
  keys: RunFile['keys'];
  /** Per service, as the role that owns it; for checks of the books. */
  databases: Record<ServiceName, string>;
  folder: StateFolder;
  /** Access token of a client of the issuer, good for hours. */
  token(clientId: string): string;
  /** The process a part runs in now; another one after it was started again. */
  processOf(part: ServiceName): ProcessMark | undefined;
}

export interface RunningSystem extends System {
  /** Stops everything in order; after 10 s at the latest nothing is left. */
  stop(): Promise<void>;
}

export interface SystemOptions {
  log: LogKind;
  folder: string;
  ports: 'fixed' | 'free';
  /** Forgets what an earlier run kept in the folder. */
  fresh?: boolean;
  /** Gets progress lines. */
  say?: (line: string) => void;
  /** Stops a start that is under way. */
  abort?: AbortSignal;
  carrierPaceMs?: number;
  /** `host:port,host:port` of a cluster that is there already. */
  kafkaBrokers?: string | undefined;
}

const READY_LIMIT_MS = 120_000;
const MIGRATIONS_AT_ONCE = 3;
/** A service that ends this often in a row while the system starts will not start. */
const FUTILE_DEATHS = 3;
const STOP_SERVICES_MS = 6_000;
const STOP_HELPERS_MS = 1_500;
const STOP_STORES_MS = 4_000;

/** Starts everything and resolves when it is ready for work. Rejects with one sentence and leaves nothing running. */
export async function startSystem(options: SystemOptions): Promise<RunningSystem> {
  const runner = new Runner(options);
  const onAbort = () => void runner.stop();
  options.abort?.addEventListener('abort', onAbort);
  try {
    return await runner.start();
  } catch (error) {
    await runner.stop();
    throw error;
  } finally {
    options.abort?.removeEventListener('abort', onAbort);
  }
}

/** The system that runs in this state folder, if one does. */
export function attachSystem(path: string): System | undefined {
  const folder = new StateFolder(path);
  const run = folder.running();
  return run && systemOf(run, folder);
}

function systemOf(run: RunFile, folder: StateFolder): System {
  let tokens: TokenFile | undefined;
  return {
    ...run,
    folder,
    token: (clientId) => {
      const entry = (tokens ??= folder.tokens())[clientId];
      if (!entry) throw new Error(`the issuer knows no client ${clientId}`);
      return entry.token;
    },
    processOf: (part) => folder.running()?.processes[part],
  };
}

class Runner {
  private readonly folder: StateFolder;
  private readonly say: (line: string) => void;
  private readonly children = new Map<string, Child>();
  private readonly processes: Record<string, ProcessMark> = {};
  private readonly stores: (() => Promise<void>)[] = [];
  private readonly runner = markOf(process.pid);
  private run: RunFile | undefined;
  private renewal: NodeJS.Timeout | undefined;
  private stopped: Promise<void> | undefined;
  /** Whether the run file is ours to write and to remove. */
  private holdsFolder = false;

  constructor(private readonly options: SystemOptions) {
    this.folder = new StateFolder(options.folder);
    this.say = options.say ?? (() => undefined);
  }

  async start(): Promise<RunningSystem> {
    const { folder, options } = this;
    await this.takeFolder();
    const secrets = folder.secrets();
    const ports = await choosePorts(options.ports, this.say);
    const issuer = `http://127.0.0.1:${ports.issuer}`;

    // Whatever needs no store starts while the stores do.
    const helpers = this.startHelpers(ports, secrets, issuer);
    const [databases, kafka] = await this.together([
      this.startDatabases(ports, secrets),
      options.log === 'kafka' ? this.startLog(ports, secrets) : undefined,
      helpers,
    ]);
    const eventLog = kafka ?? databases.log;
    this.assertGoingOn();

    const urls = Object.fromEntries(
      (['issuer', ...SERVICES, 'carrier', 'messages'] as const).map((name) => [
        name,
        `http://127.0.0.1:${ports[name]}`,
      ]),
    ) as RunFile['urls'];
    let migrating = 0;
    await this.together([
      this.renewTokens(issuer, secrets),
      ...SERVICES.map(async (service) => {
        while (migrating >= MIGRATIONS_AT_ONCE && !this.stopped) await sleep(20);
        this.assertGoingOn();
        migrating++;
        appendFileSync(this.logOf(service), await migrateDatabase(service, databases.services[service].migratorUrl));
        migrating--;
        await this.startChild(service, program(`services/${service}/dist/main.js`), {
          ...commonEnv(),
          PORT: String(ports[service]),
          DATABASE_URL: databases.services[service].databaseUrl,
          EVENT_LOG: eventLog,
          OIDC_ISSUER: issuer,
          OIDC_AUDIENCE: AUDIENCE,
          ...this.settingsOf(service, urls, secrets),
        });
        await this.untilReady(service, `${urls[service]}/health/ready`);
      }),
    ]);

    this.run = {
      runner: this.runner,
      log: options.log,
      eventLog,
      urls,
      keys: { carrier: secrets.carrier, sms: secrets.sms },
      databases: Object.fromEntries(
        SERVICES.map((service) => [service, databases.services[service].migratorUrl]),
      ) as RunFile['databases'],
      tokensFile: folder.tokensFile,
      logsFolder: folder.logs,
      processes: this.processes,
    };
    folder.writeRun(this.run);
    this.renewal = setInterval(
      () => {
        this.renewTokens(issuer, secrets).catch((error: unknown) =>
          this.say(`the tokens could not be renewed: ${(error as Error).message}`),
        );
      },
      (TOKEN_TTL * 1000) / 2,
    );
    return { ...systemOf(this.run, folder), stop: () => this.stop() };
  }

  stop(): Promise<void> {
    return (this.stopped ??= (async () => {
      clearInterval(this.renewal);
      const children = [...this.children.values()];
      const isService = (child: Child) => (SERVICES as readonly string[]).includes(child.options.name);
      await Promise.all(children.filter(isService).map((child) => child.stop(STOP_SERVICES_MS)));
      await Promise.all(children.filter((child) => !isService(child)).map((child) => child.stop(STOP_HELPERS_MS)));
      await Promise.all(this.stores.map((stop) => stop()));
      if (this.holdsFolder) this.folder.forgetRun();
    })());
  }

  /** As Promise.all, but when one part fails the rest is stopped and waited for: nothing goes on after the start was given up. */
  private async together<const T extends readonly unknown[]>(parts: T) {
    try {
      return await Promise.all(parts);
    } catch (error) {
      void this.stop();
      await Promise.allSettled(parts);
      throw error;
    }
  }

  /** Entrusts a store that has come up to `stop`; one that came up too late is stopped here. */
  private async keep(stop: () => Promise<void>): Promise<void> {
    this.stores.push(stop);
    if (this.stopped) await stop();
    this.assertGoingOn();
  }

  private assertGoingOn(): void {
    if (this.stopped) throw new Error('stopped while starting');
  }

  /** One system per folder. What a killed run left behind is ended first. */
  private async takeFolder(): Promise<void> {
    this.folder.create();
    const last = this.folder.lastRun();
    if (last && isAlive(last.runner))
      throw new Error(`Lianban already runs in ${this.folder.path} (process ${last.runner.pid}); stop it first`);
    const left = Object.entries(last?.processes ?? {}).filter(([, mark]) => isAlive(mark));
    for (const [name, mark] of left) {
      this.say(`${name} (process ${mark.pid}) is left over from a run that was killed: stopping it`);
      signal(mark, 'SIGTERM');
    }
    for (let waited = 0; left.some(([, mark]) => isAlive(mark)); waited += 100) {
      if (waited >= 8_000) left.forEach(([, mark]) => signal(mark, 'SIGKILL'));
      await sleep(100);
    }
    this.holdsFolder = true;
    if (this.options.fresh) {
      this.folder.remove();
      this.folder.create();
    }
    this.folder.writeRun({ runner: this.runner, processes: {} });
  }

  private note(name: string, mark: ProcessMark): void {
    this.processes[name] = mark;
    this.folder.writeRun(this.run ?? { runner: this.runner, processes: this.processes });
  }

  private async startDatabases(ports: Record<PortName, number>, secrets: Secrets) {
    const postgres = await startPostgres({ folder: join(this.folder.path, 'postgres'), port: ports.postgres });
    await this.keep(() => within(STOP_STORES_MS, postgres.stop()));
    this.say('PostgreSQL is up');
    const services = {} as Record<ServiceName, { databaseUrl: string; migratorUrl: string }>;
    // One after the other: each copies the template database, which only one can do at a time.
    for (const service of SERVICES)
      services[service] = await createServiceDatabase(postgres.adminUrl, service, secrets.databases);
    const log =
      this.options.log === 'embedded' ? await createDatabase(postgres.adminUrl, 'lianban_log', secrets.databases) : '';
    return { services, log };
  }

  private async startLog(ports: Record<PortName, number>, secrets: Secrets): Promise<string> {
    const given = this.options.kafkaBrokers;
    if (given) {
      this.say(`event log: Apache Kafka at ${given}, topics begin with ${secrets.prefix}`);
      return `kafka://${given}?prefix=${secrets.prefix}`;
    }
    const kafka = await startKafka({ folder: join(this.folder.path, 'kafka'), port: ports.kafka });
    const mark = markOf(kafka.pid);
    this.note('kafka', mark);
    await this.keep(() => within(STOP_STORES_MS, kafka.stop(), () => signal(mark, 'SIGKILL')));
    this.say(`event log: Apache Kafka at ${kafka.brokers}`);
    return `kafka://${kafka.brokers}`;
  }

  private async startHelpers(ports: Record<PortName, number>, secrets: Secrets, issuer: string): Promise<void> {
    const { path } = this.folder;
    const local = (file: string) => program(`deploy/local/dist/${file}`);
    const env = (name: PortName) => ({ ...commonEnv(), PORT: String(ports[name]) });
    await this.startChild('issuer', local('issuer/main.js'), {
      ...env('issuer'),
      ISSUER_URL: issuer,
      ISSUER_SECRET: secrets.issuer,
      ISSUER_FOLDER: join(path, 'issuer'),
      CATALOG_DATA,
    });
    await this.startChild('carrier', local('simulators/carrier.js'), {
      ...env('carrier'),
      CARRIER_KEY: secrets.carrier,
      STATE_FILE: join(path, 'carrier.jsonl'),
      CARRIER_PACE_MS: String(this.options.carrierPaceMs ?? 200),
    });
    await this.startChild('messages', local('simulators/messages.js'), {
      ...env('messages'),
      SMS_KEY: secrets.sms,
      STATE_FILE: join(path, 'messages.jsonl'),
    });
    await Promise.all(
      (['issuer', 'carrier', 'messages'] as const).map((name) =>
        this.untilReady(name, `http://127.0.0.1:${ports[name]}/health/live`),
      ),
    );
  }

  private settingsOf(service: ServiceName, urls: RunFile['urls'], secrets: Secrets): Record<string, string> {
    switch (service) {
      case 'catalog':
        return { CATALOG_DATA };
      case 'intake':
        return { MATERIALS_URL: `file://${join(this.folder.path, 'materials')}` };
      case 'courier':
        return { CARRIER_URL: urls.carrier, CARRIER_KEY: secrets.carrier };
      case 'notifications':
        return { SMS_URL: urls.messages, EMAIL_URL: urls.messages, SMS_KEY: secrets.sms };
      case 'dispatch':
      case 'review':
        return {};
    }
  }

  private async startChild(name: string, file: string, env: Record<string, string>): Promise<void> {
    this.assertGoingOn();
    const child = new Child({
      name,
      program: file,
      env,
      logFile: this.logOf(name),
      say: this.say,
      onStart: (mark) => this.note(name, mark),
    });
    this.children.set(name, child);
    await child.start();
  }

  private logOf = (name: string): string => join(this.folder.logs, `${name}.log`);

  private async untilReady(name: string, url: string): Promise<void> {
    const deadline = performance.now() + READY_LIMIT_MS;
    let last = 'no answer';
    for (;;) {
      this.assertGoingOn();
      try {
        const response = await fetch(url, { signal: AbortSignal.timeout(4_000) });
        last = await response.text();
        if (response.ok) break;
      } catch {
        // Not listening yet.
      }
      const futile = (this.children.get(name)?.deaths ?? 0) >= FUTILE_DEATHS;
      if (futile || performance.now() > deadline)
        throw new Error(
          `${name} does not get ready (${last}); the end of ${this.logOf(name)}:\n${tail(this.logOf(name))}`,
        );
      await sleep(50);
    }
    this.say(`${name} is ready`);
  }

  private async renewTokens(issuer: string, secrets: Secrets): Promise<void> {
    this.folder.writeTokens(await fetchTokens(issuer, secrets.issuer));
  }
}

/** A token for every client of the demo issuer. Rejects when one is refused. */
export async function fetchTokens(issuer: string, issuerSecret: string): Promise<TokenFile> {
  const entries = await Promise.all(
    identitiesOf(readPlaces(CATALOG_DATA)).map(async ({ id, ...claims }) => {
      const token = await fetchToken(issuer, id, clientSecret(issuerSecret, id));
      return [id, { ...claims, token }] as const;
    }),
  );
  return Object.fromEntries(entries);
}

/**
 * Brings the service's database to its newest version, in a process that knows the migrator's address and no other. Resolves to what
 * that said; rejects with it when it failed.
 */
export async function migrateDatabase(service: ServiceName, migratorUrl: string): Promise<string> {
  const file = program(`services/${service}/dist/migrate.js`);
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--enable-source-maps', file], {
      env: { ...commonEnv(), MIGRATOR_DATABASE_URL: migratorUrl },
      cwd: '/',
    });
    return stdout + stderr;
  } catch (error) {
    const said = (error as { stderr?: string }).stderr ?? (error as Error).message;
    throw new Error(`the database of ${service} could not be migrated:\n${said}`, { cause: error });
  }
}

/** The compiled program at `path` below the repository. */
function program(path: string): string {
  const file = join(ROOT, path);
  if (!existsSync(file)) throw new Error(`${path} is missing: run npm run build`);
  return file;
}

/** Nothing else of this process's environment reaches a service: its settings are what stands here. */
function commonEnv(): Record<string, string> {
  const passed = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ', 'LOG_LEVEL', 'NODE_EXTRA_CA_CERTS'];
  return {
    ...Object.fromEntries(passed.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
    HOST: '127.0.0.1',
    LIANBAN_MODE: 'demo',
    NODE_ENV: 'production',
  };
}

/** Waits for `work`, but not longer than `ms`; `late` is called then. */
async function within(ms: number, work: Promise<void>, late?: () => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      late?.();
      resolve();
    }, ms);
  });
  await Promise.race([work, limit]).finally(() => clearTimeout(timer));
}
