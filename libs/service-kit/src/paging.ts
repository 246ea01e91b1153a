import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';

/** Larger ones the database could not read; no list is that long. */
const MAX_OFFSET = 2_147_483_647;

/** Paging every list has: `limit` 1–100 (default 20), `offset` from 0. */
export class PageQuery {
  @ApiPropertyOptional({ default: 20, minimum: 1, maximum: 100 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit: number = 20;

  @ApiPropertyOptional({ default: 0, minimum: 0, maximum: MAX_OFFSET })
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(MAX_OFFSET)
  offset: number = 0;
}

export interface Page<T> {
  items: T[];
  total: number;
  limit: number;
  offset: number;
}
export const page = <T>(items: T[], total: number, query: PageQuery): Page<T> => ({
  items,
  total,
  limit: query.limit,
  offset: query.offset,
});
