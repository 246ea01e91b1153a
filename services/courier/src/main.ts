import { runProgram } from '@lianban/service-kit/program';
import { startService } from '@lianban/service-kit/service';
import { definition } from './app.module.js';
import { readCourierConfig, wiring } from './config.js';

await runProgram(wiring.name, () => startService(definition(readCourierConfig())));
