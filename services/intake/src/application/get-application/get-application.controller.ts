import { Controller, Get, Inject, Param, ParseUUIDPipe } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import type { Database } from '@lianban/eventing/database';
import { DATABASE } from '@lianban/service-kit/tokens';
import { type ApplicationView, viewFor } from '../application-view.js';
import { applicationNotFound } from '../application.errors.js';
import { applicationColumns, type ApplicationRow } from '../application.store.js';

@ApiTags('applications')
@Controller('applications')
export class GetApplicationController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** By case id; unmasked for the clerks of the receiving locality only. */
  @Get(':id')
  @May('application.read')
  async get(@CurrentActor() actor: Actor, @Param('id', ParseUUIDPipe) id: string): Promise<ApplicationView> {
    const [row] = await this.database.query<ApplicationRow>({
      name: 'application-view',
      text: `select ${applicationColumns} from application where case_id = $1`,
      values: [id],
    });
    const view = row && viewFor(actor, row);
    if (!view) throw applicationNotFound();
    return view;
  }
}
