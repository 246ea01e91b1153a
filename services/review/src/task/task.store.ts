import type { Tx } from '@lianban/eventing/database';
import { Filter, selectPage } from '@lianban/service-kit/list';
import type { Page, PageQuery } from '@lianban/service-kit/paging';
import type { Decided, Decision, Outcome, Task, TaskFile, TaskState, TaskStatus } from './task.js';

const columns = `id, case_id as "caseId", correlation_id as "correlationId", case_no as "caseNo", item, receiving_locality as "receivingLocality",
  step_id as "stepId", step_name as "stepName", party, body, due_at as "dueAt", provisional, limit_basis as "limitBasis", produces,
  applicant, form, materials, requested_at as "requestedAt",
  status, claimed_by as "claimedBy", claimed_by_name as "claimedByName", claimed_at as "claimedAt",
  recalled_at as "recalledAt", recall_reason as "recallReason"`;

interface StateRow {
  status: TaskStatus;
  claimedBy: string | null;
  claimedByName: string | null;
  claimedAt: Date | null;
  recalledAt: Date | null;
  recallReason: string | null;
}
type TaskRow = TaskFile & StateRow;
interface DecisionRow {
  taskId: string;
  outcome: Outcome;
  reason: string | null;
  reference: string | null;
  by: string;
  byName: string | null;
  at: Date;
}

/** The tasks among `ids` that exist, locked until the transaction ends; always in the order of their ids, so that instances do not deadlock. */
export async function loadTasks(tx: Tx, ids: Iterable<string>): Promise<Map<string, Task>> {
  const rows = await tx.query<TaskRow>({
    name: 'tasks-lock',
    text: `select ${columns} from task where id = any($1::uuid[]) order by id for update`,
    values: [[...new Set(ids)]],
  });
  return tasksFrom(tx, rows);
}

export async function findTask(source: Pick<Tx, 'query'>, id: string): Promise<Task | undefined> {
  const rows = await source.query<TaskRow>({
    name: 'task-find',
    text: `select ${columns} from task where id = $1`,
    values: [id],
  });
  return [...(await tasksFrom(source, rows)).values()][0];
}

/** `locality` null: of every place. Due dates are compared as from inclusive, before exclusive. */
export interface TaskFilter {
  locality: string | null;
  body?: string;
  state?: TaskStatus;
  dueBefore?: Date;
  dueAfter?: Date;
  caseNo?: string;
}

/** What is due first comes first; tasks without a limit come last. */
export async function listTasks(source: Pick<Tx, 'query'>, wanted: TaskFilter, query: PageQuery): Promise<Page<Task>> {
  const filter = new Filter()
    .by(wanted.locality, (p) => `locality = ${p}`)
    .by(wanted.body, (p) => `body_id = ${p}`)
    .by(wanted.state, (p) => `status = ${p}`)
    .by(wanted.dueBefore, (p) => `due_at < ${p}::timestamptz`)
    .by(wanted.dueAfter, (p) => `due_at >= ${p}::timestamptz`)
    .by(wanted.caseNo, (p) => `case_no = ${p}`);
  const rows = await selectPage<TaskRow>(source, { columns, from: 'task', order: 'due_at, id' }, filter, query);
  return { ...rows, items: [...(await tasksFrom(source, rows.items)).values()] };
}

/**
 * Decisions are read by a second statement: one that waited for the row lock would show the task as the winner left it,
 * but what it joins as it was before the winner committed.
 */
async function tasksFrom(source: Pick<Tx, 'query'>, rows: readonly TaskRow[]): Promise<Map<string, Task>> {
  const decidedIds = rows.filter(({ status }) => status === 'decided').map(({ id }) => id);
  const decisions =
    decidedIds.length === 0
      ? []
      : await source.query<DecisionRow>({
          name: 'decisions',
          text: `select task_id as "taskId", outcome, reason, reference, decided_by as "by", decided_by_name as "byName", decided_at as "at"
                   from decision where task_id = any($1::uuid[])`,
          values: [decidedIds],
        });
  const byTask = new Map(
    decisions.map(({ taskId, by, byName, ...decision }) => [
      taskId,
      { ...decision, by: { subject: by, name: byName } },
    ]),
  );
  return new Map(
    rows.map(({ status, claimedBy, claimedByName, claimedAt, recalledAt, recallReason, ...file }) => [
      file.id,
      {
        ...file,
        state: stateOf({ status, claimedBy, claimedByName, claimedAt, recalledAt, recallReason }, byTask.get(file.id)),
      },
    ]),
  );
}

/** The table's checks and keys promise what is asserted here. */
function stateOf(row: StateRow, decision: Decision | undefined): TaskState {
  const recall = row.recalledAt === null ? null : { reason: row.recallReason!, at: row.recalledAt };
  switch (row.status) {
    case 'open':
      return { status: 'open' };
    case 'claimed':
      return { status: 'claimed', by: { subject: row.claimedBy!, name: row.claimedByName }, at: row.claimedAt! };
    case 'decided':
      return { status: 'decided', decision: decision!, annulled: recall };
    case 'recalled':
      return { status: 'recalled', recall: recall! };
  }
}

const column = <T>(rows: readonly T[], pick: (row: T) => unknown): unknown[] => rows.map(pick);
const jsonColumn = <T>(rows: readonly T[], pick: (row: T) => unknown): string[] =>
  rows.map((row) => JSON.stringify(pick(row)));

const recallOf = ({ state }: Task) =>
  state.status === 'recalled' ? state.recall : state.status === 'decided' ? state.annulled : null;
const claimOf = ({ state }: Task) => (state.status === 'claimed' ? state : null);

const progressColumns = 'id, status, claimed_by, claimed_by_name, claimed_at, recalled_at, recall_reason';
const progressArrays =
  '$1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[]';
const progress = (tasks: readonly Task[]): unknown[] => [
  column(tasks, (t) => t.id),
  column(tasks, (t) => t.state.status),
  column(tasks, (t) => claimOf(t)?.by.subject ?? null),
  column(tasks, (t) => claimOf(t)?.by.name ?? null),
  column(tasks, (t) => claimOf(t)?.at ?? null),
  column(tasks, (t) => recallOf(t)?.at ?? null),
  column(tasks, (t) => recallOf(t)?.reason ?? null),
];

/** Inserts new tasks in one statement. They cannot have a decision yet. */
export async function insertTasks(tx: Tx, tasks: readonly Task[]): Promise<void> {
  if (tasks.length === 0) return;
  const columns = `${progressColumns}, case_id, correlation_id, case_no, item, receiving_locality, step_id, step_name, party, body,
        body_id, locality, due_at, provisional, limit_basis, produces, applicant, form, materials, requested_at`;
  await tx.query({
    name: 'tasks-insert',
    text: `insert into task (${columns})
      select * from unnest(${progressArrays}, $8::uuid[], $9::text[], $10::text[], $11::jsonb[], $12::jsonb[], $13::text[], $14::jsonb[], $15::text[],
        $16::jsonb[], $17::text[], $18::text[], $19::timestamptz[], $20::boolean[], $21::text[], $22::jsonb[], $23::jsonb[], $24::jsonb[], $25::jsonb[], $26::timestamptz[])`,
    values: [
      ...progress(tasks),
      column(tasks, (t) => t.caseId),
      column(tasks, (t) => t.correlationId),
      column(tasks, (t) => t.caseNo),
      jsonColumn(tasks, (t) => t.item),
      jsonColumn(tasks, (t) => t.receivingLocality),
      column(tasks, (t) => t.stepId),
      jsonColumn(tasks, (t) => t.stepName),
      column(tasks, (t) => t.party),
      jsonColumn(tasks, (t) => t.body),
      column(tasks, (t) => t.body.id),
      column(tasks, (t) => t.body.locality.code),
      column(tasks, (t) => t.dueAt),
      column(tasks, (t) => t.provisional),
      column(tasks, (t) => t.limitBasis),
      jsonColumn(tasks, (t) => t.produces),
      jsonColumn(tasks, (t) => t.applicant),
      jsonColumn(tasks, (t) => t.form),
      jsonColumn(tasks, (t) => t.materials),
      column(tasks, (t) => t.requestedAt),
    ],
  });
}

/** Writes back the states in one statement; what was asked for is never rewritten, and who had claimed a task stays visible after its end. */
export async function saveTasks(tx: Tx, tasks: readonly Task[]): Promise<void> {
  if (tasks.length === 0) return;
  const keepClaim = (name: string) =>
    `${name} = case when new.status in ('open', 'claimed') then new.${name} else task.${name} end`;
  await tx.query({
    name: 'tasks-save',
    text: `update task set status = new.status, recalled_at = new.recalled_at, recall_reason = new.recall_reason,
             ${['claimed_by', 'claimed_by_name', 'claimed_at'].map(keepClaim).join(', ')}
        from unnest(${progressArrays}) as new (${progressColumns}) where task.id = new.id`,
    values: progress(tasks),
  });
}

/** The key of the table refuses a second decision on a task. */
export async function insertDecisions(tx: Tx, tasks: readonly Task<Decided>[]): Promise<void> {
  if (tasks.length === 0) return;
  await tx.query({
    name: 'decisions-insert',
    text: `insert into decision (task_id, outcome, reason, reference, decided_by, decided_by_name, decided_at)
      select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])`,
    values: [
      column(tasks, (t) => t.id),
      column(tasks, (t) => t.state.decision.outcome),
      column(tasks, (t) => t.state.decision.reason),
      column(tasks, (t) => t.state.decision.reference),
      column(tasks, (t) => t.state.decision.by.subject),
      column(tasks, (t) => t.state.decision.by.name),
      column(tasks, (t) => t.state.decision.at),
    ],
  });
}
