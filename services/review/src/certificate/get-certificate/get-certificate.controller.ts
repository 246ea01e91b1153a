import { Controller, Get, Inject, Logger, Param } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import { may } from '@lianban/access/policy';
import type { Database } from '@lianban/eventing/database';
import { apiSchema } from '@lianban/service-kit/api-schema';
import { DATABASE } from '@lianban/service-kit/tokens';
import { certificateNotFound } from '../certificate.errors.js';
import { CertificateId } from '../certificate-id.pipe.js';
import { findCertificate } from '../certificate.store.js';
import { certificateFileSchema, type CertificateFileView, toCertificateFile } from '../certificate.view.js';

@ApiTags('certificates')
@Controller('certificates')
export class GetCertificateController {
  private readonly logger = new Logger(GetCertificateController.name);

  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** With its document for the issuing body, masked for others of its locality. The document is rendered again and compared each time. */
  @Get(':id')
  @May('task.read')
  @ApiOkResponse({ schema: apiSchema(certificateFileSchema) })
  async get(@CurrentActor() actor: Actor, @Param('id', CertificateId) id: string): Promise<CertificateFileView> {
    const certificate = await findCertificate(this.database, id);
    if (!certificate || !may(actor, 'task.read', { localities: [certificate.body.locality.code] }))
      throw certificateNotFound();
    const view = toCertificateFile(certificate, actor);
    if (!view.intact)
      this.logger.error(`certificate ${certificate.number} is no longer the document that its stored data gives`);
    return view;
  }
}
