/** Applies what one fetch brought in one database transaction: fresh events only, each exactly once, poison set aside (ADR 2 and 3). */
import type { MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { type BatchContext, failureOf } from './batch.js';
import type { EventDefinition, Stream } from './contract.js';
import type { Database } from './database.js';
import { caseIdOf, type OutsideMessage, positionOf, readEnvelope, type ReceivedEvent } from './envelope.js';
import { failpoint } from './failpoints.js';
import type { Fetch, LogRecord, PartitionOf } from './log.js';
import { type Logger, textOf } from './logger.js';
import { type Mark, type MarkMove, Marks, MarksMoved } from './marks.js';
import { lockParked, queueParked, storeDeadLetter } from './parked.store.js';
import { Pause } from './pause.js';
import { isConflict, isTransient } from './pg-errors.js';

export interface BatchConsumerOptions {
  database: Database;
  consumes: readonly EventDefinition[];
  outside: readonly string[];
  clock: () => Date;
  logger: Logger;
  member: string;
}

/** A partition that stands still since an event is missing. */
export interface HeldPartition extends PartitionOf {
  stream: string;
  expected: number;
  found: number;
  /** Offset of the first event after the gap. */
  offset: string;
  since: Date;
}

/** What a message says, once it is understood. */
export type Parsed =
  | { kind: 'event'; event: ReceivedEvent }
  | { kind: 'outside'; message: OutsideMessage }
  /** A type this service does not read. */
  | { kind: 'unlisted' }
  | { kind: 'poison'; error: string; caseId: string | undefined; type: string | undefined };

/** One message that is due, with the mark it moves. Poison without a readable position moves none. */
interface Unit {
  record: LogRecord;
  parsed: Parsed;
  caseId: string | undefined;
  move: Mark | undefined;
}

type HandlerOf = (topic: string) => MessageHandler | null;

/** An error of a handler, with the topic it belongs to. */
class HandlerFailed extends Error {
  override readonly name = 'HandlerFailed';
}

const CONFLICT_RETRIES = 5;
const MAX_BACKOFF_MS = 5_000;
/** About the time after which a silent member loses its partitions. */
const IDLE_LIMIT_MS = 10_000;
const MAX_MARK_RELOADS = 5;

export class BatchConsumer {
  private readonly marks: Marks;
  private readonly byType = new Map<string, EventDefinition[]>();
  private readonly streams = new Map<string, Stream>();
  private readonly outside: ReadonlySet<string>;
  private readonly pause = new Pause();
  private readonly held = new Map<string, HeldPartition>();
  private stopping = false;
  private transientFailures = 0;
  /** Whether a fetch is being applied, and when this consumer last got on with one. */
  busy = false;
  lastProgressAt: Date | undefined;
  lastError: string | undefined;
  applied = 0;
  /** Per topic: when the log took in the oldest message in hand, and how old, in ms, the oldest of the last fetch was when it was applied. */
  private inHand = new Map<string, Date>();
  private readonly lagWhenApplied = new Map<string, number>();

  constructor(private readonly options: BatchConsumerOptions) {
    for (const definition of options.consumes) {
      this.byType.set(definition.type, [...(this.byType.get(definition.type) ?? []), definition]);
      this.streams.set(definition.stream.name, definition.stream);
    }
    this.outside = new Set(options.outside);
    this.marks = new Marks(options.database);
  }

  /**
   * How far this consumer is behind, per topic it has read, in ms: the age of the oldest message it has in hand, which grows while it cannot be
   * applied; where it has none in hand, how old the oldest of the last fetch was when it was applied.
   */
  lag(): { topic: string; ms: number }[] {
    const ages = [...this.inHand].map(([topic, at]) => [topic, Math.max(0, Date.now() - at.getTime())] as const);
    return [...new Map([...this.lagWhenApplied, ...ages])].map(([topic, ms]) => ({ topic, ms }));
  }

  heldPartitions(): HeldPartition[] {
    return [...this.held.values()];
  }

  /** Number of the last applied event of the held stream, as the database has it. */
  async markOf({ stream, topic, partition }: HeldPartition): Promise<number | undefined> {
    this.marks.forget();
    await this.marks.load([{ topic, partition }]);
    const mark = this.marks.get(stream, topic, partition);
    return mark === undefined ? undefined : Number(mark.seq);
  }

  /** Called before the server joins anew: held partitions get another chance. */
  forgetHeld(): void {
    this.held.clear();
  }

  /** Cuts short the wait after a failure, this one and all later ones. */
  stop(): void {
    this.stopping = true;
    this.pause.wake();
  }

  resume(): void {
    this.stopping = false;
  }

  /** @idempotent by the marks, which move with the effects in one transaction. */
  async apply(fetch: Fetch, handlerOf: HandlerOf): Promise<{ hold: PartitionOf[] }> {
    this.busy = true;
    this.lastProgressAt = new Date();
    this.inHand = oldestByTopic(fetch.records);
    try {
      for (let round = 1; ; round++) {
        try {
          const { units, hold } = await this.plan(fetch);
          await this.applyUnits(units, handlerOf, fetch);
          await failpoint('consumer.after-commit-before-resolve', this.options.member);
          this.transientFailures = 0;
          this.lastError = undefined;
          for (const { topic, ms } of this.lag()) this.lagWhenApplied.set(topic, ms);
          this.inHand.clear();
          return { hold };
        } catch (error) {
          // Another member has moved a mark: what it applied is dropped in the next round.
          if (!(error instanceof MarksMoved) || round > MAX_MARK_RELOADS) throw error;
          this.marks.forget();
        }
      }
    } catch (error) {
      this.marks.forget();
      this.lastError = textOf(error);
      this.transientFailures++;
      const backoff = Math.min(MAX_BACKOFF_MS, 100 * 2 ** Math.min(10, this.transientFailures - 1));
      if (this.transientFailures === 1 || this.transientFailures % 20 === 0) {
        this.options.logger.warn(
          { err: error, failures: this.transientFailures },
          'a fetch could not be applied; it is tried again',
        );
      }
      if (!this.stopping) {
        await fetch.heartbeat().catch(() => undefined);
        await this.pause.wait(backoff);
      }
      throw error;
    } finally {
      this.busy = false;
      this.lastProgressAt = new Date();
    }
  }

  /** Reads a stored message; used for a fetch and again when a parked message is replayed. */
  parse(record: LogRecord): Parsed {
    if (this.outside.has(record.topic)) {
      const { topic, partition, offset, key, headers, value, appendedAt } = record;
      return { kind: 'outside', message: { topic, partition, offset, key, headers, value, appendedAt } };
    }
    const type = Object.hasOwn(record.headers, 'ce_type') ? record.headers.ce_type : undefined;
    const poison = (code: string, text: string): Parsed => ({
      kind: 'poison',
      error: `${code}: ${text}`,
      caseId: caseIdOf(record.headers),
      type,
    });
    const definitions = type === undefined ? undefined : this.byType.get(type);
    // A type nobody here reads may look as it likes; one without a type or place in its sequence is broken.
    if (type !== undefined && !definitions && positionOf(record.headers)) return { kind: 'unlisted' };
    const envelope = readEnvelope(record.headers);
    if (typeof envelope === 'string') return poison('event.envelope-broken', envelope);
    if (!definitions) return { kind: 'unlisted' };
    if (envelope.lane !== record.partition) {
      return poison('event.misplaced', `an event of lane ${envelope.lane} lies on partition ${record.partition}`);
    }
    const definition = definitions.find(({ version }) => version === envelope.version);
    if (!definition)
      return poison('event.unknown-version', `version ${envelope.version} of ${envelope.type} is unknown here`);
    let data: unknown;
    try {
      data = JSON.parse(utf8.decode(record.value));
    } catch (error) {
      return poison('event.unreadable', `the value is no JSON in UTF-8: ${textOf(error)}`);
    }
    const faults = definition.validate(data);
    if (faults.length > 0)
      return poison('event.contract-broken', `the data breaks the contract: ${faults.slice(0, 5).join('; ')}`);
    const { topic, partition, offset, appendedAt } = record;
    return { kind: 'event', event: { ...envelope, topic, partition, offset, appendedAt, data } };
  }

  /** Calls each topic's handler once with all of its messages, in the order of first appearance. Throws the handler's own error. */
  async callHandlers(parsed: readonly Parsed[], handlerOf: HandlerOf, batch: BatchContext): Promise<void> {
    const byTopic = new Map<string, (ReceivedEvent | OutsideMessage)[]>();
    for (const item of parsed) {
      const message = item.kind === 'event' ? item.event : item.kind === 'outside' ? item.message : undefined;
      if (!message) continue;
      const list = byTopic.get(message.topic);
      if (list) list.push(message);
      else byTopic.set(message.topic, [message]);
    }
    for (const [topic, messages] of byTopic) {
      const handler = handlerOf(topic);
      if (!handler) throw new HandlerFailed(`no handler is registered for ${topic}`);
      const failure = await failureOf(async () => {
        const result: unknown = await handler(messages, batch);
        if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
      });
      if (failure) throw failure.error;
    }
  }

  /** Which records of the fetch are due, in order, and which partitions must stand still since an event is missing before them. */
  private async plan(fetch: Fetch): Promise<{ units: Unit[]; hold: PartitionOf[] }> {
    const partitions = new Map<string, LogRecord[]>();
    for (const record of fetch.records) {
      const list = partitions.get(partitionKey(record));
      if (list) list.push(record);
      else partitions.set(partitionKey(record), [record]);
    }
    await this.marks.load(
      [...partitions.values()].map(([first]) => ({ topic: first!.topic, partition: first!.partition })),
    );
    const units: Unit[] = [];
    const hold: PartitionOf[] = [];
    for (const [key, records] of partitions) {
      const position = new Map<string, Mark>();
      let gap: HeldPartition | undefined;
      for (const record of records) {
        const unit = this.outside.has(record.topic)
          ? this.planOutside(record, position)
          : await this.planEvent(record, position, fetch);
        if (unit === undefined) continue;
        if ('expected' in unit) {
          gap = unit;
          break;
        }
        units.push(unit);
      }
      if (gap) {
        hold.push({ topic: gap.topic, partition: gap.partition });
        if (!this.held.has(key)) {
          this.held.set(key, gap);
          this.options.logger.error(
            {
              topic: gap.topic,
              partition: gap.partition,
              stream: gap.stream,
              expected: gap.expected,
              found: gap.found,
            },
            'an event is missing on the log: the partition stands still until it is sent again',
          );
        }
      }
    }
    return { units, hold };
  }

  private planOutside(record: LogRecord, position: Map<string, Mark>): Unit | undefined {
    const known = position.get('') ?? this.marks.get('', record.topic, record.partition);
    // A topic that was made anew counts its offsets from 0 again, but its messages are younger than the mark.
    if (known && BigInt(record.offset) <= BigInt(known.seq) && record.appendedAt <= known.at) return undefined;
    const move: Mark = {
      source: '',
      topic: record.topic,
      partition: record.partition,
      seq: record.offset,
      at: known && known.at > record.appendedAt ? known.at : record.appendedAt,
    };
    position.set('', move);
    return { record, parsed: this.parse(record), caseId: undefined, move };
  }

  private async planEvent(
    record: LogRecord,
    position: Map<string, Mark>,
    fetch: Fetch,
  ): Promise<Unit | HeldPartition | undefined> {
    const { topic, partition } = record;
    const at = positionOf(record.headers);
    if (!at || at.lane !== partition) {
      const parsed = this.parse(record);
      return { record, parsed, caseId: caseIdOf(record.headers), move: undefined };
    }
    const stream = this.streams.get(at.stream);
    const known = position.get(at.stream) ?? this.marks.get(at.stream, topic, partition);
    if (known && at.seq <= Number(known.seq)) return undefined;

    // Only a stream with one topic of its own, kept in full, has every number on this partition.
    const gapless = stream?.topic === topic && stream.compacted !== true;
    const expected = known ? Number(known.seq) + 1 : 1;
    if (gapless && at.seq > expected && (known || !(await fetch.startsAtLogStart({ topic, partition })))) {
      return {
        topic,
        partition,
        stream: at.stream,
        expected,
        found: at.seq,
        offset: record.offset,
        since: this.options.clock(),
      };
    }
    const move: Mark = { source: at.stream, topic, partition, seq: String(at.seq), at: record.appendedAt };
    position.set(at.stream, move);
    const parsed = this.parse(record);
    return { record, parsed, caseId: caseIdOf(record.headers), move };
  }

  /** Applies the units in one transaction; when one of them fails, halves are tried down to the single message, which is set aside. */
  private async applyUnits(units: readonly Unit[], handlerOf: HandlerOf, fetch: Fetch, attempts = 1): Promise<void> {
    if (units.length === 0) return;
    for (let conflicts = 0; ;) {
      try {
        await this.commit(units, handlerOf, attempts, undefined);
        return;
      } catch (error) {
        if (error instanceof MarksMoved) throw error;
        if (isConflict(error) && ++conflicts <= CONFLICT_RETRIES) {
          await this.pause.wait(Math.random() * 10 * 2 ** conflicts);
          continue;
        }
        if (isTransient(error) || isNotTheMessagesFault(error)) throw error;
        await fetch.heartbeat();
        this.lastProgressAt = new Date();
        if (units.length === 1) {
          await this.commit(units, handlerOf, attempts, textOf(error));
          return;
        }
        const middle = Math.ceil(units.length / 2);
        await this.applyUnits(units.slice(0, middle), handlerOf, fetch, attempts + 1);
        await this.applyUnits(units.slice(middle), handlerOf, fetch, attempts + 1);
        return;
      }
    }
  }

  /** One transaction: effects, outgoing events, dead letters, queue behind parked cases, marks. With `failure` the single unit is set aside. */
  private async commit(
    units: readonly Unit[],
    handlerOf: HandlerOf,
    attempts: number,
    failure: string | undefined,
  ): Promise<void> {
    const now = this.options.clock();
    const moves = this.movesOf(units);
    const setAside: object[] = [];
    await failpoint('consumer.before-begin', this.options.member);
    await this.options.database.transactionOnce(async (tx) => {
      const parked = await lockParked(
        tx,
        units.flatMap(({ caseId }) => (caseId === undefined ? [] : [caseId])),
      );
      const due: Parsed[] = [];
      const queue: { caseId: string; record: LogRecord }[] = [];
      for (const { record, parsed, caseId, move } of units) {
        if (parsed.kind === 'unlisted') continue;
        // What moves no mark may come again and would be queued twice.
        if (caseId !== undefined && move && parked.has(caseId)) {
          queue.push({ caseId, record });
          continue;
        }
        const error = parsed.kind === 'poison' ? parsed.error : failure;
        if (error === undefined) {
          due.push(parsed);
          continue;
        }
        const type = parsed.kind === 'poison' ? parsed.type : parsed.kind === 'event' ? parsed.event.type : undefined;
        const id = await storeDeadLetter(tx, { record, caseId, type, error, attempts });
        if (id === undefined) continue;
        if (caseId !== undefined) parked.add(caseId);
        const { topic, partition, offset } = record;
        setAside.push({ deadLetter: id, topic, partition, offset, error });
      }
      if (due.length > 0) await this.callHandlers(due, handlerOf, { tx, now });
      await queueParked(tx, queue);
      await this.marks.advance(tx, moves);
      await failpoint('consumer.before-commit', this.options.member);
    }, IDLE_LIMIT_MS);
    for (const letter of setAside) this.options.logger.error(letter, 'a message was set aside');
    this.marks.remember(moves);
    this.applied += units.length;
  }

  private movesOf(units: readonly Unit[]): MarkMove[] {
    const last = new Map<string, Mark>();
    for (const { move } of units) {
      if (move) last.set(`${move.source} ${move.topic} ${move.partition}`, move);
    }
    return [...last.values()].map((mark) => ({
      ...mark,
      expected: this.marks.get(mark.source, mark.topic, mark.partition)?.seq ?? null,
    }));
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function oldestByTopic(records: readonly LogRecord[]): Map<string, Date> {
  const oldest = new Map<string, Date>();
  for (const { topic, appendedAt } of records) {
    const known = oldest.get(topic);
    if (!known || appendedAt < known) oldest.set(topic, appendedAt);
  }
  return oldest;
}

export const partitionKey = ({ topic, partition }: PartitionOf): string => `${topic} ${partition}`;

/** A handler that is missing is a fault of this service, not of the message: nothing may be set aside for it. */
const isNotTheMessagesFault = (error: unknown): boolean => error instanceof HandlerFailed;
