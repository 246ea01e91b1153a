import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { May } from '@lianban/access/guard';
import { itemPublished, type ItemPublished } from '@lianban/contracts-catalog/events';
import type { Database } from '@lianban/eventing/database';
import { pageSchema } from '@lianban/service-kit/api-schema';
import type { Page } from '@lianban/service-kit/paging';
import { DATABASE } from '@lianban/service-kit/tokens';
import { Filter, mentions } from '../../catalog-data/filter.js';
import { listPage, SearchQuery } from '../../catalog-data/list.js';

@ApiTags('catalog')
@Controller('items')
export class ListItemsController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Items in order of their ids, with the procedure version that new cases run by. */
  @Get()
  @May('catalog.read')
  @ApiOkResponse({ schema: pageSchema(itemPublished.schema) })
  list(@Query() query: SearchQuery): Promise<Page<ItemPublished>> {
    const filter = new Filter().by(query.q, mentions('id', `(document->'name')`));
    return listPage(this.database, { table: 'item', columns: 'document', key: 'id' }, filter, query);
  }
}
