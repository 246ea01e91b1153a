/** A wait that can be cut short: loops sleep on it and are woken by news or by their stop. */
export class Pause {
  private wakeUp: (() => void) | undefined;
  private woken = false;

  /** Resolves after `ms`, or at once when `wake` was called since the last wait ended. */
  async wait(ms: number): Promise<void> {
    if (!this.woken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.wakeUp = undefined;
    this.woken = false;
  }

  wake(): void {
    this.woken = true;
    this.wakeUp?.();
  }
}

/** Resolves to whether `work` settled in time; its error, if any, is thrown. */
export async function settlesWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
