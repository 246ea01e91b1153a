import { runProgram } from '@lianban/service-kit/program';
import { startService } from '@lianban/service-kit/service';
import { readCatalogConfig, wiring } from './config.js';
import { catalogService } from './service.js';

await runProgram(wiring.name, () => startService(catalogService(readCatalogConfig())));
