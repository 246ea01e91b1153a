import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import { confinedTo } from '@lianban/access/policy';
import type { Database } from '@lianban/eventing/database';
import { type Page, page, PageQuery } from '@lianban/service-kit/paging';
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
    const values: unknown[] = [];
    const conditions: string[] = [];
    const confine = (value: unknown, condition: (placeholder: string) => string) =>
      conditions.push(condition(`$${values.push(value)}`));
    const end = (locality: string, direction: ListParcelsQuery['direction']) =>
      confine(locality, (p) =>
        direction === undefined
          ? `(sender_locality = ${p} or receiver_locality = ${p})`
          : `${direction === 'out' ? 'sender' : 'receiver'}_locality = ${p}`,
      );
    const own = confinedTo(actor, 'parcel.list');
    const asked = query.locality ?? own;
    if (own !== null) end(own, asked === own ? query.direction : undefined);
    if (asked !== null && asked !== own) end(asked, query.direction);
    if (query.state) confine(query.state, (p) => `status = ${p}`);
    if (query.caseId) confine(query.caseId, (p) => `case_id = ${p}`);
    const where = conditions.length > 0 ? `where ${conditions.join(' and ')}` : '';
    const [counted] = await this.database.query<{ total: number }>({
      text: `select count(*)::int as total from parcel ${where}`,
      values,
    });
    const items = await this.database.query<Omit<ParcelView, 'actions'>>({
      text: `select ${parcelViewColumns} from parcel ${where} order by requested_at desc, id limit $${values.length + 1} offset $${values.length + 2}`,
      values: [...values, query.limit, query.offset],
    });
    return page(items.map(withActions), counted!.total, query);
  }
}
