import { setTimeout as sleep } from 'node:timers/promises';

export interface Answer<T = unknown> {
  status: number;
  body: T;
}

export interface Call {
  method?: 'GET' | 'POST' | 'PUT';
  token?: string;
  headers?: Record<string, string>;
  json?: unknown;
  form?: () => FormData;
}

/** How long a service may be away before the demo gives up. */
const PATIENCE_MS = 60_000;
const ATTEMPT_MS = 15_000;
/** Answers that say "later", not "no". */
const LATER = new Set([429, 502, 503, 504]);

/** A client as outside systems should be: whatever got no clear answer is sent again, which every command allows. */
export class Http {
  /** Calls that had to be repeated. */
  repeated = 0;

  async call<T>(url: string, options: Call = {}): Promise<Answer<T>> {
    const deadline = performance.now() + PATIENCE_MS;
    for (let wait = 100; ; wait = Math.min(wait * 2, 2_000)) {
      let reason: string;
      try {
        const answer = await this.once<T>(url, options);
        if (!LATER.has(answer.status)) return answer;
        reason = `${answer.status} ${JSON.stringify(answer.body)}`;
      } catch (error) {
        const { message, cause } = error as Error;
        reason = cause instanceof Error ? `${message}: ${cause.message}` : message;
      }
      if (performance.now() > deadline) throw new Error(`${options.method ?? 'GET'} ${url}: ${reason}`);
      this.repeated++;
      await sleep(wait);
    }
  }

  /** Like `call`, but anything other than success is an error that says what came back. */
  async get<T>(url: string, token: string): Promise<T> {
    const { status, body } = await this.call<T>(url, { token });
    if (status !== 200) throw new Error(`GET ${url}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** All pages of a list. */
  async list<T>(url: string, token: string): Promise<T[]> {
    const items: T[] = [];
    for (;;) {
      const mark = url.includes('?') ? '&' : '?';
      const page = await this.get<{ items: T[]; total: number }>(
        `${url}${mark}limit=100&offset=${items.length}`,
        token,
      );
      items.push(...page.items);
      if (page.items.length === 0 || items.length >= page.total) return items;
    }
  }

  private async once<T>(url: string, { method = 'GET', token, headers, json, form }: Call): Promise<Answer<T>> {
    const response = await fetch(url, {
      method,
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(json === undefined ? (form ? { body: form() } : {}) : { body: JSON.stringify(json) }),
      signal: AbortSignal.timeout(ATTEMPT_MS),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as T };
  }
}
