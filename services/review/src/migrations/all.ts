import { eventingMigrations } from '@lianban/eventing/migrations';
import { DepartmentTask1764000000001 } from './0001-department-task.js';

/** In the order they run. */
export const migrations = [...eventingMigrations, DepartmentTask1764000000001];
