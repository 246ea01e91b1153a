/** An OIDC issuer small enough for specs: discovery document, keys, and tokens on demand. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** Claims of a Lianban access token. `sub` may also be given as `subject`, as an actor calls it. */
export interface TestClaims {
  sub?: string;
  subject?: string;
  name?: string;
  locality?: string;
  body?: string;
  system?: string;
  roles?: readonly string[];
}

/** How a token deviates from a good one. Times in seconds from now. */
export interface TestTokenOptions {
  issuedIn?: number;
  expiresIn?: number;
  audience?: string;
  issuer?: string;
  /** Signed with a key the issuer does not publish, under the name of one it does. */
  forged?: boolean;
}

export interface TestIssuer {
  issuer: string;
  audience: 'lianban';
  token(claims: TestClaims, options?: TestTokenOptions): Promise<string>;
  stop(): Promise<void>;
}

export async function startTestIssuer(): Promise<TestIssuer> {
  const audience = 'lianban';
  const [published, foreign] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
  const key = { ...(await exportJWK(published.publicKey)), kid: 'test', alg: 'ES256', use: 'sig' };
  let issuer = '';
  const server = createServer((request, response) => {
    const documents: Record<string, object> = {
      '/.well-known/openid-configuration': {
        issuer,
        jwks_uri: `${issuer}/jwks`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256'],
      },
      '/jwks': { keys: [key] },
    };
    const document = documents[request.url ?? ''];
    response.writeHead(document ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A spec that forgets to stop it must still be able to end.
  server.unref();
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    audience,
    token({ sub, subject, ...claims }, options = {}) {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({ ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: 'test' })
        .setSubject(sub ?? subject ?? 'tester')
        .setIssuer(options.issuer ?? issuer)
        .setAudience(options.audience ?? audience)
        .setIssuedAt(now + (options.issuedIn ?? 0))
        .setExpirationTime(now + (options.expiresIn ?? 3600))
        .sign(options.forged ? foreign.privateKey : published.privateKey);
    },
    stop: () =>
      new Promise((resolve, reject) => {
        server.closeAllConnections();
        server.close((error) => (error ? reject(error) : resolve()));
      }),
  };
}
