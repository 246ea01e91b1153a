import type { Actor } from '@lianban/access/actor';
import { bearer, IssuerUnavailable, TokenRefused, type Verifier } from '@lianban/access/verify';
import type { OutsideMessage } from '@lianban/eventing/envelope';
import { tokenRequired } from './errors.js';

/**
 * Who sent an outside message, by the token in its header `authorization`; judged as of the time the log took the message in, however long it waited.
 * Throws `access.token-required`, or, while the issuer is away, an error on which the batch is tried again instead of being taken for poison.
 */
export async function senderOf(
  { headers, appendedAt }: Pick<OutsideMessage, 'headers' | 'appendedAt'>,
  verify: Verifier,
): Promise<Actor> {
  const authorization = Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization');
  try {
    return await verify(bearer(authorization?.[1]), appendedAt);
  } catch (error) {
    if (error instanceof TokenRefused) throw tokenRequired();
    // The code of a connection that failed.
    if (error instanceof IssuerUnavailable)
      throw Object.assign(new Error(error.message, { cause: error }), { code: 'EHOSTUNREACH' });
    throw error;
  }
}
