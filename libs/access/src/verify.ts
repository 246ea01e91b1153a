/** Turns an access token into an actor, for HTTP requests and for outside messages alike. */
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { ROLES, type Actor, type Role } from './actor.js';

/** The token is missing, malformed, forged, expired or meant for someone else. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
}

/** Verifies `token` as of `at` (default now): an outside message is judged at the time the log took it in, however long it waited. */
export type Verifier = (token: string, at?: Date) => Promise<Actor>;

/** `issuer`: base URL of the OIDC issuer; its keys are read from the discovery document and cached. Throws `TokenRefused`; any other error means the issuer cannot be reached. */
export function createVerifier({ issuer, audience }: { issuer: string; audience: string }): Verifier {
  let keys: ReturnType<typeof createRemoteJWKSet> | undefined;
  async function keySet() {
    if (!keys) {
      const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
        signal: AbortSignal.timeout(5_000),
      });
      if (!response.ok) throw new Error(`the issuer's discovery document answers ${response.status}`);
      const { jwks_uri: uri } = (await response.json()) as { jwks_uri: string };
      keys = createRemoteJWKSet(new URL(uri));
    }
    return keys;
  }
  return async (token, at) => {
    const keySource = await keySet();
    try {
      const { payload } = await jwtVerify(token, keySource, {
        issuer,
        audience,
        ...(at ? { currentDate: at } : {}),
        clockTolerance: 30,
      });
      return toActor(payload);
    } catch (error) {
      const code = (error as { code?: string }).code;
      if (code === 'ERR_JWKS_TIMEOUT' || code === undefined) throw error;
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
