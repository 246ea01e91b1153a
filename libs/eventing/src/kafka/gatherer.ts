/**
 * kafkajs hands over a fetch in parts, one call per partition, and waits for all of them. This puts the parts together again: whatever
 * is handed over in one go is flushed in one go, and what arrives during a flush makes up the next one. Nothing waits for more to come.
 */
export class Gatherer<Part> {
  private waiting: { part: Part; settle: PromiseWithResolvers<void> }[] = [];
  private running: Promise<void> | undefined;

  constructor(private readonly flush: (parts: Part[]) => Promise<void>) {}

  /** Settles as the flush that includes the part does. */
  add(part: Part): Promise<void> {
    const settle = Promise.withResolvers<void>();
    this.waiting.push({ part, settle });
    this.running ??= this.run();
    return settle.promise;
  }

  /** Resolves when no flush is under way. */
  async idle(): Promise<void> {
    while (this.running) await this.running;
  }

  private async run(): Promise<void> {
    try {
      while (this.waiting.length > 0) {
        // The calls of one fetch come in one turn of the event loop; after it they are all here.
        await new Promise((resolve) => setImmediate(resolve));
        const taken = this.waiting.splice(0);
        try {
          await this.flush(taken.map(({ part }) => part));
          for (const { settle } of taken) settle.resolve();
        } catch (error) {
          for (const { settle } of taken) settle.reject(error);
        }
      }
    } finally {
      this.running = undefined;
    }
  }
}
