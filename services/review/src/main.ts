import { readConfig } from '@lianban/service-kit/config';
import { runProgram } from '@lianban/service-kit/program';
import { startService } from '@lianban/service-kit/service';
import { AppModule } from './app.module.js';
import { wiring } from './config.js';

await runProgram(wiring.name, () => startService({ ...wiring, config: readConfig(), module: () => AppModule }));
