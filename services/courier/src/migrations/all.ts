import { eventingMigrations } from '@lianban/eventing/migrations';
import { Parcel1764000000001 } from './0001-parcel.js';

/** In the order they run. */
export const migrations = [...eventingMigrations, Parcel1764000000001];
