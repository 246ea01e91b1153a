import { eventingMigrations } from '@lianban/eventing/migrations';
import { Application1764000000001 } from './0001-application.js';

/** In the order they run. */
export const migrations = [...eventingMigrations, Application1764000000001];
