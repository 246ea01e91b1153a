import { startService } from '@lianban/service-kit/service';
import { definition } from './app.module.js';
import { readCourierConfig } from './config.js';

await startService(definition(readCourierConfig()));
