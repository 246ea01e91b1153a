import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import type { Database } from '@lianban/eventing/database';
import { apiSchema } from '@lianban/service-kit/api-schema';
import { DATABASE } from '@lianban/service-kit/tokens';
import { TaskId } from '../task-id.pipe.js';
import { decisionSchema, type DecisionView, toDecision } from '../task.view.js';
import { DecideTaskBody, verdictOf } from './decide-task.body.js';
import { decideTasks } from './decide-tasks.js';

@ApiTags('tasks')
@Controller('tasks')
export class DecideTaskController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** One decision per task. The same decision sent again by the same actor gets the same answer; any other gets `task.already-decided`. */
  @Post(':id/decide')
  @HttpCode(200)
  @May('task.decide')
  @ApiOkResponse({ schema: apiSchema(decisionSchema) })
  async decide(
    @CurrentActor() actor: Actor,
    @Param('id', TaskId) id: string,
    @Body() body: DecideTaskBody,
  ): Promise<DecisionView> {
    const request = { taskId: id, actor, verdict: verdictOf(body) };
    const [answer] = await this.database.transaction((tx) => decideTasks(tx, [request], new Date()));
    if (answer!.kind === 'refused') throw answer!.error;
    return toDecision(answer!.task, answer!.certificate);
  }
}
