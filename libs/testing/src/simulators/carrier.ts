/** A carrier that takes parcels, moves them at a set pace, and on demand fails, stalls, loses or returns them. */
import { Journal } from './journal.js';
import {
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

type Fate = 'deliver' | 'lose' | 'return';
/** `fail` answers 503, `stall` never answers, `drop` takes the parcel and hangs up without an answer. */
type Mode = 'ok' | 'fail' | 'stall' | 'drop';
interface End {
  code: string;
  name: string;
}
interface Waybill {
  waybill: string;
  key: string;
  digest: string;
  from: End;
  to: End;
  fate: Fate;
}
interface CarrierEvent {
  n: number;
  waybill: string;
  kind: 'posted' | 'moved' | 'delivered' | 'lost' | 'returned';
  place: string;
  at: string;
  signedBy?: string;
}
type Entry =
  | { waybill: Waybill }
  | { event: CarrierEvent }
  | { fate: Fate; count: number }
  | { mode: Mode; count: number }
  | { used: true };

export interface CarrierOptions extends SimulatorOptions {
  /** Milliseconds from one station to the next. */
  paceMs?: number;
  /** How many waybills and events stay in memory; the oldest finished ones go first. */
  keep?: number;
}

const routes: Record<Fate, readonly CarrierEvent['kind'][]> = {
  deliver: ['posted', 'moved', 'moved', 'delivered'],
  lose: ['posted', 'moved', 'lost'],
  return: ['posted', 'moved', 'returned'],
};
const end = {
  type: 'object',
  properties: { code: { type: 'string', minLength: 1 }, name: { type: 'string', minLength: 1 } },
  required: ['code', 'name'],
} as const;
const waybillBody = {
  type: 'object',
  properties: {
    from: end,
    to: end,
    sealNo: { type: 'string', minLength: 1 },
    things: { type: 'array', items: { type: 'string' } },
    payer: { type: 'string' },
  },
  required: ['from', 'to', 'sealNo', 'things', 'payer'],
  additionalProperties: false,
} as const;
const controlBody = {
  type: 'object',
  properties: {
    fate: { enum: ['deliver', 'lose', 'return'] },
    mode: { enum: ['ok', 'fail', 'stall', 'drop'] },
    count: { type: 'integer', minimum: 1, default: 1 },
  },
  minProperties: 2,
  additionalProperties: false,
} as const;

export async function startCarrier(options: CarrierOptions): Promise<RunningSimulator> {
  const { paceMs = 200, keep = 100_000 } = options;
  const byKey = new Map<string, Waybill>();
  const onTheWay = new Map<string, { waybill: Waybill; stations: number; nextAt: number }>();
  const fates = new Upcoming<Fate>('deliver');
  const modes = new Upcoming<Mode>('ok');
  let events: CarrierEvent[] = [];
  let issued = 0;
  let lastEvent = 0;

  const remember = (entry: Entry): void => {
    if ('waybill' in entry) {
      issued++;
      fates.next();
      byKey.set(entry.waybill.key, entry.waybill);
      onTheWay.set(entry.waybill.waybill, { waybill: entry.waybill, stations: 0, nextAt: 0 });
      for (const [key, { waybill }] of byKey) {
        if (byKey.size <= keep || onTheWay.has(waybill)) break;
        byKey.delete(key);
      }
    } else if ('event' in entry) {
      const { event } = entry;
      const travelling = onTheWay.get(event.waybill);
      if (travelling && ++travelling.stations === routes[travelling.waybill.fate].length)
        onTheWay.delete(event.waybill);
      lastEvent = event.n;
      events.push(event);
      if (events.length > 1.5 * keep) events = events.slice(-keep);
    } else if ('fate' in entry) fates.set(entry.fate, entry.count);
    else if ('mode' in entry) modes.set(entry.mode, entry.count);
    else modes.next();
  };
  const journal = await Journal.open<Entry>(options.stateFile, remember);

  const server = keyedServer('x-carrier-key', options.key);
  server.put<{ Body: { fate?: Fate; mode?: Mode; count: number } }>(
    '/control',
    { schema: { body: controlBody } },
    async ({ body: { fate, mode, count } }) => {
      const entries = [...(fate ? [{ fate, count }] : []), ...(mode ? [{ mode, count }] : [])];
      entries.forEach(remember);
      await journal.append(entries);
      return { fate, mode, count };
    },
  );

  const unsaved = new Map<string, Promise<void>>();
  server.post<{ Body: Pick<Waybill, 'from' | 'to'> & { sealNo: string } }>(
    '/waybills',
    { schema: { body: waybillBody } },
    async (request, reply) => {
      const key = idempotencyKey(request, reply);
      if (key === undefined) return reply;
      const mode = modes.next();
      if (mode !== 'ok') await journal.append([{ used: true }]);
      if (mode === 'stall') return stall(reply);
      if (mode === 'fail') return reply.status(503).send({ code: 'carrier.unavailable' });
      const digest = JSON.stringify(request.body);
      let waybill = byKey.get(key);
      if (waybill && waybill.digest !== digest) return reply.status(422).send({ code: 'idempotency-key.reused' });
      if (!waybill) {
        // The fate is read before `remember` counts it off, so that a replay of the journal counts the same.
        waybill = {
          waybill: `SIM${String(issued + 1).padStart(8, '0')}`,
          key,
          digest,
          from: request.body.from,
          to: request.body.to,
          fate: fates.peek(),
        };
        remember({ waybill });
        onTheWay.get(waybill.waybill)!.nextAt = Infinity;
        const saved = journal.append([{ waybill }]);
        unsaved.set(key, saved);
        await saved;
        unsaved.delete(key);
        onTheWay.get(waybill.waybill)!.nextAt = Date.now();
      }
      await unsaved.get(key);
      if (mode === 'drop') return hangUp(reply);
      return reply.status(201).send({ waybill: waybill.waybill });
    },
  );

  server.get<{ Querystring: { after: number; limit: number } }>(
    '/events',
    {
      schema: {
        querystring: {
          type: 'object',
          properties: {
            after: { type: 'integer', minimum: 0, default: 0 },
            limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
          },
        },
      },
    },
    async ({ query: { after, limit } }) => {
      const first = events[0]?.n ?? 1;
      const from = Math.max(0, after + 1 - first);
      const found = events.slice(from, from + limit).filter((event) => event.n <= shown);
      return { events: found, next: found.at(-1)?.n ?? after };
    },
  );
  /** For the books: which waybill was given for which key. */
  server.get<{ Querystring: PagedQuery }>('/waybills', { schema: { querystring: pagedQuery } }, ({ query }) => ({
    items: [...byKey.values()]
      .slice(query.offset, query.offset + query.limit)
      .map(({ waybill, key, fate }) => ({ waybill, key, fate })),
    total: byKey.size,
  }));

  /** Events up to here are on disk and may be told. */
  let shown = lastEvent;
  let moving: Promise<void> | undefined;
  const move = async (): Promise<void> => {
    const now = Date.now();
    const entries: { event: CarrierEvent }[] = [];
    for (const travelling of [...onTheWay.values()]) {
      if (travelling.nextAt > now) continue;
      const { waybill, fate, from, to } = travelling.waybill;
      const kind = routes[fate][travelling.stations]!;
      const place = kind === 'delivered' || (kind === 'moved' && travelling.stations > 1) ? to : from;
      const entry = {
        event: {
          n: lastEvent + 1,
          waybill,
          kind,
          place: place.name,
          at: new Date(now).toISOString(),
          ...(kind === 'delivered' ? { signedBy: to.name } : {}),
        },
      };
      travelling.nextAt = now + paceMs;
      remember(entry);
      entries.push(entry);
    }
    await journal.append(entries);
    shown = lastEvent;
  };
  let timer: NodeJS.Timeout | undefined;
  const startMoving = () => {
    timer = setInterval(
      () => {
        moving ??= move()
          .catch((error: unknown) => console.error('carrier simulator:', error))
          .finally(() => (moving = undefined));
      },
      Math.max(5, Math.min(paceMs / 4, 50)),
    );
  };
  const running = await listen(server, options, async () => {
    clearInterval(timer);
    await moving;
    await journal.close();
  });
  startMoving();
  return running;
}
