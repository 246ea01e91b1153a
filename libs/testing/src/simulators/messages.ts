/** An SMS and e-mail provider that on demand fails, stalls, hangs up after taking a message, or answers twice. */
import { Journal } from './journal.js';
import {
  answerTwice,
  hangUp,
  idempotencyKey,
  keyedServer,
  listen,
  type PagedQuery,
  pagedQuery,
  type RunningSimulator,
  type SimulatorOptions,
  stall,
  Upcoming,
} from './server.js';

/** `fail` answers 503, `stall` never answers, `drop` delivers and hangs up without an answer, `twice` delivers once and answers twice. */
type Mode = 'ok' | 'fail' | 'stall' | 'drop' | 'twice';
/** What reached a phone or mailbox. */
interface Delivered {
  messageId: string;
  key: string;
  to: string;
  text: string;
  at: string;
}
type Entry = { delivered: Delivered } | { mode: Mode; count: number } | { used: true };

export interface MessagesOptions extends SimulatorOptions {
  /** How many delivered messages stay in memory; the oldest go first, and their keys with them. */
  keep?: number;
}

const messageBody = {
  type: 'object',
  properties: { to: { type: 'string', minLength: 3 }, text: { type: 'string', minLength: 1, maxLength: 4000 } },
  required: ['to', 'text'],
  additionalProperties: false,
} as const;
const controlBody = {
  type: 'object',
  properties: {
    mode: { enum: ['ok', 'fail', 'stall', 'drop', 'twice'] },
    count: { type: 'integer', minimum: 1, default: 1 },
  },
  required: ['mode'],
  additionalProperties: false,
} as const;

export async function startMessages(options: MessagesOptions): Promise<RunningSimulator> {
  const { keep = 200_000 } = options;
  const byKey = new Map<string, Delivered>();
  const requests = new Map<string, number>();
  const modes = new Upcoming<Mode>('ok');
  let taken = 0;

  const remember = (entry: Entry): void => {
    if ('delivered' in entry) {
      taken++;
      byKey.set(entry.delivered.key, entry.delivered);
      const [oldest] = byKey.keys();
      if (byKey.size > keep && oldest !== undefined) byKey.delete(oldest);
    } else if ('mode' in entry) modes.set(entry.mode, entry.count);
    else modes.next();
  };
  const journal = await Journal.open<Entry>(options.stateFile, remember);

  const server = keyedServer('x-sms-key', options.key);
  server.put<{ Body: { mode: Mode; count: number } }>(
    '/control',
    { schema: { body: controlBody } },
    async ({ body }) => {
      remember(body);
      await journal.append([body]);
      return body;
    },
  );

  const unsaved = new Map<string, Promise<void>>();
  server.post<{ Body: { to: string; text: string } }>(
    '/messages',
    { schema: { body: messageBody } },
    async (request, reply) => {
      const key = idempotencyKey(request, reply);
      if (key === undefined) return reply;
      requests.set(key, (requests.get(key) ?? 0) + 1);
      const [oldest] = requests.keys();
      if (requests.size > keep && oldest !== undefined) requests.delete(oldest);
      const mode = modes.next();
      if (mode !== 'ok') await journal.append([{ used: true }]);
      if (mode === 'stall') return stall(reply);
      if (mode === 'fail') return reply.status(503).send({ code: 'provider.unavailable' });
      const { to, text } = request.body;
      let delivered = byKey.get(key);
      if (delivered && (delivered.to !== to || delivered.text !== text))
        return reply.status(422).send({ code: 'idempotency-key.reused' });
      if (!delivered) {
        delivered = {
          messageId: `MSG${String(taken + 1).padStart(8, '0')}`,
          key,
          to,
          text,
          at: new Date().toISOString(),
        };
        remember({ delivered });
        const saved = journal.append([{ delivered }]);
        unsaved.set(key, saved);
        await saved;
        unsaved.delete(key);
      }
      await unsaved.get(key);
      if (mode === 'drop') return hangUp(reply);
      const answer = { messageId: delivered.messageId };
      if (mode === 'twice') return answerTwice(reply, 201, answer);
      return reply.status(201).send(answer);
    },
  );

  /** What was really handed to a phone, oldest first; `requests` counts how often this key was asked for since the start. */
  server.get<{ Querystring: PagedQuery }>('/messages', { schema: { querystring: pagedQuery } }, ({ query }) => ({
    items: [...byKey.values()]
      .slice(query.offset, query.offset + query.limit)
      .map((delivered) => ({ ...delivered, requests: requests.get(delivered.key) ?? 0 })),
    total: byKey.size,
  }));

  return listen(server, options, () => journal.close());
}
