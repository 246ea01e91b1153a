import { readConfig } from '@lianban/service-kit/config';
import { startService } from '@lianban/service-kit/service';
import { AppModule } from './app.module.js';
import { wiring } from './config.js';

await startService({ ...wiring, config: readConfig(), module: () => AppModule });
