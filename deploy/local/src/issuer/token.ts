import { requiredSetting } from '@lianban/service-kit/config';
import { clientSecret } from './identities.js';
import { fetchToken } from './issuer.js';

/** Prints an access token: `node dist/issuer/token.js window-430600`. Settings: `OIDC_ISSUER`, `ISSUER_SECRET`. */
const clientId = process.argv[2];
if (!clientId) {
  console.error('usage: token.js <client>, for example window-430600, backoffice-371300-social-insurance, operator');
  process.exit(2);
}
console.log(
  await fetchToken(requiredSetting('OIDC_ISSUER'), clientId, clientSecret(requiredSetting('ISSUER_SECRET'), clientId)),
);
