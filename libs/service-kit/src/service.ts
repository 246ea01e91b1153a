/** Starts a service: HTTP, event log, health, metrics, background work; and stops it without losing or repeating anything. */
import 'reflect-metadata';
import { Catch, type DynamicModule, type ExceptionFilter, type Type } from '@nestjs/common';
import { NestFactory, Reflector } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AccessGuard } from '@lianban/access/guard';
import { assertIssuerAllowed } from '@lianban/access/issuer';
import { createVerifier, type Verifier } from '@lianban/access/verify';
import type { EventDefinition, Stream } from '@lianban/eventing/contract';
import { createEventing, type Eventing, type EventingOptions } from '@lianban/eventing/eventing';
import pg from 'pg';
import type { DestinationStream, Logger } from 'pino';
import type { ServiceConfig } from './config.js';
import { DeadLettersController } from './dead-letters.controller.js';
import { Health } from './health.js';
import { HealthController } from './health.controller.js';
import { createAdapter, HttpGate } from './http.js';
import { createLogger, nestLogger } from './logger.js';
import { createMetrics, type Metrics } from './metrics.js';
import { ApiDescription, describeApi, OpenApiController } from './openapi.js';
import { ProblemFilter } from './problem-filter.js';
import { handleProcessSignals } from './process-signals.js';
import { CONFIG, DATABASE, EVENTING, LOGGER, METRICS, VERIFIER } from './tokens.js';
import { RequestPipe } from './validation.js';
import { waitForDatabase } from './wait-for-database.js';

/** Work beside requests and events: due loops, imports. `stop` waits for the round in hand. */
export interface BackgroundTask {
  start(): void;
  stop(): Promise<void>;
}

/** What a module may be built from. */
export interface ServiceDeps<Config extends ServiceConfig = ServiceConfig> extends Eventing {
  config: Config;
  logger: Logger;
  verifier: Verifier;
}

export interface ServiceDefinition<Config extends ServiceConfig = ServiceConfig> {
  name: string;
  module: (deps: ServiceDeps<Config>) => DynamicModule | Type;
  config: Config;
  publishes: readonly Stream[];
  consumes: readonly EventDefinition[];
  /** Topics of outside parties this service reads. */
  outside?: readonly string[];
  /** Started after listen, stopped first. Those that a module provides are found with `app.get`. */
  background?: (eventing: Eventing, app: NestFastifyApplication) => readonly BackgroundTask[];
  /** Own readiness checks: what is missing, in words. */
  ready?: () => Promise<string[]>;
  /** Before listen: plugins of Fastify such as multipart. */
  configure?: (app: NestFastifyApplication) => Promise<void> | void;
}

/** For tests only. */
export interface Stand {
  createEventing?: (options: EventingOptions) => Eventing;
  verifier?: Verifier;
  logDestination?: DestinationStream;
  databaseWaitMs?: number;
  /** Whether SIGTERM and uncaught errors of this process are the service's business; default yes. */
  signals?: boolean;
}

export interface RunningService {
  /** `http://127.0.0.1:port`, without a slash at the end. */
  url: string;
  app: NestFastifyApplication;
  eventing: Eventing;
  stop(): Promise<void>;
}

const DATABASE_WAIT_MS = 60_000;
/** Requests still running this long after the stop began are cut off. */
const REQUEST_LIMIT_MS = 10_000;
const SWEEP_MS = 50;
const JOIN_WAIT_MS = 10_000;

/** Errors of event handlers must reach the batch consumer as they are: it tells a lost connection from a poison message by them. */
@Catch()
class HandlerErrorsUnchanged implements ExceptionFilter {
  catch(error: unknown): never {
    throw error;
  }
}

class ServiceRoot {}

/** The module around a service's own: what every service offers and provides. */
export function rootModule<Config extends ServiceConfig>(
  inner: DynamicModule | Type,
  parts: {
    deps: ServiceDeps<Config>;
    health: Health;
    metrics: Metrics;
    description: ApiDescription;
  },
): DynamicModule {
  const { deps } = parts;
  const provided = [
    { provide: DATABASE, useValue: deps.database },
    { provide: EVENTING, useValue: deps },
    { provide: CONFIG, useValue: deps.config },
    { provide: VERIFIER, useValue: deps.verifier },
    { provide: LOGGER, useValue: deps.logger },
    { provide: METRICS, useValue: parts.metrics },
  ];
  return {
    module: ServiceRoot,
    global: true,
    imports: [inner],
    controllers: [HealthController, OpenApiController, DeadLettersController],
    providers: [
      ...provided,
      { provide: Health, useValue: parts.health },
      { provide: ApiDescription, useValue: parts.description },
    ],
    exports: provided.map(({ provide }) => provide),
  };
}

/**
 * Starts the service; resolves when it is ready for work. When it cannot start it says why in one sentence and ends the process with 1; without
 * `signals` it rejects with that sentence.
 */
export async function startService<Config extends ServiceConfig>(
  definition: ServiceDefinition<Config>,
  stand: Stand = {},
): Promise<RunningService> {
  const { name, config } = definition;
  const logger = createLogger(name, config.logLevel, stand.logDestination);
  // What was started, in the order of starting; stopping goes backwards.
  const stops: (() => unknown)[] = [];
  let stopped: Promise<void> | undefined;
  const stop = () =>
    (stopped ??= (async () => {
      for (const step of stops.reverse()) await step();
      logger.info({}, 'stopped');
    })());
  if (stand.signals !== false) stops.push(handleProcessSignals(logger, stop));
  try {
    return { ...(await start(definition, stand, logger, stops)), stop };
  } catch (error) {
    await stop().catch((inner: unknown) => logger.error({ err: inner }, 'cleaning up failed'));
    const sentence = `${name} cannot start: ${(error as Error).message}`;
    if (stand.signals === false) throw new Error(sentence, { cause: error });
    logger.fatal({}, sentence);
    return process.exit(1);
  }
}

async function start<Config extends ServiceConfig>(
  definition: ServiceDefinition<Config>,
  stand: Stand,
  logger: Logger,
  stops: (() => unknown)[],
): Promise<Omit<RunningService, 'stop'>> {
  const { name, config } = definition;
  await assertIssuerAllowed(config.oidc.issuer, config.mode);
  const verifier = stand.verifier ?? createVerifier({ ...config.oidc, mode: config.mode });

  const pool = new pg.Pool({
    connectionString: config.databaseUrl,
    application_name: `lianban-${name}`,
    max: 10,
    connectionTimeoutMillis: 5_000,
    idle_in_transaction_session_timeout: 60_000,
  });
  // Without a listener a connection that breaks while idle would end the process.
  pool.on('error', (error) => logger.warn({ err: error }, 'an idle database connection broke'));
  stops.push(() => pool.end());
  await waitForDatabase(pool, { logger, limitMs: stand.databaseWaitMs ?? DATABASE_WAIT_MS });

  const eventing = (stand.createEventing ?? createEventing)({
    service: name,
    pool,
    log: config.eventLog,
    publishes: definition.publishes,
    consumes: definition.consumes,
    ...(definition.outside ? { outside: definition.outside } : {}),
    logger,
  });
  const metrics = createMetrics(name);
  stops.push(() => metrics.loop.stop());
  metrics.watchEventing(eventing);
  const health = new Health(eventing, metrics.loop, definition.ready);
  const description = new ApiDescription();
  const deps: ServiceDeps<Config> = {
    database: eventing.database,
    strategy: eventing.strategy,
    parked: eventing.parked,
    start: () => eventing.start(),
    stop: () => eventing.stop(),
    health: () => eventing.health(),
    config,
    logger,
    verifier,
  };

  const gate = new HttpGate();
  const app = await NestFactory.create<NestFastifyApplication>(
    rootModule(definition.module(deps), { deps, health, metrics, description }),
    createAdapter(gate, metrics.http),
    { logger: nestLogger(logger), abortOnError: false, bodyParser: false },
  );
  app.useGlobalFilters(new ProblemFilter(logger));
  app.useGlobalGuards(new AccessGuard(verifier, app.get(Reflector)));
  app.useGlobalPipes(new RequestPipe());
  app.useSecurityHeaders();
  await definition.configure?.(app);
  description.document = describeApi(app, name);
  await app.init();

  const consumer = app.connectMicroservice<MicroserviceOptions>(
    { strategy: eventing.strategy },
    { inheritAppConfig: false, deferInitialization: true },
  ) as unknown as { useGlobalFilters(filter: ExceptionFilter): void; setIsInitHookCalled(called: boolean): void };
  consumer.useGlobalFilters(new HandlerErrorsUnchanged());
  // The hooks of the modules belong to the application, which has called them.
  consumer.setIsInitHookCalled(true);

  stops.push(() => eventing.stop());
  stops.push(async () => {
    const server = app.getHttpServer();
    const cut = setTimeout(() => server.closeAllConnections(), REQUEST_LIMIT_MS);
    // Connections whose last answer has gone out would otherwise keep the server open until their keep-alive ends.
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    gate.endStreams();
    await app.close().finally(() => {
      clearTimeout(cut);
      clearInterval(sweep);
    });
  });
  stops.push(() => {
    health.phase = 'stopping';
    gate.stopping = true;
  });
  await eventing.start();
  await app.listen(config.port, config.host);
  await joinLog(app, logger);
  for (const task of definition.background?.(eventing, app) ?? []) {
    task.start();
    stops.push(() => task.stop());
  }
  health.phase = 'running';
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  logger.info({ url }, 'ready');
  return { url, app, eventing };
}

/** Joins the event log. A log that is away must not keep requests and background work waiting: it is joined when it comes. */
async function joinLog(app: NestFastifyApplication, logger: Logger): Promise<void> {
  let waited = false;
  let timer: NodeJS.Timeout | undefined;
  const joined = app.startAllMicroservices().catch((error: unknown) => {
    if (!waited) throw error;
    logger.error({ err: error }, 'the event log could not be joined');
  });
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      waited = true;
      logger.warn({}, 'the event log has not been joined yet; the service goes on without it');
      resolve();
    }, JOIN_WAIT_MS);
  });
  await Promise.race([joined, late]).finally(() => clearTimeout(timer));
}
