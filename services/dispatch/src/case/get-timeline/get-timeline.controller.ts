import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import type { Database } from '@lianban/eventing/database';
import { DATABASE } from '@lianban/service-kit/tokens';
import { Type } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';
import { CaseId } from '../case-id.pipe.js';
import { timelineSchema } from '../case.schema.js';
import { getReadableCase } from '../get-case/case.query.js';
import { readTimeline, type TimelineRow } from './timeline.query.js';

class TimelineQuery {
  @ApiPropertyOptional({ default: 0, minimum: 0, description: 'only entries with a greater number' })
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(2_147_483_647)
  after: number = 0;
}

@ApiTags('cases')
@Controller('cases')
export class GetTimelineController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** What happened, oldest first, at most 500 entries after number `after`. */
  @Get(':id/timeline')
  @May('case.read')
  @ApiOkResponse({ schema: timelineSchema })
  async get(
    @CurrentActor() actor: Actor,
    @Param('id', CaseId) id: string,
    @Query() { after }: TimelineQuery,
  ): Promise<{ items: TimelineRow[] }> {
    await getReadableCase(this.database, actor, id);
    return { items: await readTimeline(this.database, id, after) };
  }
}
