import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { May } from '@lianban/access/guard';
import type { Database } from '@lianban/eventing/database';
import { apiSchema } from '@lianban/service-kit/api-schema';
import { DATABASE } from '@lianban/service-kit/tokens';
import type { Procedure } from '@lianban/procedure/procedure';
import { procedureNotFound } from '../procedure.errors.js';

@ApiTags('catalog')
@Controller('procedures')
export class GetProcedureController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** A version as it was published; it never changes. */
  @Get(':id/:version')
  @May('catalog.read')
  @ApiOkResponse({ schema: apiSchema({ type: 'object', description: 'The procedure document' }) })
  async get(@Param('id') id: string, @Param('version') version: string): Promise<Procedure> {
    const [row] = await this.database.query<{ document: Procedure }>({
      name: 'procedure',
      text: 'select document from procedure where id = $1 and version = $2',
      values: [id, version],
    });
    if (!row) throw procedureNotFound();
    return row.document;
  }
}
