/** Calls to providers outside: they fail, stall and answer twice, and none of that may become an exception here. */

/** What came back. `no-answer`: it is unknown whether the provider did the work. */
export type CallResult =
  | { kind: 'answer'; status: number; body: unknown; ms: number }
  | { kind: 'no-answer'; code: 'timeout' | 'unreachable'; ms: number };

/** Answers longer than this are cut off and count as unreadable. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/**
 * One call with one connection of its own: a late second answer then meets a closed connection and cannot be taken for the answer
 * to the next call. Never rejects. `timeoutMs` covers the whole call; `body` in the result is undefined where it is no JSON.
 */
export async function callOutside(options: {
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  body?: unknown;
  timeoutMs: number;
}): Promise<CallResult> {
  const started = performance.now();
  const ms = () => Math.round(performance.now() - started);
  try {
    const response = await fetch(options.url, {
      method: options.method,
      headers: { 'content-type': 'application/json', ...options.headers, connection: 'close' },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(options.timeoutMs),
    });
    return { kind: 'answer', status: response.status, body: await readJson(response), ms: ms() };
  } catch (error) {
    const timedOut = (error as Error).name === 'TimeoutError';
    return { kind: 'no-answer', code: timedOut ? 'timeout' : 'unreachable', ms: ms() };
  }
}

async function readJson(response: Response): Promise<unknown> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += part.length;
    if (bytes > MAX_ANSWER_BYTES) return undefined;
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** Runs the calls side by side and hands over their results in groups as they arrive, at least every `everyMs`: one stalled call delays nobody. */
export async function* inGroups<T>(calls: readonly Promise<T>[], everyMs = 50): AsyncGenerator<T[]> {
  let arrived: T[] = [];
  let left = calls.length;
  const all = Promise.all(
    calls.map((call) =>
      call.then((result) => {
        arrived.push(result);
      }),
    ),
  );
  while (left > 0) {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([all, new Promise((resolve) => (timer = setTimeout(resolve, everyMs)))]);
    clearTimeout(timer);
    const group = arrived;
    arrived = [];
    left -= group.length;
    if (group.length > 0) yield group;
  }
}
