import { Body, Controller, HttpCode, Inject, Param, ParseUUIDPipe, Post } from '@nestjs/common';
import { ApiProperty, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import type { Database } from '@lianban/eventing/database';
import { DATABASE } from '@lianban/service-kit/tokens';
import { Length } from 'class-validator';
import { getReadableParcel, type ParcelFile } from '../get-parcel/parcel.query.js';
import { resend } from '../parcel.js';
import { commandParcel } from '../parcel.command.js';

class ResendBody {
  @ApiProperty({ description: 'why it can be sent again: found, made anew, address corrected' })
  @Length(1, 500)
  reason!: string;
}

@ApiTags('parcels')
@Controller('parcels')
export class ResendParcelController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** After a loss or return: begins a new attempt, which is sealed and posted like the first. */
  @Post(':id/resend')
  @HttpCode(200)
  @May('parcel.resend')
  async resend(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { reason }: ResendBody,
  ): Promise<ParcelFile> {
    await commandParcel(this.database, actor, 'parcel.resend', id, (parcel, now) =>
      resend(parcel, reason, actor.subject, now),
    );
    return getReadableParcel(this.database, actor, id);
  }
}
