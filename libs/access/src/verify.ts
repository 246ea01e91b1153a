/** Turns an access token into an actor, for HTTP requests and for outside messages alike. */
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { ROLES, type Actor, type Role } from './actor.js';
import { discover } from './issuer.js';

/** The token is missing, malformed, forged, expired or meant for someone else. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
}

/** Verifies `token` as of `at` (default now): an outside message is judged at the time the log took it in, however long it waited. */
export type Verifier = (token: string, at?: Date) => Promise<Actor>;

/** The issuer cannot be asked for its keys just now: nobody is refused for good because of it. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable';
  readonly statusCode = 503;
}

/** jose's codes that say nothing about the token: the keys could not be fetched or read. */
const NOT_THE_TOKENS_FAULT = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC']);
/** Asymmetric signatures only: with `none` or a shared secret anyone could issue tokens. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];

/**
 * `issuer`: base URL of the OIDC issuer; its keys are read from the discovery document, cached, and read anew when a token names an unknown one.
 * Throws `TokenRefused`, or `IssuerUnavailable` when the keys cannot be had. `mode`: outside demo mode tokens of the demo issuer are refused.
 */
export function createVerifier(options: {
  issuer: string;
  audience: string;
  mode: 'demo' | 'production';
  /** Keys are read anew at most this often, in ms; jose's default is 30 s. */
  keyCooldownMs?: number;
}): Verifier {
  const { issuer, audience, mode } = options;
  let keys: ReturnType<typeof createRemoteJWKSet> | undefined;
  async function keySet() {
    if (keys) return keys;
    const document = await discover(issuer).catch((error: unknown) => {
      throw new IssuerUnavailable('the issuer cannot be reached', { cause: error });
    });
    if (mode !== 'demo' && document.lianban_demo) throw new TokenRefused('the demo issuer counts in demo mode only');
    if (!document.jwks_uri) throw new IssuerUnavailable('the issuer names no key set');
    const cooldown = options.keyCooldownMs === undefined ? {} : { cooldownDuration: options.keyCooldownMs };
    return (keys = createRemoteJWKSet(new URL(document.jwks_uri), cooldown));
  }
  return async (token, at) => {
    const keySource = await keySet();
    try {
      const { payload } = await jwtVerify(token, keySource, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['sub', 'exp'],
        clockTolerance: 30,
        ...(at ? { currentDate: at } : {}),
      });
      return toActor(payload);
    } catch (error) {
      const code = (error as { code?: string }).code ?? '';
      if (!code.startsWith('ERR_J') || NOT_THE_TOKENS_FAULT.has(code))
        throw new IssuerUnavailable('the keys of the issuer cannot be read', { cause: error });
      throw new TokenRefused(code, { cause: error });
    }
  };
}

function toActor(claims: Record<string, unknown>): Actor {
  const text = (name: string) => (typeof claims[name] === 'string' ? { [name]: claims[name] } : {});
  const roles = Array.isArray(claims.roles)
    ? claims.roles.filter((role): role is Role => (ROLES as readonly unknown[]).includes(role))
    : [];
  return {
    subject: String(claims.sub),
    roles,
    ...text('name'),
    ...text('locality'),
    ...text('body'),
    ...text('system'),
  };
}

/** The token of an `Authorization: Bearer …` value. Throws `TokenRefused` where there is none. */
export function bearer(header: string | undefined): string {
  const token = /^Bearer ([\w.~+/=-]+)$/i.exec(header ?? '')?.[1];
  if (!token) throw new TokenRefused('no bearer token');
  return token;
}
