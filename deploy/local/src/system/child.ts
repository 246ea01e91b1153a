import { type OwnedProcess, startOwnedProcess } from '@lianban/testing/process';
import { isAlive, markOf, type ProcessMark, signal } from './process-mark.js';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 10_000;
/** A process that lived this long counts as well again. */
const WELL_AFTER_MS = 30_000;

export interface ChildOptions {
  name: string;
  /** Compiled program, absolute. */
  program: string;
  env: Record<string, string>;
  logFile: string;
  say: (line: string) => void;
  onStart: (mark: ProcessMark) => void;
}

/** A program that is started again when it dies, until it is stopped. It ends with us, however we end. */
export class Child {
  private process: OwnedProcess | undefined;
  private mark: ProcessMark | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopping = false;
  private waitMs = FIRST_WAIT_MS;
  /** Ends in a row without being well in between. */
  deaths = 0;

  constructor(readonly options: ChildOptions) {}

  async start(): Promise<void> {
    const { name, program, env, logFile, say, onStart } = this.options;
    const began = performance.now();
    const running = await startOwnedProcess({
      command: process.execPath,
      args: ['--enable-source-maps', program],
      output: logFile,
      stopSignal: 'TERM',
      env,
    });
    this.process = running;
    this.mark = markOf(running.pid);
    onStart(this.mark);
    void running.ended.then((code) => {
      if (this.stopping) return;
      if (performance.now() - began > WELL_AFTER_MS) {
        this.waitMs = FIRST_WAIT_MS;
        this.deaths = 0;
      }
      this.deaths++;
      say(`${name} ended (${wayOut(code)}); starting again in ${this.waitMs / 1000} s`);
      this.timer = setTimeout(() => {
        this.start().catch((error: unknown) => say(`${name} cannot be started: ${(error as Error).message}`));
      }, this.waitMs);
      this.waitMs = Math.min(this.waitMs * 2, LONGEST_WAIT_MS);
    });
    // Told to stop while it was being started.
    if (this.stopping) await running.stop();
  }

  /** Asks it to stop; after `limitMs` it is killed. */
  async stop(limitMs: number): Promise<void> {
    this.stopping = true;
    clearTimeout(this.timer);
    if (!this.process || !this.mark) return;
    const late = setTimeout(() => {
      if (isAlive(this.mark!)) this.options.say(`${this.options.name} does not stop: killed`);
      signal(this.mark!, 'SIGKILL');
    }, limitMs);
    await this.process.stop();
    clearTimeout(late);
  }
}

/** The exit code as the guarding shell tells it: 128 + n for signal n. */
const wayOut = (code: number): string =>
  code === 137 ? 'SIGKILL' : code > 128 ? `signal ${code - 128}` : `exit code ${code}`;
