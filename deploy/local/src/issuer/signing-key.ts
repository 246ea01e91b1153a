import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, type JWK } from 'jose';

/** The issuer's private key (ES256), made on first use and kept, so that tokens outlive a restart. */
export async function signingKey(folder: string): Promise<JWK> {
  const file = join(folder, 'signing-key.json');
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    const key = { ...(await exportJWK(privateKey)), kid: 'demo', alg: 'ES256', use: 'sig' };
    // Written whole or not at all: a key cut short by a kill would lock everybody out.
    writeFileSync(`${file}.new`, JSON.stringify(key), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return JSON.parse(readFileSync(file, 'utf8')) as JWK;
}
