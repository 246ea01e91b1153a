import { Logger } from '@nestjs/common';
import type { BackgroundTask } from '@lianban/service-kit/service';
import type { ContentStore } from './content-store.js';
import { sweepStaging } from './staging.js';

/** An upload that has not grown for this long belongs to a process that died. */
const ABANDONED_MS = 3_600_000;

/** Removes what dead processes left of uploads, at the start and every hour. */
export class StagingSweep implements BackgroundTask {
  private readonly logger = new Logger('staging');
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(private readonly store: ContentStore) {}

  start(): void {
    this.sweep();
    this.timer = setInterval(() => this.sweep(), ABANDONED_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private sweep(): void {
    this.running = sweepStaging(this.store.stagingFolder, new Date(Date.now() - ABANDONED_MS)).catch((error: unknown) =>
      this.logger.error(error, 'the staging folder cannot be swept'),
    );
  }
}
