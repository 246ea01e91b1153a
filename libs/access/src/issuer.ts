/** Which issuers of tokens a service accepts at all. */

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Outside demo mode the issuer must be reached by https (http only on this machine) and must not be the demo issuer, which hands a token to anyone.
 * Throws one sentence. An issuer that cannot be reached now is not refused: its tokens are not accepted before its keys can be read.
 */
export async function assertIssuerAllowed(issuer: string, mode: 'demo' | 'production'): Promise<void> {
  const url = URL.parse(issuer);
  if (!url || !['http:', 'https:'].includes(url.protocol))
    throw new Error('OIDC_ISSUER must be an http or https address');
  if (mode === 'demo') return;
  if (url.protocol === 'http:' && !LOOPBACK.has(url.hostname))
    throw new Error('OIDC_ISSUER must be an https address in production mode');
  const document = await discover(issuer).catch(() => undefined);
  if (document?.lianban_demo === true) throw new Error('OIDC_ISSUER is the demo issuer, which production mode refuses');
}

/** The issuer's discovery document. Rejects when it cannot be read. */
export async function discover(issuer: string): Promise<{ jwks_uri?: string; lianban_demo?: boolean }> {
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
    signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok) throw new Error(`the issuer's discovery document answers ${response.status}`);
  return (await response.json()) as { jwks_uri?: string; lianban_demo?: boolean };
}
