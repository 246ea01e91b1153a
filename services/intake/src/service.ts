import multipart from '@fastify/multipart';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Database } from '@lianban/eventing/database';
import type { ServiceDefinition } from '@lianban/service-kit/service';
import { AppModule } from './app.module.js';
import { hasUsableItem } from './catalog-copy/catalog.store.js';
import { type IntakeConfig, wiring } from './config.js';
import { createContentStore } from './material/content-store.js';
import { StagingSweep } from './material/staging-sweep.js';

/** Everything `startService` needs; `main.ts` and the specs start the same service. */
export function intakeService(config: IntakeConfig): ServiceDefinition<IntakeConfig> {
  const store = createContentStore(config.materialsUrl);
  let database: Database;
  return {
    ...wiring,
    config,
    module: (deps) => {
      database = deps.database;
      return AppModule.with(store);
    },
    configure: async (app: NestFastifyApplication) => {
      await app.register(multipart);
    },
    background: () => [new StagingSweep(store)],
    ready: async () => [
      ...((await hasUsableItem(database)) ? [] : ['catalog: no item has arrived yet']),
      ...(await store.faults()),
    ],
  };
}
