/**
 * One-shot of docker-compose.yml: databases and roles as the server's administrator, then each migration as the role that owns its
 * database. Settings: `STATE_FOLDER` (the secrets), `DATABASE_SERVER`.
 */
import { requiredSetting } from '@lianban/service-kit/config';
import { createServiceDatabase } from '@lianban/testing/postgres';
import { SERVICES } from '../system/services.js';
import { StateFolder } from '../system/state-folder.js';
import { migrateDatabase } from '../system/system.js';

const { databases } = new StateFolder(requiredSetting('STATE_FOLDER')).secrets();
const admin = new URL(requiredSetting('DATABASE_SERVER'));
admin.username = 'postgres';
admin.password = databases;
admin.pathname = '/postgres';

const migrations: Promise<string>[] = [];
// One database after the other: each copies the template, which only one can do at a time.
for (const service of SERVICES) {
  const { migratorUrl } = await createServiceDatabase(admin.href, service, databases);
  migrations.push(migrateDatabase(service, migratorUrl));
}
for (const result of await Promise.allSettled(migrations)) {
  if (result.status === 'fulfilled') process.stdout.write(result.value);
  else {
    console.error((result.reason as Error).message);
    process.exitCode = 1;
  }
}
