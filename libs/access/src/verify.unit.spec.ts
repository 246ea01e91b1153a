import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { base64url, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { assertIssuerAllowed } from './issuer.js';
import { bearer, createVerifier, IssuerUnavailable, TokenRefused } from './verify.js';

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
let server: Server;
let issuer: string;
let first: Pair;
let second: Pair;
let published: JWK[];
let demo = false;
let keyReads = 0;
/** What the issuer says instead of its keys. */
let broken: { status: number; body: string } | undefined;
/** It takes no questions at all. */
let away = false;
const publish = async (pair: Pair, kid: string) => ({ ...(await exportJWK(pair.publicKey)), kid, alg: 'ES256' });

beforeAll(async () => {
  [first, second] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
  server = createServer((request, response) => {
    if (away) {
      request.socket.destroy();
      return;
    }
    if (request.url === '/jwks') keyReads++;
    if (request.url === '/jwks' && broken) {
      response.writeHead(broken.status).end(broken.body);
      return;
    }
    const body =
      request.url === '/jwks' ? { keys: published } : { issuer, jwks_uri: `${issuer}/jwks`, lianban_demo: demo };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  published = [await publish(first, 'one')];
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
afterEach(() => {
  demo = false;
  broken = undefined;
  away = false;
});

const seconds = () => Math.floor(Date.now() / 1000);
function token(
  options: {
    pair?: Pair;
    kid?: string;
    issuer?: string;
    audience?: string;
    issued?: number;
    expires?: number;
    claims?: object;
  } = {},
) {
  return new SignJWT({
    locality: '430600',
    roles: ['reviewer', 'emperor'],
    body: '430600-tax',
    name: '李四',
    ...options.claims,
  })
    .setProtectedHeader({ alg: 'ES256', kid: options.kid ?? 'one' })
    .setSubject('li')
    .setIssuer(options.issuer ?? issuer)
    .setAudience(options.audience ?? 'lianban')
    .setIssuedAt(options.issued ?? seconds())
    .setExpirationTime(options.expires ?? seconds() + 600)
    .sign((options.pair ?? first).privateKey);
}
const verifier = (mode: 'demo' | 'production' = 'production') =>
  createVerifier({ issuer, audience: 'lianban', mode, keyCooldownMs: 0 });

describe('the verifier', () => {
  it('turns a token into an actor and drops roles it does not know', async () => {
    expect(await verifier()(await token())).toEqual({
      subject: 'li',
      name: '李四',
      locality: '430600',
      body: '430600-tax',
      roles: ['reviewer'],
    });
  });

  it('refuses a token signed by another key under the name of a published one', async () => {
    await expect(verifier()(await token({ pair: second }))).rejects.toBeInstanceOf(TokenRefused);
  });

  it('refuses a token that was altered', async () => {
    const [header, , signature] = (await token()).split('.');
    const payload = base64url.encode(
      JSON.stringify({ sub: 'li', iss: issuer, aud: 'lianban', exp: seconds() + 600, roles: ['operator'] }),
    );
    await expect(verifier()(`${header}.${payload}.${signature}`)).rejects.toBeInstanceOf(TokenRefused);
  });

  it('refuses a token without a signature', async () => {
    const part = (value: object) => base64url.encode(JSON.stringify(value));
    const claims = { sub: 'li', iss: issuer, aud: 'lianban', exp: seconds() + 600 };
    await expect(verifier()(`${part({ alg: 'none' })}.${part(claims)}.`)).rejects.toBeInstanceOf(TokenRefused);
  });

  it('refuses a token signed with the public key as a shared secret', async () => {
    const secret = new TextEncoder().encode(JSON.stringify(published[0]));
    const forged = await new SignJWT({ roles: ['operator'] })
      .setProtectedHeader({ alg: 'HS256', kid: 'one' })
      .setSubject('li')
      .setIssuer(issuer)
      .setAudience('lianban')
      .setExpirationTime(seconds() + 600)
      .sign(secret);
    await expect(verifier()(forged)).rejects.toBeInstanceOf(TokenRefused);
  });

  it('refuses a token for someone else, of another issuer, or expired', async () => {
    await expect(verifier()(await token({ audience: 'bank' }))).rejects.toBeInstanceOf(TokenRefused);
    await expect(verifier()(await token({ issuer: 'https://elsewhere.example' }))).rejects.toBeInstanceOf(TokenRefused);
    await expect(verifier()(await token({ expires: seconds() - 60 }))).rejects.toBeInstanceOf(TokenRefused);
    await expect(verifier()('no.token')).rejects.toBeInstanceOf(TokenRefused);
  });

  it('judges a message by the time the log took it in', async () => {
    const old = await token({ issued: seconds() - 7200, expires: seconds() - 3600 });
    expect((await verifier()(old, new Date(Date.now() - 5_000_000))).subject).toBe('li');
    await expect(verifier()(old)).rejects.toBeInstanceOf(TokenRefused);
  });

  it('reads the keys anew when a token names one it does not know', async () => {
    const verify = verifier();
    await verify(await token());
    const before = keyReads;
    const rotated = await token({ pair: second, kid: 'two' });
    await expect(verify(rotated)).rejects.toBeInstanceOf(TokenRefused);
    published = [await publish(first, 'one'), await publish(second, 'two')];
    expect((await verify(rotated)).subject).toBe('li');
    expect(keyReads).toBeGreaterThan(before);
  });

  it('does not blame the token when the issuer is away', async () => {
    const verify = verifier();
    away = true;
    await expect(verify(await token())).rejects.toBeInstanceOf(IssuerUnavailable);
    away = false;
    expect((await verify(await token())).subject).toBe('li');
  });

  it.each([
    ['fails', { status: 500, body: '' }],
    ['has moved', { status: 302, body: '' }],
    ['answers with a page', { status: 200, body: '<html>' }],
    ['answers with something else', { status: 200, body: '{"keys":7}' }],
  ])('does not blame the token when the key set %s, and takes it once the keys are back', async (_, answer) => {
    const verify = verifier();
    broken = answer;
    await expect(verify(await token())).rejects.toBeInstanceOf(IssuerUnavailable);
    broken = undefined;
    expect((await verify(await token())).subject).toBe('li');
  });

  it('needs the keys anew for an unknown key name: while they cannot be read, nobody knows whether it is a good one', async () => {
    const verify = verifier();
    await verify(await token());
    broken = { status: 503, body: '' };
    await expect(verify(await token({ kid: 'three' }))).rejects.toBeInstanceOf(IssuerUnavailable);
    expect((await verify(await token())).subject).toBe('li');
  });

  const part = (value: unknown) => base64url.encode(typeof value === 'string' ? value : JSON.stringify(value));
  const es256 = part({ alg: 'ES256', kid: 'one' });
  const claims = () => part({ sub: 'li', iss: issuer, aud: 'lianban', exp: seconds() + 600 });
  it.each<[string, () => string | Promise<string>]>([
    ['nothing', () => ''],
    ['no parts', () => 'abc'],
    ['empty parts', () => '..'],
    ['parts that are no JSON', () => `${part('{')}.${part('x')}.AA`],
    ['parts that are null', () => `${part('null')}.${part('null')}.AA`],
    ['lists instead of objects', () => `${part([])}.${part([])}.AA`],
    ['five parts', () => `${es256}.${claims()}.AA.AA.AA`],
    ['no algorithm', () => `${part({ kid: 'one' })}.${claims()}.AA`],
    ['alg none', () => `${part({ alg: 'none' })}.${claims()}.`],
    ['alg as an object', () => `${part({ alg: { toString: 'ES256' } })}.${claims()}.AA`],
    ['a shared secret', () => `${part({ alg: 'HS256', kid: 'one' })}.${claims()}.AA`],
    ['another issuer', () => token({ issuer: 'https://elsewhere.example' })],
    ['no issuer', () => `${es256}.${part({ sub: 'li' })}.AA`],
    ['an issuer that is a list', () => `${es256}.${part({ iss: [issuer] })}.AA`],
    ['5 MB of claims', () => token({ claims: { padding: 'x'.repeat(5_000_000) } })],
    ['5 MB of brackets', () => `${part('['.repeat(5_000_000))}.AA.AA`],
  ])('refuses a token of %s, the issuer there or not', async (_, hostile) => {
    const text = await hostile();
    await expect(verifier()(text)).rejects.toBeInstanceOf(TokenRefused);
    away = true;
    await expect(verifier()(text)).rejects.toBeInstanceOf(TokenRefused);
  });

  it.each<[string, () => string | Promise<string>]>([
    ['an unknown key', () => token({ kid: 'nobody' })],
    ['a key name that is an object', () => `${part({ alg: 'ES256', kid: { a: 1 } })}.${claims()}.AA`],
    ['another algorithm than its key', () => `${part({ alg: 'RS256', kid: 'one' })}.${claims()}.AA`],
    [
      'critical extensions nobody knows',
      () => `${part({ alg: 'ES256', kid: 'one', crit: ['x'], x: 1 })}.${claims()}.AA`,
    ],
    ['a signature that is none', () => `${es256}.${claims()}.AA`],
    ['claims of wrong types', () => `${es256}.${part({ iss: issuer, sub: 7, exp: 'never', aud: {} })}.AA`],
    ['key that is published but unusable', () => token({ kid: 'broken' })],
  ])('refuses a token of %s', async (_, hostile) => {
    published = [
      await publish(first, 'one'),
      { kty: 'EC', crv: 'P-256', kid: 'broken', alg: 'ES256', x: 'AA', y: 'AA' },
    ];
    await expect(verifier()(await hostile())).rejects.toBeInstanceOf(TokenRefused);
  });

  it('refuses tokens of the demo issuer outside demo mode', async () => {
    demo = true;
    await expect(verifier('production')(await token())).rejects.toBeInstanceOf(TokenRefused);
    expect((await verifier('demo')(await token())).subject).toBe('li');
  });
});

describe('the issuer', () => {
  it('must not be the demo issuer in production mode', async () => {
    demo = true;
    await expect(assertIssuerAllowed(issuer, 'production')).rejects.toThrow(/demo issuer/);
    await expect(assertIssuerAllowed(issuer, 'demo')).resolves.toBeUndefined();
    demo = false;
    await expect(assertIssuerAllowed(issuer, 'production')).resolves.toBeUndefined();
  });

  it('must be reached by https in production mode, but for this machine', async () => {
    await expect(assertIssuerAllowed('http://issuer.example', 'production')).rejects.toThrow(/https/);
    await expect(assertIssuerAllowed('http://issuer.example', 'demo')).resolves.toBeUndefined();
    await expect(assertIssuerAllowed('ftp://issuer.example', 'demo')).rejects.toThrow(/http or https/);
  });
});

describe('the bearer header', () => {
  it.each(['Bearer abc.def-g_h', 'bearer abc.def-g_h'])('is read: %s', (header) =>
    expect(bearer(header)).toBe('abc.def-g_h'),
  );
  it.each([undefined, '', 'Basic abc', 'Bearer', 'Bearer a b', 'Bearer a, Bearer b'])('is refused: %s', (header) => {
    expect(() => bearer(header)).toThrow(TokenRefused);
  });
});
