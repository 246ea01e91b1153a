import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { May } from '@lianban/access/guard';
import { type BodyRef, bodyRef } from '@lianban/contracts-catalog/shapes';
import type { Database } from '@lianban/eventing/database';
import { pageSchema } from '@lianban/service-kit/api-schema';
import { Filter, mapPage, selectPage } from '@lianban/service-kit/list';
import type { Page } from '@lianban/service-kit/paging';
import { DATABASE } from '@lianban/service-kit/tokens';
import { IsOptional, Matches } from 'class-validator';
import { mentions, SearchQuery } from '../../catalog-data/search.js';

class ListBodiesQuery extends SearchQuery {
  @ApiPropertyOptional({ description: 'Six-digit code', pattern: '^[0-9]{6}$' })
  @IsOptional()
  @Matches(/^[0-9]{6}$/)
  locality?: string;

  @ApiPropertyOptional({ description: 'What the body does', examples: ['social-insurance'] })
  @IsOptional()
  @Matches(/^[a-z][a-z-]{0,63}$/)
  function?: string;
}

@ApiTags('catalog')
@Controller('bodies')
export class ListBodiesController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Bodies in order of their ids. */
  @Get()
  @May('catalog.read')
  @ApiOkResponse({ schema: pageSchema(bodyRef) })
  async list(@Query() query: ListBodiesQuery): Promise<Page<BodyRef>> {
    const filter = new Filter()
      .by(query.locality, (p) => `locality = ${p}`)
      .by(query.function, (p) => `function = ${p}`)
      .by(query.q, mentions('id', `(document->'name')`));
    const source = { columns: 'document', from: 'body', order: 'id' };
    const rows = await selectPage<{ document: BodyRef }>(this.database, source, filter, query);
    return mapPage(rows, ({ document }) => document);
  }
}
