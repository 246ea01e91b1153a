/** The HTTP side of every service: limits, correlation id, coded answers for what Fastify itself refuses. */
import type { IncomingMessage } from 'node:http';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { contextOf, type WorkContext, withContext } from './context.js';
import { methodNotAllowed, serviceUnavailable } from './errors.js';
import type { HttpMetrics } from './metrics.js';
import { sendProblem } from './problem-filter.js';
import { MAX_MESSAGE_BYTES } from './validation.js';

/** A request that has not arrived in full after so long is given up; Fastify would wait for ever. */
const REQUEST_MS = 300_000;
/** How long the rest of a request is read on that was answered before it had arrived. */
const DRAIN_MS = 10_000;

/** Open requests and whether new ones are still taken. */
export class HttpGate {
  stopping = false;
  private readonly open = new Set<FastifyReply>();

  enter(reply: FastifyReply): void {
    this.open.add(reply);
    reply.raw.once('close', () => this.open.delete(reply));
  }

  /** Ends the streams of server-sent events: they would never end by themselves, and their clients come back with Last-Event-ID. */
  endStreams(): void {
    for (const reply of this.open) {
      const type = reply.raw.getHeader('content-type') ?? reply.getHeader('content-type');
      if (String(type).startsWith('text/event-stream')) reply.raw.end();
    }
  }
}

const contexts = new WeakMap<object, WorkContext>();
const contextOfRequest = (raw: FastifyRequest['raw']): WorkContext => {
  const context = contexts.get(raw) ?? contextOf(raw.headers);
  contexts.set(raw, context);
  return context;
};

export function createAdapter(gate: HttpGate, metrics: HttpMetrics): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: MAX_MESSAGE_BYTES,
    requestTimeout: REQUEST_MS,
    genReqId: (raw: FastifyRequest['raw']) => contextOfRequest(raw).correlationId,
    requestIdHeader: false,
    // The hook below answers with a problem document instead.
    return503OnClosing: false,
    // Addresses that cannot be decoded never reach a route or a filter.
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
      void sendProblem(error, request, reply),
    routerOptions: { maxParamLength: 200 },
  });
  const fastify = adapter.getInstance<FastifyInstance>();
  // Bodies are JSON; anything else is refused as 415 unless a service registers its own parser (multipart).
  fastify.removeContentTypeParser('text/plain');
  fastify.setReplySerializer((payload) =>
    JSON.stringify(payload, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)),
  );
  const methodsByRoute = collectRoutes(fastify);

  fastify.addHook('onRequest', (request, reply, done) => {
    gate.enter(reply);
    void reply.header('x-correlation-id', request.id);
    withContext(contextOfRequest(request.raw), () => {
      if (gate.stopping && !request.url.startsWith('/health/')) {
        void reply.header('connection', 'close');
        done(serviceUnavailable());
      } else if (request.is404) {
        const allowed = allowedMethods(methodsByRoute, request.url);
        if (allowed.length > 0) {
          void reply.header('allow', allowed.join(', '));
          done(methodNotAllowed());
        } else done();
      } else done();
    });
  });
  // A body arrives through socket events, which do not carry the context of the hook above.
  fastify.addHook('preValidation', (request, _reply, done) => withContext(contextOfRequest(request.raw), done));
  fastify.addHook('onSend', ({ raw }, reply, _payload, done) => {
    const hasBody = raw.headers['content-length'] !== undefined || raw.headers['transfer-encoding'] !== undefined;
    if (hasBody && !raw.readableEnded) {
      void reply.removeHeader('connection');
      drain(raw);
    }
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    metrics.observe(request.method, request.routeOptions.url ?? 'unknown', reply.statusCode, reply.elapsedTime / 1000);
    done();
  });
  return adapter;
}

/** Reads and drops what is still on its way: a sender that is cut off while it sends, as Fastify would, does not get to see the answer. */
function drain(request: IncomingMessage): void {
  request.unpipe().resume();
  if (request.complete) return;
  const cut = setTimeout(() => request.destroy(), DRAIN_MS).unref();
  request.once('close', () => clearTimeout(cut));
}

type RoutePattern = { pattern: RegExp; methods: string[] };

function collectRoutes(fastify: FastifyInstance): RoutePattern[] {
  const routes: RoutePattern[] = [];
  fastify.addHook('onRoute', ({ url, method }) => {
    const pattern = url
      .split('/')
      .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
      .join('/');
    routes.push({ pattern: new RegExp(`^${pattern}/?$`), methods: [method].flat() });
  });
  return routes;
}

function allowedMethods(routes: readonly RoutePattern[], url: string): string[] {
  const path = url.split('?', 1)[0]!;
  return [...new Set(routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods))].sort();
}
