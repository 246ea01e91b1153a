import { ApiPropertyOptional } from '@nestjs/swagger';
import { PageQuery } from '@lianban/service-kit/paging';
import { IsOptional, IsString, Length } from 'class-validator';

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

/** A text occurs in the id or in one of the names, in any case. `names` is the SQL of the bilingual name. */
export const mentions =
  (id: string, names: string) =>
  (placeholder: string): string =>
    `strpos(lower(${id} || ' ' || (${names}->>'zh') || ' ' || (${names}->>'en')), lower(${placeholder}::text)) > 0`;
