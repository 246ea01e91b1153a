import type { Database } from '@lianban/eventing/database';
import type { BackgroundTask, ServiceDeps } from '@lianban/service-kit/service';
import { CatalogRefused, checkCatalog, type Fault } from '../catalog-data/catalog.js';
import { importCatalog } from './import.store.js';
import { readFolder } from './read-folder.js';

/** The database may be away for a moment; then the import is tried again after this long. */
const RETRY_MS = 2_000;

/**
 * Imports the folder once, after start. A folder with faults is refused as a whole: the catalog goes on with what it has, and `missing` says why it
 * is not ready.
 */
export class ImportFolder implements BackgroundTask {
  private state: 'waiting' | 'done' | readonly Fault[] = 'waiting';
  private running: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly options: {
      database: Database;
      logger: Pick<ServiceDeps['logger'], 'info' | 'warn' | 'error'>;
      folder: string;
    },
  ) {}

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** Empty when the folder's content is in the catalog. */
  missing(): string[] {
    if (this.state === 'done') return [];
    if (this.state === 'waiting') return ['catalog data: not imported yet'];
    return [`catalog data: refused with ${this.state.length} fault(s), see the log`];
  }

  private async run(): Promise<void> {
    const { database, logger, folder } = this.options;
    try {
      const catalog = checkCatalog(await readFolder(folder));
      const imported = await database.transaction((tx) => importCatalog(tx, catalog, new Date()));
      this.state = 'done';
      logger.info({ folder, ...imported }, 'catalog data is imported');
    } catch (error) {
      if (error instanceof CatalogRefused) {
        this.state = error.faults;
        logger.error({ folder, faults: error.faults }, 'catalog data is refused as a whole');
        return;
      }
      logger.warn({ err: error }, 'catalog data could not be imported and will be tried again');
      if (!this.stopped) this.timer = setTimeout(() => this.start(), RETRY_MS);
    }
  }
}
