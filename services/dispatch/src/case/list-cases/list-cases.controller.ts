import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import { confinedTo } from '@lianban/access/policy';
import type { Database } from '@lianban/eventing/database';
import { type Page, page, PageQuery } from '@lianban/service-kit/paging';
import { DATABASE } from '@lianban/service-kit/tokens';
import { IsIn, IsOptional } from 'class-validator';
import { casePageSchema } from '../case.schema.js';
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
  @ApiOkResponse({ schema: casePageSchema })
  async list(@CurrentActor() actor: Actor, @Query() query: ListCasesQuery): Promise<Page<CaseView>> {
    const values: unknown[] = [];
    const conditions: string[] = [];
    const confine = (condition: (placeholder: string) => string, value: unknown) =>
      conditions.push(condition(`$${values.push(value)}`));
    const locality = confinedTo(actor, 'case.list');
    if (locality !== null) confine((p) => `localities @> array[${p}::text]`, locality);
    if (query.status) confine((p) => `status = ${p}`, query.status);
    const where = conditions.length > 0 ? `where ${conditions.join(' and ')}` : '';
    const [counted] = await this.database.query<{ total: number }>({
      text: `select count(*)::int as total from joint_case ${where}`,
      values,
    });
    const items = await this.database.query<CaseView>({
      text: `select ${caseViewColumns} from joint_case ${where} order by received_at desc, id limit $${values.length + 1} offset $${values.length + 2}`,
      values: [...values, query.limit, query.offset],
    });
    return page(items, counted!.total, query);
  }
}
