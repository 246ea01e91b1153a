import { Controller, Get, Header, Inject, Param, ParseUUIDPipe, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import type { Database } from '@lianban/eventing/database';
import { DATABASE } from '@lianban/service-kit/tokens';
import type { ContentStore } from '../content-store.js';
import { getReadableMaterial } from '../material.js';
import { extensionOf, MEDIA_TYPES } from '../media-type.js';
import { CONTENT_STORE } from '../tokens.js';

@ApiTags('materials')
@Controller('materials')
export class GetMaterialContentController {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(CONTENT_STORE) private readonly store: ContentStore,
  ) {}

  /** The file itself: always to be saved, never shown as part of a page, and of the type its content has. */
  @Get(':id/content')
  @May('material.read')
  @Header('x-content-type-options', 'nosniff')
  @Header('content-security-policy', "default-src 'none'; sandbox")
  @Header('cache-control', 'private, no-store')
  @ApiProduces(...MEDIA_TYPES)
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  async content(@CurrentActor() actor: Actor, @Param('id', ParseUUIDPipe) id: string): Promise<StreamableFile> {
    const material = await getReadableMaterial(this.database, actor, id);
    const name = material.fileName ?? `${material.id}.${extensionOf[material.mediaType]}`;
    return new StreamableFile(await this.store.open(material.sha256), {
      type: material.mediaType,
      length: material.size,
      disposition: `attachment; filename="${material.id}.${extensionOf[material.mediaType]}"; filename*=UTF-8''${encode(name)}`,
    });
  }
}

/** RFC 8187: what `encodeURIComponent` leaves alone but the header does not allow. */
const encode = (name: string): string =>
  encodeURIComponent(name).replaceAll(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
