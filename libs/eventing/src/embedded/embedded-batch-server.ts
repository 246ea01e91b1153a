import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import type { BatchServerOptions } from '../log.js';
import type { Logger } from '../logger.js';
import type { EmbeddedLog } from './embedded-log.js';
import { Membership } from './membership.js';

/** How long leaving waits for the fetch in hand: at a stop, and when the member has stalled anyway. */
const STOP_WAIT_MS = 10_000;
const RESTART_WAIT_MS = 2_000;

/** Reads the embedded log as a Nest transport strategy. */
export class EmbeddedBatchServer extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true;
  private membership: Membership | undefined;
  private lastAnswerAt: Date | undefined;

  constructor(
    private readonly log: EmbeddedLog,
    private readonly options: BatchServerOptions,
    private readonly logs: Logger,
    private readonly clientId: string,
  ) {
    super();
  }

  listen(callback: (error?: unknown) => void): void {
    this.join();
    callback();
  }

  async close(): Promise<void> {
    await this.leave(STOP_WAIT_MS);
  }

  async restart(): Promise<void> {
    await this.leave(RESTART_WAIT_MS);
    this.join();
  }

  lastFetchAt(): Date | undefined {
    return this.membership?.fetchedAt ?? this.lastAnswerAt;
  }

  on(): never {
    throw new Error('the embedded log has no native events');
  }

  unwrap<T>(): T {
    return this.log as T;
  }

  private join(): void {
    this.membership ??= new Membership(this.log, this.options, this.messageHandlers, this.logs, this.clientId);
  }

  private async leave(waitMs: number): Promise<void> {
    const { membership } = this;
    this.membership = undefined;
    this.lastAnswerAt = membership?.fetchedAt ?? this.lastAnswerAt;
    await membership?.leave(waitMs);
  }
}
