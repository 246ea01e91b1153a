import { startService } from '@lianban/service-kit/service';
import { readIntakeConfig } from './config.js';
import { intakeService } from './service.js';

await startService(intakeService(readIntakeConfig()));
