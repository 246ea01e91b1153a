import { Inject, Injectable, type MessageEvent, type OnModuleDestroy } from '@nestjs/common';
import type { Database } from '@lianban/eventing/database';
import { DATABASE } from '@lianban/service-kit/tokens';
import { Observable } from 'rxjs';

export interface PulseTimes {
  /** A commit of another instance is not announced here, so followers also look by themselves this often. */
  lookMs: number;
  /** However many commits there are, a follower does not look more often than this. */
  restMs: number;
  /** A comment is sent after this long without a message, so that proxies keep the connection open. */
  heartbeatMs: number;
}
export const PULSE_TIMES = Symbol('dispatch:pulse-times');
export const pulseTimes: PulseTimes = { lookMs: 1_000, restMs: 50, heartbeatMs: 15_000 };

/** Follows rows that only ever get added, and wakes at each commit of this process. */
@Injectable()
export class Pulse implements OnModuleDestroy {
  private readonly sleepers = new Set<() => void>();
  private stopped = false;

  constructor(
    @Inject(DATABASE) database: Database,
    @Inject(PULSE_TIMES) private readonly times: PulseTimes,
  ) {
    database.onCommit(() => this.wake());
  }

  onModuleDestroy(): void {
    this.stopped = true;
    this.wake();
  }

  /** `read(cursor)` gives what comes after the cursor and the new cursor; an error ends the stream, and the client resumes by Last-Event-ID. */
  follow<Cursor>(
    start: Cursor,
    read: (cursor: Cursor) => Promise<{ messages: MessageEvent[]; cursor: Cursor }>,
  ): Observable<MessageEvent> {
    return new Observable((subscriber) => {
      const { restMs, heartbeatMs, lookMs } = this.times;
      const run = async () => {
        let cursor = start;
        let said = Date.now();
        while (!subscriber.closed && !this.stopped) {
          const next = await read(cursor);
          cursor = next.cursor;
          for (const message of next.messages) subscriber.next(message);
          if (next.messages.length > 0) {
            said = Date.now();
            // The client's buffer is bounded by Nest; a pause lets it drain between pages.
            await this.sleep(restMs, { deaf: true });
            continue;
          }
          if (Date.now() - said >= heartbeatMs) {
            subscriber.next({ comment: 'still here' });
            said = Date.now();
          }
          await this.sleep(lookMs);
          await this.sleep(restMs, { deaf: true });
        }
        subscriber.complete();
      };
      run().catch((error: unknown) => subscriber.error(error));
    });
  }

  private wake(): void {
    for (const sleeper of [...this.sleepers]) sleeper();
  }

  /** Resolves after `ms` or at the next commit; `deaf`: only after `ms` or at the end of the process. */
  private sleep(ms: number, { deaf = false } = {}): Promise<void> {
    if (this.stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        if (deaf && !this.stopped) return;
        end();
      };
      const end = () => {
        clearTimeout(timer);
        this.sleepers.delete(done);
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.sleepers.add(done);
    });
  }
}
