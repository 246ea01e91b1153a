import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import { confinedTo } from '@lianban/access/policy';
import type { Database } from '@lianban/eventing/database';
import { pageSchema } from '@lianban/service-kit/api-schema';
import { Filter, selectPage } from '@lianban/service-kit/list';
import { type Page, PageQuery } from '@lianban/service-kit/paging';
import { DATABASE } from '@lianban/service-kit/tokens';
import { IsIn, IsOptional } from 'class-validator';
import { caseSchema } from '../case.schema.js';
import { type CaseView, caseViewColumns } from '../get-case/case.query.js';
import { CASE_STATUSES, type CaseStatus } from '../joint-case.js';

class ListCasesQuery extends PageQuery {
  @ApiPropertyOptional({ enum: CASE_STATUSES })
  @IsOptional()
  @IsIn(CASE_STATUSES)
  status?: CaseStatus;
}

@ApiTags('cases')
@Controller('cases')
export class ListCasesController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Newest first; confined to the cases the actor's locality is a party of. */
  @Get()
  @May('case.list')
  @ApiOkResponse({ schema: pageSchema(caseSchema) })
  async list(@CurrentActor() actor: Actor, @Query() query: ListCasesQuery): Promise<Page<CaseView>> {
    const filter = new Filter()
      .by(confinedTo(actor, 'case.list'), (p) => `localities @> array[${p}::text]`)
      .by(query.status, (p) => `status = ${p}`);
    const source = { columns: caseViewColumns, from: 'joint_case', order: 'received_at desc, id' };
    return selectPage(this.database, source, filter, query);
  }
}
