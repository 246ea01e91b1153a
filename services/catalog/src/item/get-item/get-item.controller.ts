import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { May } from '@lianban/access/guard';
import { itemPublished, type ItemPublished } from '@lianban/contracts-catalog/events';
import type { Database } from '@lianban/eventing/database';
import { apiSchema } from '@lianban/service-kit/api-schema';
import { DATABASE } from '@lianban/service-kit/tokens';
import { itemNotFound } from '../item.errors.js';

@ApiTags('catalog')
@Controller('items')
export class GetItemController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  @Get(':id')
  @May('catalog.read')
  @ApiOkResponse({ schema: apiSchema(itemPublished.schema) })
  async get(@Param('id') id: string): Promise<ItemPublished> {
    const [row] = await this.database.query<{ document: ItemPublished }>({
      name: 'item',
      text: 'select document from item where id = $1',
      values: [id],
    });
    if (!row) throw itemNotFound();
    return row.document;
  }
}
