import { NotFoundException } from '@nestjs/common';
import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import type { Database } from '@lianban/eventing/database';
import type { DeadLetter, Eventing, EventingHealth, EventingOptions } from '@lianban/eventing/eventing';
import { lastValueFrom, isObservable } from 'rxjs';

/** The batch server without a log: tests hand events to the registered handlers as the batch consumer does. */
export class FakeStrategy extends Server implements CustomTransportStrategy {
  listening = false;

  listen(callback: () => void): void {
    this.listening = true;
    callback();
  }

  close(): void {
    this.listening = false;
  }

  on(): never {
    throw new Error('no native events here');
  }

  unwrap<T>(): T {
    throw new Error('no native client here');
  }

  async deliver(topic: string, payload: unknown, context: unknown): Promise<void> {
    const result: unknown = await this.messageHandlers.get(topic)!(payload, context);
    if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
  }
}

/** Eventing with a real database and no log. */
export class FakeEventing implements Eventing {
  readonly strategy = new FakeStrategy();
  readonly database: Database;
  readonly calls: string[] = [];
  answer: EventingHealth = { parts: [], oldestUnsentMs: 0, parkedCases: 0, lag: [] };
  deadLetters: DeadLetter[] = [];
  replayWorks = true;

  constructor(options: EventingOptions) {
    const { pool } = options;
    this.database = {
      pool,
      query: async (query: { text: string }) => (await pool.query(query)).rows as object[],
      transaction: () => Promise.reject(new Error('not here')),
      onCommit: () => undefined,
    } as unknown as Database;
  }

  async start(): Promise<void> {
    this.calls.push('start');
  }

  async stop(): Promise<void> {
    this.calls.push(`stop while strategy is ${this.strategy.listening ? 'open' : 'closed'}`);
  }

  async health(): Promise<EventingHealth> {
    return this.answer;
  }

  readonly parked = {
    list: async ({ limit, offset }: { limit: number; offset: number }) => ({
      items: this.deadLetters.slice(offset, offset + limit),
      total: this.deadLetters.length,
    }),
    replay: async (id: string, { actor, reason }: { actor: string; reason: string }) => {
      if (!this.deadLetters.some((letter) => letter.id === id)) throw new NotFoundException();
      this.calls.push(`replay ${id} by ${actor}: ${reason}`);
      return this.replayWorks;
    },
    discard: async (id: string, { actor, reason }: { actor: string; reason: string }) => {
      this.calls.push(`discard ${id} by ${actor}: ${reason}`);
    },
  };
}
