import { runMigrations } from '@lianban/service-kit/migrate';
import { wiring } from './config.js';
import { migrations } from './migrations/all.js';

await runMigrations(wiring.name, migrations);
