import { Controller, Get, Inject, Param, ParseUUIDPipe } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import type { Database } from '@lianban/eventing/database';
import { DATABASE } from '@lianban/service-kit/tokens';
import { getReadableNotice, type NoticeFile } from './notice.query.js';

@ApiTags('notices')
@Controller('notices')
export class GetNoticeController {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** With its text and every attempt to send it. */
  @Get(':id')
  @May('notice.read')
  get(@CurrentActor() actor: Actor, @Param('id', ParseUUIDPipe) id: string): Promise<NoticeFile> {
    return getReadableNotice(this.database, actor, id);
  }
}
