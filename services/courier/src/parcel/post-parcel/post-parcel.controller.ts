import { Controller, HttpCode, Inject, Param, ParseUUIDPipe, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import type { Database } from '@lianban/eventing/database';
import { DATABASE } from '@lianban/service-kit/tokens';
import { getReadableParcel, type ParcelFile } from '../get-parcel/parcel.query.js';
import { startPosting } from '../parcel.js';
import { commandParcel } from '../parcel.command.js';
import { Wake } from '../wake.js';

@ApiTags('parcels')
@Controller('parcels')
export class PostParcelController {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly wake: Wake,
  ) {}

  /** Hands the sealed parcel to the carrier; the waybill is asked for after this answer, until the carrier gives one. */
  @Post(':id/post')
  @HttpCode(202)
  @May('parcel.post')
  async post(@CurrentActor() actor: Actor, @Param('id', ParseUUIDPipe) id: string): Promise<ParcelFile> {
    await commandParcel(this.database, actor, 'parcel.post', id, (parcel, now) =>
      startPosting(parcel, actor.subject, now),
    );
    this.wake.posting();
    return getReadableParcel(this.database, actor, id);
  }
}
