/**
 * `docker compose run --rm demo [arguments]`: `npm run demo` beside the containers. It gets what the file of a running system would say
 * about them. Settings: `STATE_FOLDER` (the secrets), `DATABASE_SERVER`, `EVENT_LOG`, `OIDC_ISSUER`.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requiredSetting } from '@lianban/service-kit/config';
import { serviceDatabaseUrls } from '@lianban/testing/postgres';
import { markOf } from '../system/process-mark.js';
import { PORTS, SERVICES } from '../system/services.js';
import { type RunFile, StateFolder } from '../system/state-folder.js';
import { fetchTokens } from '../system/system.js';

const secrets = new StateFolder(requiredSetting('STATE_FOLDER')).secrets();
const server = requiredSetting('DATABASE_SERVER');
const state = mkdtempSync(join(tmpdir(), 'lianban-'));
const folder = new StateFolder(join(state, 'kafka'));
folder.create();
folder.writeTokens(await fetchTokens(requiredSetting('OIDC_ISSUER'), secrets.issuer));
folder.writeRun({
  runner: markOf(process.pid),
  log: 'kafka',
  eventLog: requiredSetting('EVENT_LOG'),
  urls: Object.fromEntries(
    (['issuer', ...SERVICES, 'carrier', 'messages'] as const).map((name) => [name, `http://${name}:${PORTS[name]}`]),
  ) as RunFile['urls'],
  keys: { carrier: secrets.carrier, sms: secrets.sms },
  databases: Object.fromEntries(
    SERVICES.map((service) => [service, serviceDatabaseUrls(server, service, secrets.databases).migratorUrl]),
  ) as RunFile['databases'],
  tokensFile: folder.tokensFile,
  logsFolder: folder.logs,
  processes: {},
});
const demo = spawn(
  process.execPath,
  [
    ...['--enable-source-maps', join(import.meta.dirname, '../demo.js')],
    ...['--kafka', '--state', state, ...process.argv.slice(2)],
  ],
  { stdio: 'inherit' },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => demo.kill(signal));
demo.on('exit', (code) => process.exit(code ?? 1));
