import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { May } from '@lianban/access/guard';
import { type LocalityRef, localityRef } from '@lianban/contracts-catalog/shapes';
import type { Database } from '@lianban/eventing/database';
import { pageSchema } from '@lianban/service-kit/api-schema';
import type { Page } from '@lianban/service-kit/paging';
import { DATABASE } from '@lianban/service-kit/tokens';
import { Filter, mentions } from '../../catalog-data/filter.js';
import { listPage, SearchQuery } from '../../catalog-data/list.js';

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
    const columns = `jsonb_build_object('code', code, 'name', name)`;
    return listPage(this.database, { table: 'locality', columns, key: 'code' }, filter, query);
  }
}
