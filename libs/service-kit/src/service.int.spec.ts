import { Body, Controller, Get, Inject, Module, Param, Post, Query, Sse } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Actor, Role } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import { TokenRefused } from '@lianban/access/verify';
import { type BatchContext, OnEvents } from '@lianban/eventing/batch';
import type { Database } from '@lianban/eventing/database';
import type { ReceivedEvent } from '@lianban/eventing/envelope';
import { testDatabase } from '@lianban/testing/test-database';
import { Type } from 'class-transformer';
import { IsArray, IsOptional, IsString, MaxLength, ValidateNested } from 'class-validator';
import pg from 'pg';
import { interval, map } from 'rxjs';
import { FakeEventing } from '../test/fake-eventing.js';
import { aboutCase, currentCorrelationId } from './context.js';
import type { Finding } from './errors.js';
import { PageQuery } from './paging.js';
import { type BackgroundTask, type RunningService, startService } from './service.js';
import { DATABASE, LOGGER } from './tokens.js';
import type { Logger } from 'pino';

class Thing {
  @IsString()
  name: string = '';
}
class ThingBody {
  @IsString()
  @MaxLength(10)
  title: string = '';

  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Thing)
  things?: Thing[];
}
class CodeParam {
  @IsString()
  @MaxLength(5)
  code: string = '';
}

let finish: (() => void) | undefined;

@Controller()
class ThingsController {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Get('things')
  @May('catalog.read')
  list(@Query() query: PageQuery) {
    return { limit: query.limit, big: 9007199254740993n, at: new Date(0) };
  }

  @Get('things/:code')
  @May('catalog.read')
  one(@Param() { code }: CodeParam) {
    return { code };
  }

  @Post('things')
  @May('catalog.write')
  async create(@Body() body: ThingBody, @CurrentActor() actor: Actor) {
    await this.database.query({ text: 'select 1' });
    aboutCase('case-7');
    this.logger.info({ idNumber: '110105194912310021', nested: { phone: '13800001234' } }, 'created');
    return { body, by: actor.subject, correlationId: currentCorrelationId(), typed: body.things?.[0] instanceof Thing };
  }

  @Get('broken')
  @May('catalog.read')
  broken() {
    throw new Error('secret 110105194912310021 inside');
  }

  @Get('unmarked')
  unmarked() {
    return {};
  }

  @Get('slow')
  @May('catalog.read')
  async slow() {
    await new Promise<void>((resolve) => (finish = resolve));
    return { done: true };
  }

  @Sse('ticks')
  @May('catalog.read')
  ticks() {
    return interval(10).pipe(map((n) => ({ data: { n } })));
  }
}

class Poison extends Error {}

@Controller()
class OnThings {
  seen: unknown[] = [];

  @OnEvents('things.v1')
  async apply(@Payload() events: readonly ReceivedEvent[], @Ctx() batch: BatchContext): Promise<void> {
    this.seen.push(events, batch);
    if ((events[0] as unknown) === 'poison') throw new Poison('no good');
  }
}

@Module({ controllers: [ThingsController, OnThings] })
class ThingsModule {}

const actors: Record<string, Role[]> = { reader: ['dashboard'], operator: ['operator'] };
const verifier = async (token: string): Promise<Actor> => {
  if (!actors[token]) throw new TokenRefused('no');
  return { subject: token, roles: actors[token] };
};

let database: Awaited<ReturnType<typeof testDatabase>>;
beforeAll(async () => {
  database = await testDatabase(async (url) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query('create table migrations (id integer)');
    await client.end();
  });
});
afterAll(() => database.drop());

let eventing: FakeEventing;
let lines: string[];
function start(
  options: { databaseUrl?: string; databaseWaitMs?: number; tasks?: BackgroundTask[] } = {},
): Promise<RunningService> {
  lines = [];
  return startService(
    {
      name: 'things',
      module: () => ThingsModule,
      config: {
        port: 0,
        host: '127.0.0.1',
        databaseUrl: options.databaseUrl ?? database.databaseUrl,
        eventLog: 'fake',
        oidc: { issuer: 'http://127.0.0.1:1', audience: 'lianban' },
        mode: 'demo',
        logLevel: 'info',
      },
      publishes: [],
      consumes: [],
      background: () => options.tasks ?? [],
      ready: async () => ownMissing,
    },
    {
      createEventing: (eventingOptions) => (eventing = new FakeEventing(eventingOptions)),
      verifier,
      signals: false,
      logDestination: { write: (line) => void lines.push(line) },
      ...(options.databaseWaitMs === undefined ? {} : { databaseWaitMs: options.databaseWaitMs }),
    },
  );
}
let ownMissing: string[] = [];

describe('a running service', () => {
  let service: RunningService;
  beforeAll(async () => {
    service = await start();
  });
  afterAll(() => service.stop());
  beforeEach(() => {
    ownMissing = [];
    eventing.answer = { parts: [], oldestUnsentMs: 0, parkedCases: 0, lag: [] };
  });

  async function call(
    method: string,
    path: string,
    options: { token?: string; body?: string; headers?: Record<string, string> } = {},
  ) {
    const response = await fetch(service.url + path, {
      method,
      headers: {
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { body: options.body }),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : undefined;
    return { status: response.status, headers: response.headers, text, json };
  }
  const post = (body: string, headers: Record<string, string> = {}) =>
    call('POST', '/things', { token: 'operator', body, headers });

  it('answers with what the handler returns, big integers and dates as text', async () => {
    const { status, json, headers } = await call('GET', '/things?limit=3', { token: 'reader' });
    expect(status).toBe(200);
    expect(json).toEqual({ limit: 3, big: '9007199254740993', at: '1970-01-01T00:00:00.000Z' });
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('asks for a token and for the right role', async () => {
    expect(await call('GET', '/things')).toMatchObject({ status: 401, json: { code: 'access.token-required' } });
    expect(await call('GET', '/things', { token: 'stranger' })).toMatchObject({ status: 401 });
    expect(await call('POST', '/things', { token: 'reader', body: '{"title":"a"}' })).toMatchObject({
      status: 403,
      json: { code: 'access.denied' },
    });
  });

  it('keeps a route closed that names no action', async () => {
    expect(await call('GET', '/unmarked', { token: 'operator' })).toMatchObject({ status: 403 });
  });

  it('lists every fault of a body with path and both languages', async () => {
    const { status, json } = await post('{"title":7,"extra":1,"things":[{"name":3}]}');
    expect(status).toBe(422);
    expect(json.code).toBe('request.invalid');
    const paths = (json.findings as { path: string }[]).map((finding) => finding.path);
    expect(new Set(paths)).toEqual(new Set(['/title', '/extra', '/things/0/name']));
    expect((json.findings as Finding[]).find((finding) => finding.path === '/extra')?.message).toEqual({
      zh: '不认识的字段',
      en: 'unknown field',
    });
  });

  it('refuses paging out of bounds and unknown query fields', async () => {
    expect(await call('GET', '/things?limit=101', { token: 'reader' })).toMatchObject({ status: 422 });
    expect(await call('GET', '/things?offset=1e300', { token: 'reader' })).toMatchObject({ status: 422 });
    expect(await call('GET', '/things?page=1', { token: 'reader' })).toMatchObject({ status: 422 });
    expect(await call('GET', '/things/toolong', { token: 'reader' })).toMatchObject({ status: 422 });
  });

  it.each([
    ['broken JSON', '{"title":', 400, 'message.invalid'],
    ['an empty body', '', 400, 'message.invalid'],
    ['a body that is a list', '[]', 422, 'request.invalid'],
    ['a body that is a text', '"a"', 422, 'request.invalid'],
    ['a prototype in the body', '{"__proto__":{"title":"a"}}', 400, 'message.invalid'],
    ['a null character', '{"title":"a\\u0000"}', 422, 'request.invalid'],
    ['half a surrogate pair', '{"title":"a\\ud800"}', 422, 'request.invalid'],
    ['deep nesting', `{"title":${'['.repeat(5000)}${']'.repeat(5000)}}`, 422, 'request.invalid'],
    ['a body over 1 MiB', `{"title":"${'a'.repeat(1024 * 1024)}"}`, 413, 'message.too-large'],
  ])('answers %s with a code', async (_, body, status, code) => {
    expect(await post(body)).toMatchObject({ status, json: { code } });
  });

  it('lets a sender of 5 MB see the answer while it still sends, and takes its next request', async () => {
    const { port } = new URL(service.url);
    const socket = connect(Number(port), '127.0.0.1');
    let heard = '';
    const answered = new Promise<void>((resolve) => {
      socket.on('data', (data) => {
        heard += data.toString();
        if (heard.includes('message.too-large')) resolve();
      });
    });
    const ended = once(socket, 'end');
    socket.write(
      'POST /things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 5000000\r\n\r\n{',
    );
    await answered;
    socket.write(Buffer.alloc(4_999_999, ' '));
    socket.write('GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    await ended;
    expect(heard.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200']);
  });

  it('answers another media type, an unknown address, a wrong method and a malformed address with codes', async () => {
    expect(await post('title=a', { 'content-type': 'text/plain' })).toMatchObject({
      status: 415,
      json: { code: 'request.media-type' },
    });
    expect(await post('title=a', { 'content-type': 'application/x-www-form-urlencoded' })).toMatchObject({
      status: 415,
    });
    expect(await call('GET', '/nothing')).toMatchObject({ status: 404, json: { code: 'request.no-such-address' } });
    const wrong = await call('DELETE', '/things/abc');
    expect(wrong).toMatchObject({ status: 405, json: { code: 'request.method-not-allowed' } });
    expect(wrong.headers.get('allow')).toBe('GET, HEAD');
    expect(await call('GET', '/things/%E0%A4%A', { token: 'reader' })).toMatchObject({
      status: 400,
      json: { code: 'message.invalid' },
    });
    expect(await call('GET', `/things/${'a'.repeat(300)}`, { token: 'reader' })).toMatchObject({
      json: { code: expect.any(String) },
    });
  });

  it('hides the inner error and records it without personal data', async () => {
    const { status, text, json } = await call('GET', '/broken', {
      token: 'reader',
      headers: { 'accept-language': 'en' },
    });
    expect(status).toBe(500);
    expect(json).toMatchObject({ code: 'service.failed', title: json.messages.en });
    expect(text).not.toContain('110105');
    const logged = lines.filter((line) => line.includes('a request failed'));
    expect(logged).toHaveLength(1);
    expect(JSON.parse(logged[0]!)).toMatchObject({
      level: 'error',
      service: 'things',
      correlationId: json.correlationId,
    });
    expect(logged[0]).toContain('secret 110105********0021 inside');
  });

  it('takes a correlation id over, or the trace id, or makes one; it reaches the handler and the log', async () => {
    const given = await post('{"title":"a","things":[{"name":"b"}]}', { 'x-correlation-id': 'window-17.4711' });
    expect(given.json).toMatchObject({ by: 'operator', correlationId: 'window-17.4711', typed: true });
    expect(given.headers.get('x-correlation-id')).toBe('window-17.4711');
    const line = JSON.parse(lines.find((entry) => entry.includes('created'))!);
    expect(line).toMatchObject({
      correlationId: 'window-17.4711',
      caseId: 'case-7',
      idNumber: '[hidden]',
      nested: { phone: '[hidden]' },
    });

    const traced = await post('{"title":"a"}', {
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    });
    expect(traced.json.correlationId).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
    const bad = await post('{"title":"a"}', { 'x-correlation-id': 'x y' });
    expect(bad.json.correlationId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(bad.headers.get('x-correlation-id')).toBe(bad.json.correlationId);
  });

  it('is ready when its database, its log and its own checks are, and lists what is missing', async () => {
    expect(await call('GET', '/health/ready')).toMatchObject({ status: 200, json: { status: 'ready', missing: [] } });
    ownMissing = ['carrier: no key'];
    eventing.answer = { ...eventing.answer, parts: [{ name: 'relay', ok: false, detail: 'no broker' }] };
    const { status, json } = await call('GET', '/health/ready');
    expect(status).toBe(503);
    expect(new Set(json.missing)).toEqual(new Set(['carrier: no key', 'relay: no broker']));
  });

  it('counts as dead only when a part of eventing is stuck for good', async () => {
    eventing.answer = { ...eventing.answer, parts: [{ name: 'relay', ok: false, detail: 'no broker' }] };
    expect(await call('GET', '/health/live')).toMatchObject({ status: 200 });
    eventing.answer = { ...eventing.answer, parts: [{ name: 'consumer', ok: false, detail: 'frozen', fatal: true }] };
    expect(await call('GET', '/health/live')).toMatchObject({ status: 503, json: { faults: ['consumer: frozen'] } });
  });

  it('shows metrics by route, of the outbox and of the parts of eventing', async () => {
    eventing.answer = {
      parts: [{ name: 'relay', ok: false, detail: '' }],
      oldestUnsentMs: 1500,
      parkedCases: 2,
      lag: [{ topic: 'things.v1', ms: 250 }],
    };
    await call('GET', '/things/abc', { token: 'reader' });
    const { text } = await call('GET', '/metrics');
    expect(text).toMatch(/lianban_http_request_seconds_count\{.*route="\/things\/:code".*\} \d/);
    expect(text).toMatch(/lianban_outbox_oldest_unsent_seconds\{service="things"\} 1.5/);
    expect(text).toMatch(/lianban_consumer_lag_seconds\{topic="things.v1",service="things"\} 0.25/);
    expect(text).toMatch(/lianban_parked_cases\{service="things"\} 2/);
    expect(text).toMatch(/lianban_eventing_part_ok\{part="relay",service="things"\} 0/);
  });

  it('describes its API in OpenAPI 3.1 with problem answers and a bearer token', async () => {
    const { json } = await call('GET', '/openapi.json');
    expect(json.openapi).toBe('3.1.0');
    expect(json.paths['/things'].post.responses['422'].content['application/problem+json']).toBeDefined();
    expect(json.components.securitySchemes.bearer.scheme).toBe('bearer');
    expect(json.paths['/health/live']).toBeUndefined();
  });

  it('lists dead letters without personal data, replays and discards them with a reason', async () => {
    const letter = {
      topic: 'things.v1',
      partition: 0,
      offset: '7',
      caseId: 'c',
      type: 't',
      attempts: 1,
      queued: 0,
      state: 'open' as const,
      storedAt: new Date(0),
    };
    eventing.deadLetters = [{ ...letter, id: 'd1', error: 'bad phone 13800001234' }];
    expect(await call('GET', '/dead-letters', { token: 'reader' })).toMatchObject({ status: 403 });
    expect((await call('GET', '/dead-letters', { token: 'operator' })).json).toMatchObject({
      total: 1,
      items: [{ id: 'd1', error: 'bad phone 138****1234' }],
    });
    const replay = (body: string) => call('POST', '/dead-letters/d1/replay', { token: 'operator', body });
    expect(
      await call('POST', '/dead-letters/d2/replay', { token: 'operator', body: '{"reason":"fixed"}' }),
    ).toMatchObject({ status: 404, json: { code: 'dead-letter.not-found' } });
    expect(await replay('{}')).toMatchObject({ status: 422 });
    expect(await replay('{"reason":"fixed"}')).toMatchObject({ status: 200, json: { state: 'replayed' } });
    eventing.replayWorks = false;
    expect(await replay('{"reason":"again"}')).toMatchObject({
      status: 409,
      json: { code: 'dead-letter.still-fails' },
    });
    expect(
      await call('POST', '/dead-letters/d1/discard', { token: 'operator', body: '{"reason":"a test message"}' }),
    ).toMatchObject({ status: 200 });
    expect(eventing.calls).toEqual(
      expect.arrayContaining(['replay d1 by operator: fixed', 'discard d1 by operator: a test message']),
    );
  });

  it('hands events to handlers and their errors back unchanged', async () => {
    const now = new Date();
    const context = { tx: {}, now };
    await eventing.strategy.deliver('things.v1', ['good'], context);
    const handler = service.app.get(OnThings, { strict: false });
    expect(handler.seen).toEqual([['good'], context]);
    await expect(eventing.strategy.deliver('things.v1', ['poison'], context)).rejects.toBeInstanceOf(Poison);
  });
});

describe('stopping', () => {
  it('finishes what runs, ends streams, refuses new work, then closes the log and the database', async () => {
    const order: string[] = [];
    const service = await start({
      tasks: [{ start: () => void order.push('task starts'), stop: async () => void order.push('task stops') }],
    });
    const headers = { authorization: 'Bearer reader' };
    const ticks = await fetch(`${service.url}/ticks`, { headers });
    const reader = ticks.body!.getReader();
    await reader.read();
    const slow = fetch(`${service.url}/slow`, { headers }).then((response) => response.json());
    while (!finish) await new Promise(setImmediate);
    const stopped = service.stop().then(() => order.push('stopped'));
    // The stream ends by itself, while the slow request still runs.
    for (;;) if ((await reader.read()).done) break;
    expect(order).toEqual(['task starts', 'task stops']);
    const late = await fetch(`${service.url}/things`, { headers }).then(
      (response) => response.status,
      () => 'no connection',
    );
    expect([503, 'no connection']).toContain(late);
    finish();
    expect(await slow).toEqual({ done: true });
    await stopped;
    expect(eventing.calls).toEqual(['start', 'stop while strategy is closed']);
    await expect(fetch(`${service.url}/health/live`)).rejects.toThrow();
    await expect(eventing.database.query({ text: 'select 1' })).rejects.toThrow();
    expect(await service.stop()).toBeUndefined();
  });
});

describe('starting', () => {
  it('says in one sentence that the database cannot be reached', async () => {
    await expect(start({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none', databaseWaitMs: 0 })).rejects.toThrow(
      /^things cannot start: the database cannot be reached: .* \(waited 0 s\)$/,
    );
    expect(lines.some((line) => line.includes('"stopped"'))).toBe(true);
  });

  it('waits for the end of the migration', async () => {
    const migrator = new pg.Client({ connectionString: database.migratorUrl });
    await migrator.connect();
    await migrator.query(`select pg_advisory_lock(hashtext('lianban:migrate'))`);
    const starting = start();
    while (!lines.some((line) => line.includes('the database is being migrated'))) await new Promise(setImmediate);
    await migrator.end();
    await (await starting).stop();
  });

  it('does not start on a database nobody has migrated', async () => {
    const empty = await testDatabase(async () => undefined);
    await expect(start({ databaseUrl: empty.databaseUrl, databaseWaitMs: 0 })).rejects.toThrow(/has not been migrated/);
    await empty.drop();
  });
});
