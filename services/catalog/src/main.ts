import { startService } from '@lianban/service-kit/service';
import { readCatalogConfig } from './config.js';
import { catalogService } from './service.js';

await startService(catalogService(readCatalogConfig()));
