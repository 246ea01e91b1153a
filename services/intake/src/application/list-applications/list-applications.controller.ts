import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import type { Database } from '@lianban/eventing/database';
import { Filter, mapPage, selectPage } from '@lianban/service-kit/list';
import { type Page, PageQuery } from '@lianban/service-kit/paging';
import { DATABASE } from '@lianban/service-kit/tokens';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { type ApplicationView, listScope, maskedView } from '../application-view.js';
import {
  APPLICATION_STATUSES,
  applicationColumns,
  type ApplicationRow,
  type ApplicationStatus,
} from '../application.store.js';

class ListApplicationsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: APPLICATION_STATUSES })
  @IsOptional()
  @IsIn(APPLICATION_STATUSES)
  status?: ApplicationStatus;

  @ApiPropertyOptional({ description: '事项编号' })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  item?: string;

  @ApiPropertyOptional({ description: '来源系统的流水号 number of the source system' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  number?: string;
}

@ApiTags('applications')
@Controller('applications')
export class ListApplicationsController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Newest first, personal data masked: a locality's for its clerks and supervisors, its own for a window system. */
  @Get()
  @May('application.read')
  async list(@CurrentActor() actor: Actor, @Query() query: ListApplicationsQuery): Promise<Page<ApplicationView>> {
    const scope = listScope(actor);
    const filter = new Filter()
      .by(query.status, (p) => `status = ${p}`)
      .by(query.item, (p) => `item_id = ${p}`)
      .by(query.number, (p) => `source_number = ${p}`);
    if (!scope.all) {
      const reached = [
        ...(scope.locality === null ? [] : [`receiving_locality = ${filter.bind(scope.locality)}`]),
        ...(scope.system === null ? [] : [`source_system = ${filter.bind(scope.system)}`]),
      ];
      filter.and(reached.length > 0 ? `(${reached.join(' or ')})` : 'false');
    }
    const source = { columns: applicationColumns, from: 'application', order: 'received_at desc, case_id desc' };
    return mapPage(await selectPage<ApplicationRow>(this.database, source, filter, query), maskedView);
  }
}
