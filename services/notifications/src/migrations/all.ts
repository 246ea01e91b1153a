import { eventingMigrations } from '@lianban/eventing/migrations';
import { Notice1764000000001 } from './0001-notice.js';

/** In the order they run. */
export const migrations = [...eventingMigrations, Notice1764000000001];
