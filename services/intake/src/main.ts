import { runProgram } from '@lianban/service-kit/program';
import { startService } from '@lianban/service-kit/service';
import { readIntakeConfig, wiring } from './config.js';
import { intakeService } from './service.js';

await runProgram(wiring.name, () => startService(intakeService(readIntakeConfig())));
