import type { Tx } from '@lianban/eventing/database';
import type { Task, TaskStatus } from '../task.js';
import { readTasks } from '../task.store.js';

/** `locality` null: of every place. Due dates are compared as from inclusive, before exclusive. */
export interface TaskFilter {
  locality: string | null;
  body?: string;
  state?: TaskStatus;
  dueBefore?: Date;
  dueAfter?: Date;
  caseNo?: string;
  limit: number;
  offset: number;
}

/** What is due first comes first; tasks without a limit come last. */
export async function listTasks(
  source: Pick<Tx, 'query'>,
  filter: TaskFilter,
): Promise<{ items: Task[]; total: number }> {
  const values: unknown[] = [];
  const conditions: string[] = [];
  const confine = (condition: (placeholder: string) => string, value: unknown) => {
    if (value !== undefined && value !== null) conditions.push(condition(`$${values.push(value)}`));
  };
  confine((p) => `locality = ${p}`, filter.locality);
  confine((p) => `body_id = ${p}`, filter.body);
  confine((p) => `status = ${p}`, filter.state);
  confine((p) => `due_at < ${p}::timestamptz`, filter.dueBefore);
  confine((p) => `due_at >= ${p}::timestamptz`, filter.dueAfter);
  confine((p) => `case_no = ${p}`, filter.caseNo);
  const where = conditions.length > 0 ? `where ${conditions.join(' and ')}` : '';
  const [counted] = await source.query<{ total: number }>({
    text: `select count(*)::int as total from task ${where}`,
    values,
  });
  const items = await readTasks(source, {
    text: `${where} order by due_at, id limit $${values.length + 1} offset $${values.length + 2}`,
    values: [...values, filter.limit, filter.offset],
  });
  return { items, total: counted!.total };
}
