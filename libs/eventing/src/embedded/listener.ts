/** One LISTEN connection per process: tells readers that there is something new. Only a hint; they also look by themselves. */
import pg from 'pg';
import { Pause } from '../pause.js';

const RECONNECT_MS = 1_000;
const CLOSE_MS = 2_000;

export class Listener {
  private readonly subscribers = new Set<(payload: string) => void>();
  private readonly pause = new Pause();
  private client: pg.Client | undefined;
  private running: Promise<void> | undefined;
  private stopping = false;
  private connected = false;

  constructor(private readonly config: pg.ClientConfig) {}

  /** Whether news arrive at once; otherwise readers must look more often. */
  get alive(): boolean {
    return this.connected;
  }

  subscribe(subscriber: (payload: string) => void): () => void {
    this.subscribers.add(subscriber);
    this.running ??= this.run();
    return () => this.subscribers.delete(subscriber);
  }

  async close(): Promise<void> {
    this.stopping = true;
    this.pause.wake();
    await this.client?.end().catch(() => undefined);
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      const client = new pg.Client({ ...this.config, keepAlive: true });
      this.client = client;
      try {
        const ended = new Promise<void>((resolve) => {
          client.on('error', () => resolve());
          client.on('end', () => resolve());
        });
        client.on('notification', ({ payload }) => this.tell(payload ?? ''));
        await client.connect();
        await client.query('listen lianban_log');
        this.connected = true;
        // What came between a lost connection and this one is not announced again.
        this.tell('');
        if (this.stopping) await client.end();
        await ended;
      } catch {
        // Tried again below.
      } finally {
        this.connected = false;
        await Promise.race([
          client.end().catch(() => undefined),
          new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref()),
        ]);
      }
      if (!this.stopping) await this.pause.wait(RECONNECT_MS);
    }
  }

  private tell(payload: string): void {
    for (const subscriber of this.subscribers) subscriber(payload);
  }
}
