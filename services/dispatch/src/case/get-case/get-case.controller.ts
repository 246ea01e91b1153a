import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import type { Database } from '@lianban/eventing/database';
import { DATABASE } from '@lianban/service-kit/tokens';
import { CaseId } from '../case-id.pipe.js';
import { caseSchema } from '../case.schema.js';
import { type CaseView, getReadableCase } from './case.query.js';

@ApiTags('cases')
@Controller('cases')
export class GetCaseController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** How far the case is and whom it waits for. The applicant is not shown. */
  @Get(':id')
  @May('case.read')
  @ApiOkResponse({ schema: caseSchema })
  get(@CurrentActor() actor: Actor, @Param('id', CaseId) id: string): Promise<CaseView> {
    return getReadableCase(this.database, actor, id);
  }
}
