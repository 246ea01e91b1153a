import { eventingMigrations } from '@lianban/eventing/migrations';
import { Catalog1764000000001 } from './0001-catalog.js';

/** In the order they run. */
export const migrations = [...eventingMigrations, Catalog1764000000001];
