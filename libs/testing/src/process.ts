/** Server processes that live exactly as long as the process that started them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';

export interface OwnedProcess {
  /** Of the server itself. */
  pid: number;
  /** Settles when the server has ended, for whatever reason, with its exit code. */
  ended: Promise<number>;
  /** Sends the stop signal and waits. */
  stop(): Promise<void>;
}

export interface OwnedProcessOptions {
  command: string;
  args: readonly string[];
  /** File its output is appended to. */
  output: string;
  stopSignal: 'INT' | 'TERM';
  /** Folder that is removed once the server has ended. */
  removeAfter?: string;
  user?: { uid: number; gid: number };
  env?: NodeJS.ProcessEnv;
}

/**
 * The shell holds the read end of a pipe from us. It closes when we stop, crash or are killed with -9, Jest's forced exit included, and
 * the shell then sends the server its stop signal, once and by its pid. The server has a session of its own, so that a Ctrl-C in
 * the terminal reaches it only through us, after its clients.
 */
const guard = `
signal=$1 rubbish=$2; shift 2
exec 3<&0
"$@" 3<&- 4>&- </dev/null &
server=$!
echo "$server" >&4
exec 4>&-
( cat <&3 >/dev/null; kill -s "$signal" "$server" 2>/dev/null ) &
watcher=$!
exec 3<&-
wait "$server"; code=$?
kill "$watcher" 2>/dev/null
[ -z "$rubbish" ] || rm -rf "$rubbish"
exit "$code"`;

export async function startOwnedProcess(options: OwnedProcessOptions): Promise<OwnedProcess> {
  const output = openSync(options.output, 'a', 0o600);
  let child: ChildProcess;
  try {
    const settings = [options.stopSignal, options.removeAfter ?? ''];
    child = spawn('/bin/sh', ['-c', guard, 'guard', ...settings, options.command, ...options.args], {
      stdio: ['pipe', output, output, 'ignore', 'pipe'],
      cwd: '/',
      detached: true,
      ...(options.env ? { env: options.env } : {}),
      ...options.user,
    });
  } finally {
    closeSync(output);
  }
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code) => resolve(code ?? 1));
    child.once('error', () => resolve(1));
  });
  const pid = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    const announced = child.stdio[4] as Socket;
    let text = '';
    announced.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    announced.once('end', () => resolve(Number(text)));
  });
  // A running server alone must not keep a spec or a program from ending.
  child.unref();
  const lifeline = child.stdin as Socket;
  lifeline.on('error', () => undefined);
  lifeline.unref();
  // The watcher's reader ends with the pipe, also when the server ended by itself.
  void ended.then(() => lifeline.destroy());
  return {
    pid,
    ended,
    async stop() {
      child.ref();
      lifeline.destroy();
      await ended;
    },
  };
}

/** A TCP port nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The last lines of a server's output, for the message of a failed start. */
export function tail(file: string, lines = 12): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}
