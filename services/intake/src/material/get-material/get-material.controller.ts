import { Controller, Get, Inject, Param, ParseUUIDPipe } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import type { Database } from '@lianban/eventing/database';
import { DATABASE } from '@lianban/service-kit/tokens';
import { getReadableMaterial, type Material } from '../material.js';

@ApiTags('materials')
@Controller('materials')
export class GetMaterialController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  @Get(':id')
  @May('material.read')
  get(@CurrentActor() actor: Actor, @Param('id', ParseUUIDPipe) id: string): Promise<Material> {
    return getReadableMaterial(this.database, actor, id);
  }
}
