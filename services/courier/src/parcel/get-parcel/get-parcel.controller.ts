import { Controller, Get, Inject, Param, ParseUUIDPipe } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import type { Database } from '@lianban/eventing/database';
import { DATABASE } from '@lianban/service-kit/tokens';
import { getReadableParcel, type ParcelFile } from './parcel.query.js';

@ApiTags('parcels')
@Controller('parcels')
export class GetParcelController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** With its custody chain, the carrier's events and the incidents. */
  @Get(':id')
  @May('parcel.read')
  get(@CurrentActor() actor: Actor, @Param('id', ParseUUIDPipe) id: string): Promise<ParcelFile> {
    return getReadableParcel(this.database, actor, id);
  }
}
