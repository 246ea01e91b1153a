import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { May } from '@lianban/access/guard';
import { itemPublished, type ItemPublished } from '@lianban/contracts-catalog/events';
import type { Database } from '@lianban/eventing/database';
import { pageSchema } from '@lianban/service-kit/api-schema';
import { Filter, mapPage, selectPage } from '@lianban/service-kit/list';
import type { Page } from '@lianban/service-kit/paging';
import { DATABASE } from '@lianban/service-kit/tokens';
import { mentions, SearchQuery } from '../../catalog-data/search.js';

@ApiTags('catalog')
@Controller('items')
export class ListItemsController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Items in order of their ids, with the procedure version that new cases run by. */
  @Get()
  @May('catalog.read')
  @ApiOkResponse({ schema: pageSchema(itemPublished.schema) })
  async list(@Query() query: SearchQuery): Promise<Page<ItemPublished>> {
    const filter = new Filter().by(query.q, mentions('id', `(document->'name')`));
    const source = { columns: 'document', from: 'item', order: 'id' };
    const rows = await selectPage<{ document: ItemPublished }>(this.database, source, filter, query);
    return mapPage(rows, ({ document }) => document);
  }
}
