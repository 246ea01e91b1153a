import { ApiPropertyOptional } from '@nestjs/swagger';
import type { Database } from '@lianban/eventing/database';
import { type Page, page, PageQuery } from '@lianban/service-kit/paging';
import { IsOptional, IsString, Length } from 'class-validator';
import type { Filter } from './filter.js';

export class SearchQuery extends PageQuery {
  @ApiPropertyOptional({
    description: 'Part of the id or of the name in either language',
    minLength: 1,
    maxLength: 100,
  })
  @IsOptional()
  @IsString()
  @Length(1, 100)
  q?: string;
}

/** One page of what `columns` gives of the rows the filter leaves, in order of `key`. */
export async function listPage<T extends object>(
  database: Database,
  from: { table: string; columns: string; key: string },
  filter: Filter,
  query: PageQuery,
): Promise<Page<T>> {
  const [counted] = await database.query<{ total: number }>({
    text: `select count(*)::int as total from ${from.table} ${filter.where}`,
    values: filter.values,
  });
  const rows = await database.query<{ entry: T }>({
    text: `select ${from.columns} as entry from ${from.table} ${filter.where} order by ${from.key}
      limit $${filter.values.length + 1} offset $${filter.values.length + 2}`,
    values: [...filter.values, query.limit, query.offset],
  });
  return page(
    rows.map(({ entry }) => entry),
    counted!.total,
    query,
  );
}
