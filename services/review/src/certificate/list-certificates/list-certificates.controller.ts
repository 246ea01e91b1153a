import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import { confinedTo } from '@lianban/access/policy';
import type { Database } from '@lianban/eventing/database';
import { pageSchema } from '@lianban/service-kit/api-schema';
import { mapPage } from '@lianban/service-kit/list';
import { type Page, PageQuery } from '@lianban/service-kit/paging';
import { DATABASE } from '@lianban/service-kit/tokens';
import { IsOptional, Length } from 'class-validator';
import { listCertificates } from '../certificate.store.js';
import { type CertificateSummary, certificateSummarySchema, toCertificateSummary } from '../certificate.view.js';

class ListCertificatesQuery extends PageQuery {
  @ApiPropertyOptional()
  @IsOptional()
  @Length(1, 100)
  caseNo?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @Length(1, 100)
  number?: string;
}

@ApiTags('certificates')
@Controller('certificates')
export class ListCertificatesController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** Newest first; only those issued in the actor's locality. */
  @Get()
  @May('task.list')
  @ApiOkResponse({ schema: pageSchema(certificateSummarySchema) })
  async list(@CurrentActor() actor: Actor, @Query() query: ListCertificatesQuery): Promise<Page<CertificateSummary>> {
    const wanted = { ...query, locality: confinedTo(actor, 'task.list') };
    return mapPage(await listCertificates(this.database, wanted, query), toCertificateSummary);
  }
}
