import { Body, Controller, HttpCode, Inject, Param, ParseUUIDPipe, Post } from '@nestjs/common';
import { ApiProperty, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import type { Database } from '@lianban/eventing/database';
import { DATABASE } from '@lianban/service-kit/tokens';
import { Length, Matches } from 'class-validator';
import { getReadableParcel, type ParcelFile } from '../get-parcel/parcel.query.js';
import { seal } from '../parcel.js';
import { commandParcel } from '../parcel.command.js';

class SealBody {
  @ApiProperty({ example: 'FH-0001', description: 'number printed on the seal' })
  @Length(1, 40)
  @Matches(/^[\p{L}\p{N}._/-]+$/u)
  sealNo!: string;
}

@ApiTags('parcels')
@Controller('parcels')
export class SealParcelController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** The sending end packs what the contents list names and seals it. */
  @Post(':id/seal')
  @HttpCode(200)
  @May('parcel.seal')
  async seal(
    @CurrentActor() actor: Actor,
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { sealNo }: SealBody,
  ): Promise<ParcelFile> {
    await commandParcel(this.database, actor, 'parcel.seal', id, (parcel, now) =>
      seal(parcel, sealNo, actor.subject, now),
    );
    return getReadableParcel(this.database, actor, id);
  }
}
