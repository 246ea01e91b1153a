import { join } from 'node:path';
import { bodyStream, itemStream, procedureStream } from '@lianban/contracts-catalog/events';
import { optionalSetting, readConfig, type ServiceConfig } from '@lianban/service-kit/config';

/** What the catalog says; it listens to nobody. */
export const wiring = {
  name: 'catalog',
  publishes: [itemStream, bodyStream, procedureStream],
  consumes: [],
};

export interface CatalogConfig extends ServiceConfig {
  /** Folder with localities.json, bodies.json, items.json and procedures/*.json, imported at start. */
  dataFolder: string;
}

export const readCatalogConfig = (): CatalogConfig => ({
  ...readConfig(),
  dataFolder: optionalSetting('CATALOG_DATA', join(import.meta.dirname, '../data')),
});
