import { startService } from '@lianban/service-kit/service';
import { definition } from './app.module.js';
import { readNotificationsConfig } from './config.js';

await startService(definition(readNotificationsConfig()));
