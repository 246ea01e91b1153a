import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceName } from '../system/services.js';
import { signal } from '../system/process-mark.js';
import type { System } from '../system/system.js';

const BACK_LIMIT_MS = 60_000;

/** `kill -9` of one service while cases run, each time a share of them was acknowledged. */
export class Kills {
  /** Shares of the cases at which it strikes. */
  private readonly due = [1 / 3, 2 / 3];
  private striking: Promise<void> | undefined;
  done = 0;
  readonly faults: string[] = [];

  constructor(
    private readonly system: System,
    private readonly service: ServiceName,
    private readonly say: (line: string) => void,
  ) {}

  /** `share`: of the cases, how many are acknowledged. Never strikes before the last victim is back. */
  look(share: number): void {
    if (this.striking || share < (this.due[0] ?? Infinity)) return;
    this.due.shift();
    this.striking = this.strike()
      .catch((error: unknown) => void this.faults.push((error as Error).message))
      .finally(() => (this.striking = undefined));
  }

  /** Waits until what was killed is back; a strike that found no moment comes now. */
  async end(): Promise<void> {
    await this.striking;
    for (; this.due.length > 0; await this.striking) this.look(1);
  }

  private async strike(): Promise<void> {
    const { system, service, say } = this;
    const before = system.processOf(service);
    if (!before) throw new Error(`${service} has no process to kill`);
    signal(before, 'SIGKILL');
    say(`kill -9 ${service} (process ${before.pid})`);
    const began = performance.now();
    while (performance.now() - began < BACK_LIMIT_MS) {
      await sleep(100);
      const now = system.processOf(service);
      if (!now || now.pid === before.pid || !(await isReady(`${system.urls[service]}/health/ready`))) continue;
      this.done++;
      say(`${service} is back (process ${now.pid}) after ${((performance.now() - began) / 1000).toFixed(1)} s`);
      return;
    }
    throw new Error(`${service} did not come back within ${BACK_LIMIT_MS / 1000} s`);
  }
}

const isReady = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
