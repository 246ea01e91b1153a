import type { Logger } from 'pino';

/**
 * Repeats `work` while it reports work done, otherwise looks again every `idleMs`. An error is logged and tried again after `idleMs`:
 * the work itself claims its rows durably, so nothing is lost with the loop.
 */
export class DueLoop {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private stopped = true;
  private woken = false;
  /** When the loop last finished a round without an error; health compares it with the clock. */
  lastRound: Date | undefined;

  constructor(
    readonly name: string,
    private readonly work: () => Promise<number>,
    private readonly options: { idleMs: number; logger: Pick<Logger, 'error'> },
  ) {}

  start(): void {
    this.stopped = false;
    this.schedule(0);
  }

  /** New work is known to be there: look at once. */
  wake(): void {
    this.woken = true;
    if (!this.running) this.schedule(0);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private schedule(delay: number): void {
    clearTimeout(this.timer);
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.running = this.round();
    }, delay);
  }

  private async round(): Promise<void> {
    this.woken = false;
    let done = 0;
    try {
      done = await this.work();
      this.lastRound = new Date();
    } catch (error) {
      this.options.logger.error({ err: error as Error, loop: this.name }, 'a round failed and will be repeated');
    }
    this.running = undefined;
    this.schedule(done > 0 || this.woken ? 0 : this.options.idleMs);
  }
}
