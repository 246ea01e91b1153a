import { runMigrations } from '@lianban/service-kit/migrate';
import { runProgram } from '@lianban/service-kit/program';
import { wiring } from './config.js';
import { migrations } from './migrations/all.js';

await runProgram(wiring.name, () => runMigrations(wiring.name, migrations));
