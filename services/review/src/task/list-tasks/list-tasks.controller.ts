import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import { confinedTo } from '@lianban/access/policy';
import type { Database } from '@lianban/eventing/database';
import { pageSchema } from '@lianban/service-kit/api-schema';
import { mapPage } from '@lianban/service-kit/list';
import { type Page, PageQuery } from '@lianban/service-kit/paging';
import { DATABASE } from '@lianban/service-kit/tokens';
import { Type } from 'class-transformer';
import { IsDate, IsIn, IsOptional, Length } from 'class-validator';
import { TASK_STATUSES, type TaskStatus } from '../task.js';
import { type TaskSummary, taskSummarySchema, toSummary } from '../task.view.js';
import { listTasks } from '../task.store.js';

class ListTasksQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'Body id, such as 371300-social-insurance' })
  @IsOptional()
  @Length(1, 100)
  body?: string;

  @ApiPropertyOptional({ enum: TASK_STATUSES })
  @IsOptional()
  @IsIn(TASK_STATUSES)
  state?: TaskStatus;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Due before this instant' })
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  dueBefore?: Date;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Due at this instant or later' })
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  dueAfter?: Date;

  @ApiPropertyOptional()
  @IsOptional()
  @Length(1, 100)
  caseNo?: string;
}

@ApiTags('tasks')
@Controller('tasks')
export class ListTasksController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Due first comes first; only tasks of the actor's locality, the applicant masked. */
  @Get()
  @May('task.list')
  @ApiOkResponse({ schema: pageSchema(taskSummarySchema) })
  async list(@CurrentActor() actor: Actor, @Query() query: ListTasksQuery): Promise<Page<TaskSummary>> {
    const wanted = { ...query, locality: confinedTo(actor, 'task.list') };
    return mapPage(await listTasks(this.database, wanted, query), toSummary);
  }
}
