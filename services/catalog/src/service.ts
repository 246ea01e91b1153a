import type { ServiceDefinition } from '@lianban/service-kit/service';
import { AppModule } from './app.module.js';
import { type CatalogConfig, wiring } from './config.js';
import { ImportFolder } from './import-folder/import-folder.js';

/** Everything `startService` needs; `main.ts` and the specs start the same service. */
export function catalogService(config: CatalogConfig): ServiceDefinition<CatalogConfig> {
  let importer: ImportFolder;
  return {
    ...wiring,
    config,
    module: ({ database, logger }) => {
      importer = new ImportFolder({ database, logger, folder: config.dataFolder });
      return AppModule;
    },
    background: () => [importer],
    ready: async () => importer.missing(),
  };
}
