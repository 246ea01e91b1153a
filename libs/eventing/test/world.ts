/** A publishing and a reading service with databases of their own, on one event log. Streams are new in each world, so a log can be shared. */
import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { Controller, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, type MicroserviceOptions, Payload } from '@nestjs/microservices';
import { testDatabase, type TestDatabase } from '@lianban/testing/test-database';
import pg from 'pg';
import type { QueryRunner } from 'typeorm';
import { type BatchContext, OnEvents, OnOutsideMessages } from '../src/batch.js';
import { dataSchemaUri, defineEvent, defineStream, type EventDefinition } from '../src/contract.js';
import { headersOf, type OutsideMessage, type ReceivedEvent } from '../src/envelope.js';
import { createEventLog } from '../src/event-log.js';
import { createEventing, type RepairableEventing } from '../src/eventing.js';
import { laneOf } from '../src/lane.js';
import type { LogMessage } from '../src/log.js';
import { eventingMigrations } from '../src/migrations.js';
import { append, newEvent } from '../src/outbox.js';

export interface Thing {
  n: number;
  text?: string;
}

export interface Applied {
  topic: string;
  case_id: string;
  seq: number;
  n: number;
  member: string;
  tx: string;
}

/** Behaviour of a reading member; `before` is called for every event inside the transaction and may throw. */
export interface MemberOptions {
  instance?: string;
  before?: (event: ReceivedEvent<Thing>) => Promise<void> | void;
  watch?: { everyMs: number; stalledMs: number; fatalMs: number };
}

export interface Member {
  eventing: RepairableEventing;
  stop(): Promise<void>;
}

/** Stops whatever a test started and has not stopped, in reverse order. */
export class Cleanup {
  private readonly steps: (() => void | Promise<void>)[] = [];
  add(step: () => void | Promise<void>): void {
    this.steps.push(step);
  }
  async run(): Promise<void> {
    for (const step of this.steps.splice(0).reverse()) await step();
  }
}

export const migrate = async (migratorUrl: string, ...more: string[]): Promise<void> => {
  const client = new pg.Client({ connectionString: migratorUrl });
  await client.connect();
  try {
    const runner = { query: (text: string) => client.query(text) } as unknown as QueryRunner;
    for (const Migration of eventingMigrations) await new Migration().up(runner);
    for (const text of more) await client.query(text);
  } finally {
    await client.end();
  }
};

const schema = {
  type: 'object',
  properties: { n: { type: 'integer' }, text: { type: 'string' } },
  required: ['n'],
  additionalProperties: false,
} as const;

const thing = (name: string, topic: string | undefined, service: string, compacted = false) =>
  defineEvent({
    type: `${name}.happened`,
    version: 1,
    stream: defineStream({ name, service, compacted, ...(topic === undefined ? {} : { topic }) }),
    schema,
    example: { n: 1 },
  });

export class World {
  readonly id = `t${randomBytes(4).toString('hex')}`;
  /** Two streams of the same service, one whose events name their topic, one compacted. */
  readonly one = thing(`${this.id}.one`, `${this.id}.one.v1`, this.id);
  readonly two = thing(`${this.id}.two`, `${this.id}.two.v1`, this.id);
  readonly local = thing(`${this.id}.local`, undefined, this.id);
  readonly entity = thing(`${this.id}.entity`, `${this.id}.entity.v1`, this.id, true);
  readonly localTopic = `${this.id}.place.v1`;
  readonly outsideTopic = `${this.id}.outside.v1`;
  /** What the handler of the outside topic got, per call. */
  readonly outsideCalls: OutsideMessage[][] = [];
  /** Which `n` the reader refuses, and with what. */
  readonly refused = new Map<number, unknown>();

  private constructor(
    readonly logUrl: string,
    readonly publisherDb: TestDatabase,
    readonly readerDb: TestDatabase,
    readonly readerPool: pg.Pool,
    readonly cleanup: Cleanup,
  ) {}

  static async create(logUrl: string, cleanup: Cleanup): Promise<World> {
    const publisherDb = await testDatabase((url) => migrate(url));
    cleanup.add(() => publisherDb.drop());
    const readerDb = await testDatabase((url) =>
      migrate(
        url,
        `create table applied (
           position bigint generated always as identity, topic text, case_id text, seq bigint, n int, member text,
           tx text default pg_current_xact_id()::text
         )`,
      ),
    );
    cleanup.add(() => readerDb.drop());
    const pool = new pg.Pool({ connectionString: readerDb.databaseUrl, max: 3 });
    pool.on('error', () => undefined);
    cleanup.add(() => pool.end());
    return new World(logUrl, publisherDb, readerDb, pool, cleanup);
  }

  /** A running publisher: database, outbox and relay, no consumer. */
  async publisher(instance = 'publisher'): Promise<Member> {
    return this.running(this.publisherDb, instance, {
      service: `${this.id}-publisher`,
      publishes: [this.one.stream, this.two.stream, this.local.stream, this.entity.stream],
      consumes: [],
    });
  }

  /** A running reader of all topics of this world. */
  async reader(options: MemberOptions = {}): Promise<Member> {
    const instance = options.instance ?? 'reader';
    const member = await this.running(
      this.readerDb,
      instance,
      {
        service: `${this.id}-reader`,
        publishes: [],
        consumes: [this.one, this.two, this.local, this.entity],
        outside: [this.outsideTopic],
        ...(options.watch === undefined ? {} : { watch: options.watch }),
      },
      this.controllers(instance, options),
    );
    return member;
  }

  /** Publishes each group in a transaction of its own. */
  async publish(
    { eventing }: Member,
    ...groups: { caseId: string; n: number; of?: EventDefinition<string, Thing>; topic?: string; text?: string }[][]
  ): Promise<void> {
    for (const group of groups) {
      await eventing.database.transaction(async (tx) => {
        append(
          tx,
          group.map(({ caseId, n, of = this.one, topic, text }) =>
            newEvent(of, {
              caseId,
              data: { n, ...(text === undefined ? {} : { text }) },
              ...(topic === undefined ? {} : { topic }),
            }),
          ),
        );
      });
    }
  }

  /** Puts messages on the log past any outbox. */
  async put(messages: readonly LogMessage[]): Promise<void> {
    const log = createEventLog(this.logUrl, { clientId: 'test' });
    try {
      const producer = await log.producer();
      await producer.send(messages);
      await producer.close();
    } finally {
      await log.close();
    }
  }

  /** An event as the relay would send it, to be broken in some way. */
  message(caseId: string, seq: number, n: number, change: Partial<LogMessage> = {}): LogMessage {
    const lane = laneOf(caseId);
    const headers = {
      ...headersOf({
        id: `${this.id}-${seq}-${n}`,
        source: this.one.stream.name,
        type: this.one.type,
        dataschema: dataSchemaUri(this.one),
        time: '2026-11-24T01:30:00.000Z',
        caseid: caseId,
        correlationid: 'c',
      }),
      ce_lane: String(lane),
      ce_seq: String(seq),
    };
    return {
      topic: this.one.stream.topic!,
      partition: lane,
      key: caseId,
      value: Buffer.from(JSON.stringify({ n })),
      ...change,
      headers: { ...headers, ...change.headers },
    };
  }

  /** What the reader applied, in the order in which it did. */
  async applied(topic?: string): Promise<Applied[]> {
    const { rows } = await this.readerPool.query<Applied>({
      text: 'select topic, case_id, seq::int, n, member, tx from applied where $1::text is null or topic = $1 order by position',
      values: [topic ?? null],
    });
    return rows;
  }

  private controllers(instance: string, { before }: MemberOptions): Type[] {
    const apply = async (events: readonly ReceivedEvent[], { tx }: BatchContext): Promise<void> => {
      for (const event of events as readonly ReceivedEvent<Thing>[]) {
        await before?.(event);
        if (this.refused.has(event.data.n)) throw this.refused.get(event.data.n);
        await tx.query({
          name: 'apply',
          text: 'insert into applied (topic, case_id, seq, n, member) values ($1, $2, $3, $4, $5)',
          values: [event.topic, event.caseid, event.seq, event.data.n, instance],
        });
      }
    };
    const readerOf = (topic: string): Type => {
      @Controller()
      class Reader {
        @OnEvents(topic)
        async apply(@Payload() events: readonly ReceivedEvent[], @Ctx() batch: BatchContext): Promise<void> {
          await apply(events, batch);
        }
      }
      return Reader;
    };
    const { outsideTopic, outsideCalls } = this;
    @Controller()
    class OutsideReader {
      @OnOutsideMessages(outsideTopic)
      async apply(@Payload() messages: readonly OutsideMessage[]): Promise<void> {
        outsideCalls.push([...messages]);
      }
    }
    return [
      ...[this.one.stream.topic!, this.two.stream.topic!, this.entity.stream.topic!, this.localTopic].map(readerOf),
      OutsideReader,
    ];
  }

  private async running(
    { databaseUrl }: TestDatabase,
    instance: string,
    options: {
      service: string;
      publishes: readonly EventDefinition['stream'][];
      consumes: readonly EventDefinition[];
      outside?: readonly string[];
      watch?: NonNullable<MemberOptions['watch']>;
    },
    controllers: Type[] = [],
  ): Promise<Member> {
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 8 });
    pool.on('error', () => undefined);
    const eventing = createEventing({ ...options, pool, log: this.logUrl, instance });
    await eventing.start();
    let app: { close(): Promise<unknown> } | undefined;
    if (controllers.length > 0) {
      class Root {}
      Module({ controllers })(Root);
      const service = await NestFactory.createMicroservice<MicroserviceOptions>(Root, {
        strategy: eventing.strategy,
        logger: false,
      });
      await service.listen();
      app = service;
    }
    let stopped: Promise<void> | undefined;
    const member: Member = {
      eventing,
      stop: () =>
        (stopped ??= (async () => {
          await app?.close();
          await eventing.stop();
          await pool.end();
        })()),
    };
    this.cleanup.add(() => member.stop());
    return member;
  }
}
