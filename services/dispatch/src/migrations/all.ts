import { eventingMigrations } from '@lianban/eventing/migrations';
import { JointCase1764000000001 } from './0001-joint-case.js';

/** In the order they run. */
export const migrations = [...eventingMigrations, JointCase1764000000001];
