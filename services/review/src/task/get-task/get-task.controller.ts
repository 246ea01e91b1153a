import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import { may } from '@lianban/access/policy';
import type { Database } from '@lianban/eventing/database';
import { apiSchema } from '@lianban/service-kit/api-schema';
import { DATABASE } from '@lianban/service-kit/tokens';
import { loadCertificates } from '../../certificate/certificate.store.js';
import { taskNotFound } from '../task.errors.js';
import { TaskId } from '../task-id.pipe.js';
import { findTask } from '../task.store.js';
import { taskFileSchema, type TaskFileView, toFile } from '../task.view.js';

@ApiTags('tasks')
@Controller('tasks')
export class GetTaskController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** The whole file for the body in charge, masked for others of its locality. */
  @Get(':id')
  @May('task.read')
  @ApiOkResponse({ schema: apiSchema(taskFileSchema) })
  async get(@CurrentActor() actor: Actor, @Param('id', TaskId) id: string): Promise<TaskFileView> {
    const task = await findTask(this.database, id);
    if (!task || !may(actor, 'task.read', { localities: [task.body.locality.code] })) throw taskNotFound();
    const certificates = await loadCertificates(this.database, [task.id]);
    return toFile(task, certificates.get(task.id) ?? null, actor);
  }
}
