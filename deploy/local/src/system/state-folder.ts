/** What a system keeps on disk: secrets, tokens, and while it runs a file that tells others how to reach it. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Role } from '@lianban/access/actor';
import { isAlive, type ProcessMark } from './process-mark.js';
import type { ServiceName } from './services.js';

export type LogKind = 'embedded' | 'kafka';

/** Random per state folder; the repository holds none. */
export interface Secrets {
  issuer: string;
  carrier: string;
  sms: string;
  databases: string;
  /** Put before topics and groups on a cluster that others use too. */
  prefix: string;
}

export interface TokenEntry {
  name: string;
  roles: Role[];
  locality?: string;
  body?: string;
  system?: string;
  token: string;
}
export type TokenFile = Record<string, TokenEntry>;

/** `run.json`, there while the system runs. Readable for its owner only: the addresses hold passwords. */
export interface RunFile {
  runner: ProcessMark;
  log: LogKind;
  eventLog: string;
  urls: Record<ServiceName | 'issuer' | 'carrier' | 'messages', string>;
  keys: { carrier: string; sms: string };
  databases: Record<ServiceName, string>;
  tokensFile: string;
  logsFolder: string;
  processes: Record<string, ProcessMark>;
}

export class StateFolder {
  readonly logs: string;
  readonly tokensFile: string;
  private readonly runFile: string;

  constructor(readonly path: string) {
    this.logs = join(path, 'logs');
    this.tokensFile = join(path, 'tokens.json');
    this.runFile = join(path, 'run.json');
  }

  create(): void {
    // Passable, because PostgreSQL may have to run as another user below it; what is secret is closed by itself.
    mkdirSync(this.logs, { recursive: true });
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  secrets(): Secrets {
    const file = join(this.path, 'secrets.json');
    if (!existsSync(file)) {
      const random = () => randomBytes(24).toString('base64url');
      this.write(file, {
        issuer: random(),
        carrier: random(),
        sms: random(),
        databases: random(),
        prefix: `lianban-${randomBytes(4).toString('hex')}.`,
      } satisfies Secrets);
    }
    return JSON.parse(readFileSync(file, 'utf8')) as Secrets;
  }

  tokens(): TokenFile {
    return JSON.parse(readFileSync(this.tokensFile, 'utf8')) as TokenFile;
  }

  writeTokens(tokens: TokenFile): void {
    this.write(this.tokensFile, tokens);
  }

  /** What the last run wrote; it may have been killed since. */
  lastRun(): RunFile | undefined {
    try {
      return JSON.parse(readFileSync(this.runFile, 'utf8')) as RunFile;
    } catch {
      return undefined;
    }
  }

  /** The run file of a system that runs now and is ready. */
  running(): RunFile | undefined {
    const run = this.lastRun();
    return run?.urls && isAlive(run.runner) ? run : undefined;
  }

  writeRun(run: Pick<RunFile, 'runner' | 'processes'> | RunFile): void {
    this.write(this.runFile, run);
  }

  forgetRun(): void {
    rmSync(this.runFile, { force: true });
  }

  /** Whole or not at all, and for the owner's eyes. */
  private write(file: string, content: object): void {
    writeFileSync(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
}
