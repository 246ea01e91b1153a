import { timingSafeEqual } from 'node:crypto';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';

/** `port` 0 takes any; `stateFile` keeps what was acknowledged over restarts. */
export interface SimulatorOptions {
  key: string;
  port?: number;
  host?: string;
  stateFile?: string;
}

export interface RunningSimulator {
  url: string;
  stop(): Promise<void>;
}

export interface PagedQuery {
  limit: number;
  offset: number;
}
export const pagedQuery = {
  type: 'object',
  properties: {
    limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
    offset: { type: 'integer', minimum: 0, default: 0 },
  },
} as const;

/** A simulator rests on nothing else: whoever lives is ready. */
const HEALTH = ['/health/live', '/health/ready'];

/** A server that asks for the key in `header` everywhere but at its health addresses. */
export function keyedServer(header: string, key: string): FastifyInstance {
  if (key.length < 8) throw new Error(`the key of ${header} must have at least 8 characters`);
  const server = Fastify({ forceCloseConnections: true, ajv: { customOptions: { removeAdditional: false } } });
  for (const path of HEALTH) server.get(path, () => ({ status: 'ok' }));
  server.addHook('onRequest', async (request, reply) => {
    if (HEALTH.includes(request.url)) return;
    const given = Buffer.from(String(request.headers[header] ?? ''));
    const wanted = Buffer.from(key);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
      await reply.status(401).send({ code: 'key.refused' });
    }
  });
  return server;
}

/** The value of the Idempotency-Key header; answers 400 and gives undefined where there is none. */
export function idempotencyKey(request: FastifyRequest, reply: FastifyReply): string | undefined {
  const key = request.headers['idempotency-key'];
  if (typeof key === 'string' && key.length > 0 && key.length <= 200) return key;
  void reply.status(400).send({ code: 'idempotency-key.missing' });
  return undefined;
}

/** Never answers: the client has to give up. */
export function stall(reply: FastifyReply): void {
  void reply.hijack();
}

/** Cuts the connection without an answer: the client cannot know whether the work was done. */
export function hangUp(reply: FastifyReply): void {
  void reply.hijack();
  reply.raw.destroy();
}

/** Writes the same answer twice on the connection, as a confused provider does. */
export function answerTwice(reply: FastifyReply, status: number, body: object): void {
  void reply.hijack();
  const text = JSON.stringify(body);
  const answer = `HTTP/1.1 ${status} OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
  const { socket } = reply.raw;
  socket?.write(answer);
  socket?.write(answer, () => socket.end());
}

/** What holds for the next requests, in the order it was asked for; `next()` takes one request and gives its value, or the fallback. */
export class Upcoming<T> {
  private queue: { value: T; left: number }[] = [];
  constructor(private readonly fallback: T) {}
  /** The fallback forgets all that was to come. */
  set(value: T, count: number): void {
    if (value === this.fallback) this.queue = [];
    else this.queue.push({ value, left: count });
  }
  peek(): T {
    return this.queue[0]?.value ?? this.fallback;
  }
  next(): T {
    const value = this.peek();
    const [first] = this.queue;
    if (first && --first.left === 0) this.queue.shift();
    return value;
  }
}

export async function listen(
  server: FastifyInstance,
  { port = 0, host = '127.0.0.1' }: SimulatorOptions,
  close: () => Promise<void>,
): Promise<RunningSimulator> {
  const url = await server.listen({ port, host });
  return {
    url,
    stop: async () => {
      await server.close();
      await close();
    },
  };
}
