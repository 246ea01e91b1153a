import { Body, Controller, Inject, Post, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import type { Database } from '@lianban/eventing/database';
import { aboutCase, currentCorrelationId } from '@lianban/service-kit/context';
import { DATABASE } from '@lianban/service-kit/tokens';
import type { FastifyReply } from 'fastify';
import { CatalogCopy } from '../../catalog-copy/catalog.store.js';
import { SourceDto, SubmitApplicationDto, toApplication } from '../application.dto.js';
import { receiveApplications } from '../receive-applications.js';
import { assertMaySubmit } from '../submit-rights.js';

class LinksDto {
  @ApiProperty({
    description: '办理状态 where the application and its status are',
    example: '/applications/01936f4e-…',
  })
  status!: string;
}

class ReceiptDto {
  @ApiProperty({ format: 'uuid' })
  caseId!: string;
  @ApiProperty({ example: 'LB-430600-20261124-000001' })
  caseNo!: string;
  @ApiProperty({ description: '收件凭证编号', example: 'SJ-430600-20261124-000001' })
  receiptNo!: string;
  @ApiProperty({ type: SourceDto })
  source!: SourceDto;
  @ApiProperty({ format: 'date-time' })
  receivedAt!: string;
  @ApiProperty({ type: LinksDto })
  links!: LinksDto;
}

@ApiTags('applications')
@Controller('applications')
export class SubmitApplicationController {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly catalog: CatalogCopy,
  ) {}

  /**
   * Takes an application in. Idempotent by source system and number: the same content again gets the same answer (200 instead of 201), other
   * content `application.number-reused`. The answer goes out after the application and its events are committed.
   */
  @Post()
  @May('application.submit')
  @ApiCreatedResponse({ type: ReceiptDto })
  @ApiOkResponse({ type: ReceiptDto, description: 'The same application was received before; this is its receipt' })
  async submit(
    @CurrentActor() actor: Actor,
    @Body() body: SubmitApplicationDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ReceiptDto> {
    const application = toApplication(body);
    assertMaySubmit(actor, application);
    const submission = {
      application,
      submittedBy: actor.subject,
      correlationId: currentCorrelationId(),
      receivedAt: new Date(),
    };
    const [answer] = await this.database.transaction((tx) => receiveApplications(tx, this.catalog, [submission]));
    if (answer!.kind === 'rejected') throw answer!.error;
    const { receipt } = answer!;
    aboutCase(receipt.caseId);
    const status = `/applications/${receipt.caseId}`;
    void reply.status(answer!.kind === 'received' ? 201 : 200).header('location', status);
    return { ...receipt, receivedAt: receipt.receivedAt.toISOString(), links: { status } };
  }
}
