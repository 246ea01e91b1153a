import { requiredSetting, numberSetting, optionalSetting } from '@lianban/service-kit/config';
import { identitiesOf, readPlaces } from './identities.js';
import { startIssuer } from './issuer.js';
import { signingKey } from './signing-key.js';

/**
 * Settings: `LIANBAN_MODE` must be demo; `PORT` (0 = any), `HOST`, `ISSUER_URL` (the `iss` of its tokens; default from host and port),
 * `ISSUER_SECRET` (the clients' secrets follow from it), `ISSUER_FOLDER` (keeps the signing key), `CATALOG_DATA` (places and bodies).
 */
if (process.env.LIANBAN_MODE !== 'demo') {
  console.error(
    'the demo issuer hands tokens of every role to whoever knows one secret: it runs with LIANBAN_MODE=demo only',
  );
  process.exit(1);
}
const secret = requiredSetting('ISSUER_SECRET');
if (secret.length < 16) throw new Error('setting ISSUER_SECRET must have at least 16 characters');
const issuerUrl = optionalSetting('ISSUER_URL', '');
const running = await startIssuer({
  identities: identitiesOf(readPlaces(requiredSetting('CATALOG_DATA'))),
  secret,
  key: await signingKey(requiredSetting('ISSUER_FOLDER')),
  host: optionalSetting('HOST', '127.0.0.1'),
  port: numberSetting('PORT', 0, 0, 65_535),
  ...(issuerUrl ? { issuer: issuerUrl } : {}),
});
console.log(
  JSON.stringify({ time: new Date().toISOString(), service: 'issuer', issuer: running.issuer, msg: 'ready' }),
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void running.stop().then(() => process.exit(0)));
}
