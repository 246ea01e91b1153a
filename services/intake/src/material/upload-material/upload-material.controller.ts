import { Controller, Inject, Post, Req } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiCreatedResponse, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import type { Database } from '@lianban/eventing/database';
import { CONFIG, DATABASE } from '@lianban/service-kit/tokens';
import type { FastifyRequest } from 'fastify';
import { v7 as uuidv7 } from 'uuid';
import type { IntakeConfig } from '../../config.js';
import type { ContentStore } from '../content-store.js';
import { insertMaterial } from '../material.js';
import { MEDIA_TYPES } from '../media-type.js';
import { receiveFile } from '../receive-material.js';
import { CONTENT_STORE } from '../tokens.js';

class UploadedMaterialDto {
  @ApiProperty({ format: 'uuid', description: '在申请中引用 named in the application' })
  materialId!: string;
  @ApiProperty({ description: 'hex', example: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' })
  sha256!: string;
  @ApiProperty({ enum: MEDIA_TYPES })
  mediaType!: string;
  @ApiProperty({ description: 'bytes' })
  size!: number;
}

@ApiTags('materials')
@Controller('materials')
export class UploadMaterialController {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(CONFIG) private readonly config: IntakeConfig,
    @Inject(CONTENT_STORE) private readonly store: ContentStore,
  ) {}

  /**
   * Takes one file (PDF, OFD, PNG or JPEG by content) as the part `file`; it belongs to the locality of the token. The bytes are durable in the store
   * before the material is entered: what is left by a crash between the two is content that nothing refers to. Uploading again gives a new id.
   */
  @Post()
  @May('material.upload')
  @ApiConsumes('multipart/form-data')
  @ApiBody({
    schema: { type: 'object', properties: { file: { type: 'string', format: 'binary' } }, required: ['file'] },
  })
  @ApiCreatedResponse({ type: UploadedMaterialDto })
  async upload(@CurrentActor() actor: Actor, @Req() request: FastifyRequest): Promise<UploadedMaterialDto> {
    const file = await receiveFile(request, this.store.stagingFolder, this.config.materialMaxBytes);
    await this.store.put(file);
    const id = uuidv7();
    const { fileName, mediaType, size, sha256 } = file;
    await insertMaterial(
      this.database,
      { id, locality: actor.locality!, fileName, mediaType, size, sha256, uploadedAt: new Date() },
      actor.subject,
    );
    return { materialId: id, sha256, mediaType, size };
  }
}
