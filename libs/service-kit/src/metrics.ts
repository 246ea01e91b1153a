/** Prometheus metrics. Labels name routes and parts, never cases or people. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Eventing, EventingHealth } from '@lianban/eventing/eventing';
import { Gauge, Histogram, Registry } from 'prom-client';

export interface HttpMetrics {
  observe(method: string, route: string, status: number, seconds: number): void;
}

export function createMetrics(service: string) {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  const registers = [registry];
  const http = new Histogram({
    name: 'lianban_http_request_seconds',
    help: 'Duration of HTTP requests by route',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  });
  const loop = new LoopWatch();
  new Gauge({
    name: 'lianban_event_loop_lag_seconds',
    help: 'How late the event loop ran, 99th percentile since the last window began',
    registers,
    collect() {
      this.set(loop.p99Ms() / 1000);
    },
  });
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: 'process_cpu_seconds',
    help: 'CPU time used since the start of the process',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.set((user + system) / 1e6);
    },
  });
  return {
    registry,
    loop,
    http: {
      observe: (method: string, route: string, status: number, seconds: number) =>
        http.observe({ method, route, status: String(status) }, seconds),
    } satisfies HttpMetrics,
    /** Outbox, consumers and parked cases, as eventing itself reports them. */
    watchEventing(eventing: Pick<Eventing, 'health'>): void {
      // The gauges of one scrape begin together and share one answer.
      let asked: Promise<EventingHealth> | undefined;
      const health = () => (asked ??= eventing.health().finally(() => (asked = undefined)));
      new Gauge({
        name: 'lianban_outbox_oldest_unsent_seconds',
        help: 'Age of the oldest event that is not yet on the log',
        registers,
        async collect() {
          this.set((await health()).oldestUnsentMs / 1000);
        },
      });
      new Gauge({
        name: 'lianban_parked_cases',
        help: 'Cases that queue behind a poison message',
        registers,
        async collect() {
          this.set((await health()).parkedCases);
        },
      });
      new Gauge({
        name: 'lianban_consumer_lag_seconds',
        help: 'Age of the oldest message in hand by topic; where none is, how old the last ones were when they were applied',
        labelNames: ['topic'],
        registers,
        async collect() {
          const { lag } = await health();
          for (const { topic, ms } of lag) this.set({ topic }, ms / 1000);
        },
      });
      new Gauge({
        name: 'lianban_eventing_part_ok',
        help: '1 where this part of eventing makes progress, 0 where it does not',
        labelNames: ['part'],
        registers,
        async collect() {
          const { parts } = await health();
          this.reset();
          for (const part of parts) this.set({ part: part.name }, part.ok ? 1 : 0);
        },
      });
    },
  };
}

export type Metrics = ReturnType<typeof createMetrics>;

const WINDOW_MS = 10_000;
/** A loop that is usually later than this answers nobody in time. */
const STUCK_MS = 2_000;

/** How late the event loop runs, in windows of ten seconds. */
class LoopWatch {
  private readonly delay = monitorEventLoopDelay({ resolution: 20 });
  private readonly timer: NodeJS.Timeout;
  private medianOfLastWindow = 0;

  constructor() {
    this.delay.enable();
    this.timer = setInterval(() => {
      this.medianOfLastWindow = this.delay.count > 0 ? this.delay.percentile(50) / 1e6 : 0;
      this.delay.reset();
    }, WINDOW_MS).unref();
  }

  p99Ms(): number {
    return this.delay.count > 0 ? this.delay.percentile(99) / 1e6 : 0;
  }

  stuck(): boolean {
    return this.medianOfLastWindow > STUCK_MS;
  }

  stop(): void {
    clearInterval(this.timer);
    this.delay.disable();
  }
}
