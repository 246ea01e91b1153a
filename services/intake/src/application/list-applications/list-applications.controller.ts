import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import type { Database } from '@lianban/eventing/database';
import { type Page, page, PageQuery } from '@lianban/service-kit/paging';
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
    const values: unknown[] = [];
    const bind = (value: unknown) => `$${values.push(value)}`;
    const conditions: string[] = [];
    if (!scope.all) {
      const reached = [
        ...(scope.locality === null ? [] : [`receiving_locality = ${bind(scope.locality)}`]),
        ...(scope.system === null ? [] : [`source_system = ${bind(scope.system)}`]),
      ];
      conditions.push(reached.length > 0 ? `(${reached.join(' or ')})` : 'false');
    }
    if (query.status) conditions.push(`status = ${bind(query.status)}`);
    if (query.item) conditions.push(`item_id = ${bind(query.item)}`);
    if (query.number) conditions.push(`source_number = ${bind(query.number)}`);
    const where = conditions.length > 0 ? `where ${conditions.join(' and ')}` : '';
    const [counted] = await this.database.query<{ total: number }>({
      text: `select count(*)::int as total from application ${where}`,
      values: [...values],
    });
    const rows = await this.database.query<ApplicationRow>({
      text: `select ${applicationColumns} from application ${where} order by received_at desc, case_id desc limit ${bind(query.limit)} offset ${bind(query.offset)}`,
      values,
    });
    return page(rows.map(maskedView), counted!.total, query);
  }
}
