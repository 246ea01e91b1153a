import { Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import type { Database } from '@lianban/eventing/database';
import { append, type NewEvent } from '@lianban/eventing/outbox';
import { apiSchema } from '@lianban/service-kit/api-schema';
import { DATABASE } from '@lianban/service-kit/tokens';
import { taskNotFound } from '../task.errors.js';
import { claimed, released } from '../task.events.js';
import { TaskId } from '../task-id.pipe.js';
import { claim, release, type Task } from '../task.js';
import { loadTasks, saveTasks } from '../task.store.js';
import { taskFileSchema, type TaskFileView, toFile } from '../task.view.js';

@ApiTags('tasks')
@Controller('tasks')
export class ClaimTaskController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** From now on only the claimer decides. Claiming again is the same claim. */
  @Post(':id/claim')
  @HttpCode(200)
  @May('task.claim')
  @ApiOkResponse({ schema: apiSchema(taskFileSchema) })
  claim(@CurrentActor() actor: Actor, @Param('id', TaskId) id: string): Promise<TaskFileView> {
    const now = new Date();
    return this.change(actor, id, (before) => {
      const task = claim(before, actor, now);
      return { task, events: task.state.status === 'claimed' ? [claimed(task, task.state)] : [] };
    });
  }

  /** Gives the claim back, so that a colleague can take it. */
  @Post(':id/release')
  @HttpCode(200)
  @May('task.claim')
  @ApiOkResponse({ schema: apiSchema(taskFileSchema) })
  release(@CurrentActor() actor: Actor, @Param('id', TaskId) id: string): Promise<TaskFileView> {
    const now = new Date();
    return this.change(actor, id, (before) => {
      const task = release(before, actor);
      return { task, events: [released(task, actor, now)] };
    });
  }

  /** A fold that gives the task back as it was changes and publishes nothing. */
  private change(
    actor: Actor,
    id: string,
    fold: (task: Task) => { task: Task; events: NewEvent[] },
  ): Promise<TaskFileView> {
    return this.database.transaction(async (tx) => {
      const before = (await loadTasks(tx, [id])).get(id.toLowerCase());
      if (!before) throw taskNotFound();
      const { task, events } = fold(before);
      if (task !== before) {
        await saveTasks(tx, [task]);
        append(tx, events);
      }
      return toFile(task, null, actor);
    });
  }
}
