import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import { confinedTo } from '@lianban/access/policy';
import type { Database } from '@lianban/eventing/database';
import { Filter, mapPage, selectPage } from '@lianban/service-kit/list';
import { type Page, PageQuery } from '@lianban/service-kit/paging';
import { DATABASE } from '@lianban/service-kit/tokens';
import { IsIn, IsOptional, IsUUID, Matches } from 'class-validator';
import { type ParcelView, parcelViewColumns, withActions } from '../get-parcel/parcel.query.js';
import { PARCEL_STATUSES, type ParcelStatus } from '../parcel.js';

const DIRECTIONS = ['out', 'in'] as const;

class ListParcelsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: PARCEL_STATUSES })
  @IsOptional()
  @IsIn(PARCEL_STATUSES)
  state?: ParcelStatus;

  @ApiPropertyOptional({ enum: DIRECTIONS, description: 'out: sent by the locality, in: sent to it' })
  @IsOptional()
  @IsIn(DIRECTIONS)
  direction?: (typeof DIRECTIONS)[number];

  @ApiPropertyOptional({ description: 'for those who see every locality; others see their own' })
  @IsOptional()
  @Matches(/^\d{6}$/)
  locality?: string;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  caseId?: string;
}

@ApiTags('parcels')
@Controller('parcels')
export class ListParcelsController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Newest first; confined to parcels that the actor's locality sends or receives. */
  @Get()
  @May('parcel.list')
  async list(@CurrentActor() actor: Actor, @Query() query: ListParcelsQuery): Promise<Page<ParcelView>> {
    const own = confinedTo(actor, 'parcel.list');
    const asked = query.locality ?? own;
    const atEnd = (direction: ListParcelsQuery['direction']) => (p: string) => {
      if (direction !== undefined) return `${direction === 'out' ? 'sender' : 'receiver'}_locality = ${p}`;
      return `(sender_locality = ${p} or receiver_locality = ${p})`;
    };
    const filter = new Filter()
      .by(own, atEnd(asked === own ? query.direction : undefined))
      .by(asked === own ? null : asked, atEnd(query.direction))
      .by(query.state, (p) => `status = ${p}`)
      .by(query.caseId, (p) => `case_id = ${p}`);
    const source = { columns: parcelViewColumns, from: 'parcel', order: 'requested_at desc, id' };
    return mapPage(await selectPage<Omit<ParcelView, 'actions'>>(this.database, source, filter, query), withActions);
  }
}
