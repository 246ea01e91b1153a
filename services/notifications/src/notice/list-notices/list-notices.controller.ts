import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import { confinedTo } from '@lianban/access/policy';
import type { Database } from '@lianban/eventing/database';
import { Filter, mapPage, selectPage } from '@lianban/service-kit/list';
import { type Page, PageQuery } from '@lianban/service-kit/paging';
import { DATABASE } from '@lianban/service-kit/tokens';
import { IsIn, IsOptional, IsUUID } from 'class-validator';
import { type NoticeRow, noticeColumns, noticeTables, type NoticeView, toView } from '../get-notice/notice.query.js';
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
    const filter = new Filter()
      .by(confinedTo(actor, 'notice.read'), (p) => `c.locality = ${p}`)
      .by(query.caseId, (p) => `n.case_id = ${p}`)
      .by(query.status, (p) => `n.status = ${p}`);
    const source = { columns: noticeColumns, from: noticeTables, order: 'n.created_at desc, n.id' };
    return mapPage(await selectPage<NoticeRow>(this.database, source, filter, query), toView);
  }
}
