/**
 * One-shot of docker-compose.yml, before everything else: makes the secrets on the first start, and lays into each container's volume
 * what that container may know and nothing more. Settings: `STATES_FOLDER` (the volumes, by container), `DATABASE_SERVER`.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requiredSetting } from '@lianban/service-kit/config';
import { serviceDatabaseUrls } from '@lianban/testing/postgres';
import { SERVICES, type ServiceName } from '../system/services.js';
import { StateFolder } from '../system/state-folder.js';

const states = requiredSetting('STATES_FOLDER');
const server = requiredSetting('DATABASE_SERVER');
const secrets = new StateFolder(join(states, 'setup')).secrets();

const own: Partial<Record<ServiceName, Record<string, string>>> = {
  courier: { CARRIER_KEY: secrets.carrier },
  notifications: { SMS_KEY: secrets.sms },
};
for (const service of SERVICES) {
  const { databaseUrl } = serviceDatabaseUrls(server, service, secrets.databases);
  writeSettings(service, { DATABASE_URL: databaseUrl, ...own[service] });
}
writeSettings('issuer', { ISSUER_SECRET: secrets.issuer });
writeSettings('carrier', { CARRIER_KEY: secrets.carrier });
writeSettings('messages', { SMS_KEY: secrets.sms });
// Whoever holds the secret that the roles' passwords follow from is above them all already. PostgreSQL runs as another user than this.
write(join(states, 'setup/admin-password'), secrets.databases, 0o444);
console.log('every container has its secrets');

/** For `node --env-file`. */
function writeSettings(container: string, settings: Record<string, string>): void {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  write(join(states, container, 'secrets.env'), lines.join(''), 0o400);
}

/** Whole or not at all. */
function write(file: string, content: string, mode: number): void {
  writeFileSync(`${file}.new`, content, { mode });
  renameSync(`${file}.new`, file);
}
