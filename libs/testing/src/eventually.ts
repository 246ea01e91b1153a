export interface EventuallyOptions {
  timeoutMs?: number;
  everyMs?: number;
}

/**
 * Asks again and again until the probe's answer is neither undefined nor false and it does not throw; resolves with that answer.
 * Rejects after `timeoutMs` (default 15000) with the last sample, or with what the probe last threw as the cause.
 */
export async function eventually<T>(
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  { timeoutMs = 15_000, everyMs = 50 }: EventuallyOptions = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    let sample: T | undefined | false;
    let thrown: { error: unknown } | undefined;
    try {
      sample = await probe();
    } catch (error) {
      thrown = { error };
    }
    if (!thrown && sample !== undefined && sample !== false) return sample;
    if (Date.now() >= deadline) {
      const last = thrown ? `threw ${describe(thrown.error)}` : `gave ${String(sample)}`;
      throw new Error(`not within ${timeoutMs} ms; the last try ${last}`, thrown ? { cause: thrown.error } : undefined);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : JSON.stringify(error));
