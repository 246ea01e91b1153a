/** SMS and e-mail providers as notifications sees them. */
import { callOutside } from '@lianban/service-kit/outside-call';
import type { SendingConfig } from '../config.js';
import type { Attempt, SendResult } from '../notice/notice.js';

/** Answers of 4xx that a repeat may cure: our own key, a wait, too many at once. */
const CURABLE = new Set([401, 403, 408, 409, 425, 429]);

export class Providers {
  constructor(private readonly config: Pick<SendingConfig, 'sms' | 'email' | 'timeoutMs'>) {}

  /**
   * Hands the message over. Never rejects. `ms` is how long it took. Codes: `provider.timeout`, `provider.unreachable`, `provider.answer-<status>`,
   * `provider.unreadable`. @idempotent by `<notice>:<channel>`.
   */
  async send({ notice, to }: Attempt): Promise<SendResult & { ms: number }> {
    const { url, key } = this.config[notice.channel];
    const result = await callOutside({
      method: 'POST',
      url: `${url}/messages`,
      headers: { 'x-sms-key': key, 'idempotency-key': `${notice.id}:${notice.channel}` },
      body: { to, text: notice.text },
      timeoutMs: this.config.timeoutMs,
    });
    const { ms } = result;
    if (result.kind === 'no-answer') return { ok: false, code: `provider.${result.code}`, final: false, ms };
    if (result.status >= 300) {
      const final = result.status >= 400 && result.status < 500 && !CURABLE.has(result.status);
      return { ok: false, code: `provider.answer-${result.status}`, final, ms };
    }
    const { messageId } = (result.body ?? {}) as { messageId?: unknown };
    return typeof messageId === 'string' && messageId.length > 0 && messageId.length <= 200
      ? { ok: true, messageId, ms }
      : { ok: false, code: 'provider.unreadable', final: false, ms };
  }
}
