/** An OIDC issuer for demonstrations: whoever holds a client's secret gets a token of that person or system (client credentials). */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHmac } from 'node:crypto';
import type { JWK } from 'jose';
import Provider, { type Configuration } from 'oidc-provider';
import { clientSecret, type Identity } from './identities.js';

export const AUDIENCE = 'lianban';
/** Seconds a token is valid. */
export const TOKEN_TTL = 12 * 60 * 60;

export interface IssuerOptions {
  identities: readonly Identity[];
  /** Secret all clients' secrets follow from. */
  secret: string;
  key: JWK;
  host: string;
  port: number;
  /** The `iss` of its tokens, when others reach it under another address than host and port. */
  issuer?: string;
}

export async function startIssuer(options: IssuerOptions): Promise<{ issuer: string; stop(): Promise<void> }> {
  const { identities, secret, key, host } = options;
  // The port must be known before the provider is made, because its address is part of every token.
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, host, resolve);
  });
  const issuer = options.issuer ?? `http://${host}:${(server.address() as AddressInfo).port}`;
  const byId = new Map(identities.map((identity) => [identity.id, identity]));
  const configuration: Configuration = {
    clients: identities.map(({ id }) => ({
      client_id: id,
      client_secret: clientSecret(secret, id),
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    })),
    jwks: { keys: [key] },
    cookies: { keys: [createHmac('sha256', secret).update('cookies').digest('base64url')] },
    // `lianban_demo` lets a service in production mode refuse this issuer, whatever its address.
    discovery: { lianban_demo: true },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    ttl: { ClientCredentials: TOKEN_TTL },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'urn:lianban',
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: '',
          audience: AUDIENCE,
          accessTokenFormat: 'jwt',
          accessTokenTTL: TOKEN_TTL,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    extraTokenClaims: (_ctx, token) => {
      const { id: _, ...claims } = byId.get(token.clientId ?? '') ?? { id: '' };
      return { sub: token.clientId, ...claims };
    },
  };
  const provider = new Provider(issuer, configuration);
  const handle = provider.callback();
  server.on('request', (request, response) => {
    if (request.url === '/health/live' || request.url === '/health/ready') {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}');
    } else void handle(request, response);
  });
  return {
    issuer,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What any stock client does: asks the issuer for a token with id and secret. Rejects when it is refused. */
export async function fetchToken(issuer: string, clientId: string, secret: string): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok)
    throw new Error(`the issuer gives ${clientId} no token: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { access_token: string }).access_token;
}
