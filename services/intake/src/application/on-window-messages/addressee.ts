import type { Actor } from '@lianban/access/actor';
import { MAX_MESSAGE_BYTES } from '@lianban/service-kit/validation';

/** Stands where nobody can be told: the message names no system that could be read. */
export const UNKNOWN_SYSTEM = 'unknown';

/**
 * Whom a rejection is for. A sender whose token is good is told under its own system's id, whatever the message claims; otherwise the message's
 * own words are all there is. The number is repeated only where it can be read and is the addressee's. Never throws.
 */
export function addressee(bytes: Buffer, actor: Actor | undefined): { system: string; number: string | null } {
  const stated = statedSource(bytes);
  if (actor?.system === undefined || actor.system === stated.system)
    return { system: stated.system ?? UNKNOWN_SYSTEM, number: stated.number };
  return { system: actor.system, number: null };
}

function statedSource(bytes: Buffer): { system: string | null; number: string | null } {
  const nothing = { system: null, number: null };
  if (bytes.length > MAX_MESSAGE_BYTES) return nothing;
  try {
    const message = JSON.parse(bytes.toString('utf8')) as { source?: { system?: unknown; number?: unknown } } | null;
    return { system: shortText(message?.source?.system), number: shortText(message?.source?.number) };
  } catch {
    return nothing;
  }
}

/** What is no plain short text is not repeated: it would travel on in events and logs. */
const shortText = (value: unknown): string | null =>
  typeof value === 'string' && /^[^\p{Cc}\p{Cs}\uFFFD]{1,64}$/u.test(value) ? value : null;
