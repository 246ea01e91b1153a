import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { May } from '@lianban/access/guard';
import { type LocalityRef, localityRef } from '@lianban/contracts-catalog/shapes';
import type { Database } from '@lianban/eventing/database';
import { pageSchema } from '@lianban/service-kit/api-schema';
import { Filter, selectPage } from '@lianban/service-kit/list';
import type { Page } from '@lianban/service-kit/paging';
import { DATABASE } from '@lianban/service-kit/tokens';
import { mentions, SearchQuery } from '../../catalog-data/search.js';

@ApiTags('catalog')
@Controller('localities')
export class ListLocalitiesController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Places by their code of GB/T 2260. */
  @Get()
  @May('catalog.read')
  @ApiOkResponse({ schema: pageSchema(localityRef) })
  list(@Query() query: SearchQuery): Promise<Page<LocalityRef>> {
    const filter = new Filter().by(query.q, mentions('code', 'name'));
    return selectPage(this.database, { columns: 'code, name', from: 'locality', order: 'code' }, filter, query);
  }
}
