import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import { confinedTo } from '@lianban/access/policy';
import type { Database } from '@lianban/eventing/database';
import { type Page, page, PageQuery } from '@lianban/service-kit/paging';
import { DATABASE } from '@lianban/service-kit/tokens';
import { IsIn, IsOptional, IsUUID } from 'class-validator';
import { type NoticeRow, noticeRows, noticeTables, type NoticeView, toView } from '../get-notice/notice.query.js';
import { NOTICE_STATUSES, type NoticeStatus } from '../notice.js';

class ListNoticesQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  caseId?: string;

  @ApiPropertyOptional({ enum: NOTICE_STATUSES })
  @IsOptional()
  @IsIn(NOTICE_STATUSES)
  status?: NoticeStatus;
}

@ApiTags('notices')
@Controller('notices')
export class ListNoticesController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Newest first; confined to cases that the actor's locality received. */
  @Get()
  @May('notice.read')
  async list(@CurrentActor() actor: Actor, @Query() query: ListNoticesQuery): Promise<Page<NoticeView>> {
    const values: unknown[] = [];
    const conditions: string[] = [];
    const confine = (value: unknown, condition: (placeholder: string) => string) =>
      conditions.push(condition(`$${values.push(value)}`));
    const locality = confinedTo(actor, 'notice.read');
    if (locality !== null) confine(locality, (p) => `c.locality = ${p}`);
    if (query.caseId) confine(query.caseId, (p) => `n.case_id = ${p}`);
    if (query.status) confine(query.status, (p) => `n.status = ${p}`);
    const where = conditions.length > 0 ? `where ${conditions.join(' and ')}` : '';
    const [counted] = await this.database.query<{ total: number }>({
      text: `select count(*)::int as total from ${noticeTables} ${where}`,
      values,
    });
    const rows = await this.database.query<NoticeRow>({
      text: `${noticeRows} from ${noticeTables} ${where} order by n.created_at desc, n.id limit $${values.length + 1} offset $${values.length + 2}`,
      values: [...values, query.limit, query.offset],
    });
    return page(rows.map(toView), counted!.total, query);
  }
}
