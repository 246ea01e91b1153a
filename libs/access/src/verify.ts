/** Turns an access token into an actor, for HTTP requests and for outside messages alike. */
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  decodeProtectedHeader,
  type FetchImplementation,
  type JSONWebKeySet,
  jwtVerify,
} from 'jose';
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

/** Asymmetric signatures only: with `none` or a shared secret anyone could issue tokens. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];
/** No issuer's token is longer; HTTP headers cannot be, headers of outside messages could. */
const MAX_TOKEN_CHARACTERS = 16 * 1024;

/**
 * `issuer`: base URL of the OIDC issuer; its keys are read from the discovery document, cached, and read anew when a token names an unknown one.
 * Throws `TokenRefused`, or `IssuerUnavailable` when the keys cannot be had; a token that is refused whatever the keys are is refused without them.
 * `mode`: outside demo mode tokens of the demo issuer are refused.
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
    return (keys = createRemoteJWKSet(new URL(document.jwks_uri), { ...cooldown, [customFetch]: fetchKeys }));
  }
  return async (token, at) => {
    assertPlausible(token, issuer);
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
      // Only what happened on the way to the issuer counts as its absence: whatever else goes wrong is brought about by the token.
      if (error instanceof IssuerUnavailable) throw error;
      throw new TokenRefused((error as { code?: string }).code ?? 'unreadable', { cause: error });
    }
  };
}

/** Throws `TokenRefused` on what cannot be a token of this issuer, so that it needs no keys to be refused. */
function assertPlausible(token: string, issuer: string): void {
  if (token.length > MAX_TOKEN_CHARACTERS) throw new TokenRefused('too long');
  let algorithm: unknown;
  let claimed: unknown;
  try {
    algorithm = decodeProtectedHeader(token).alg;
    claimed = decodeJwt(token).iss;
  } catch (error) {
    throw new TokenRefused('malformed', { cause: error });
  }
  if (!ALGORITHMS.includes(algorithm as string)) throw new TokenRefused('algorithm');
  if (claimed !== issuer) throw new TokenRefused('of another issuer');
}

/** Reads the issuer's key set. Throws `IssuerUnavailable` where there is no answer, or none that is a key set. */
const fetchKeys: FetchImplementation = async (url, options) => {
  try {
    const response = await fetch(url, options);
    if (response.status !== 200) throw new Error(`the key set answers ${response.status}`);
    const body = await response.text();
    createLocalJWKSet(JSON.parse(body) as JSONWebKeySet);
    return new Response(body);
  } catch (error) {
    throw new IssuerUnavailable('the keys of the issuer cannot be read', { cause: error });
  }
};

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
