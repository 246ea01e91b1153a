/** Runs the compiled programs as a person would, as processes of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { eventually } from '@lianban/testing/eventually';

const DIST = join(import.meta.dirname, '../dist');

export class Program {
  output = '';
  private readonly child: ChildProcess;
  /** Settles with the exit code, null after a signal. */
  readonly ended: Promise<number | null>;

  /** `name`: of the program in dist, `start` or `demo`. */
  constructor(name: 'start' | 'demo', args: readonly string[], env: Record<string, string> = {}) {
    this.child = spawn(process.execPath, [join(DIST, `${name}.js`), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '', ...env },
    });
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
  }

  get pid(): number {
    return this.child.pid!;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Resolves with all it printed; rejects with it when the exit code is another. */
  async exits(code: number): Promise<string> {
    const found = await this.ended;
    if (found !== code) throw new Error(`exit code ${found}, not ${code}:\n${this.output}`);
    return this.output;
  }

  /** Waits for the text; rejects with what was printed when the program ends before, or after the time. */
  async prints(text: string | RegExp, timeoutMs: number): Promise<void> {
    let over = false;
    void this.ended.then(() => (over = true));
    const found = () => (typeof text === 'string' ? this.output.includes(text) : text.test(this.output));
    await eventually(() => found() || over, { timeoutMs }).catch(() => undefined);
    if (!found()) throw new Error(`"${String(text)}" was not printed, but:\n${this.output}`);
  }
}
