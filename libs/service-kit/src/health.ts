import type { Eventing } from '@lianban/eventing/eventing';

/** A check that takes longer counts as failed. */
const CHECK_MS = 3_000;

/** Rejects when `work` takes longer than `ms`; the work itself goes on. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Answers of the health checks; what went wrong inside goes to the log, not to the public. */
export class Health {
  /** Why the service is not ready yet, or no longer. */
  phase: 'starting' | 'running' | 'stopping' = 'starting';

  constructor(
    private readonly eventing: Eventing,
    private readonly loop: { stuck(): boolean },
    private readonly own: (() => Promise<string[]>) | undefined,
  ) {}

  /** What only a restart can mend. An eventing that cannot answer is not fatal: its database may be away. */
  async fatalFaults(): Promise<string[]> {
    const faults: string[] = [];
    if (this.loop.stuck()) faults.push('event loop: runs late all the time');
    try {
      const { parts } = await within(CHECK_MS, this.eventing.health());
      faults.push(...parts.filter((part) => !part.ok && part.fatal).map((part) => `${part.name}: ${part.detail}`));
    } catch {
      // Readiness reports it.
    }
    return faults;
  }

  async missing(): Promise<string[]> {
    const missing = this.phase === 'running' ? [] : [`service: ${this.phase}`];
    const check = async (name: string, work: () => Promise<string[]>) => {
      try {
        missing.push(...(await within(CHECK_MS, work())));
      } catch {
        missing.push(`${name}: no answer`);
      }
    };
    await Promise.all([
      check('database', async () => {
        await this.eventing.database.query({ text: 'select 1' });
        return [];
      }),
      check('event log', async () => {
        const { parts } = await this.eventing.health();
        return parts.filter((part) => !part.ok).map((part) => `${part.name}: ${part.detail}`);
      }),
      check('own checks', async () => (this.own ? this.own() : [])),
    ]);
    return missing;
  }
}
