import { Controller, Headers, Inject, type MessageEvent, Sse } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import { confinedTo } from '@lianban/access/policy';
import type { Database } from '@lianban/eventing/database';
import { DATABASE } from '@lianban/service-kit/tokens';
import type { Observable } from 'rxjs';
import { feedStreamSchema } from '../case.schema.js';
import { Pulse } from '../pulse.js';
import { readFeed } from './feed.query.js';

@ApiTags('feed')
@Controller('feed')
export class StreamFeedController {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly pulse: Pulse,
  ) {}

  /** Every change of every case the actor reaches, without personal data, from now on or from Last-Event-ID on. */
  @Sse('stream')
  @May('feed.read')
  @ApiHeader({ name: 'last-event-id', required: false, description: 'Go on after this event' })
  @ApiOkResponse({ content: { 'text/event-stream': { schema: feedStreamSchema } } })
  async stream(
    @CurrentActor() actor: Actor,
    @Headers('last-event-id') lastEventId?: string,
  ): Promise<Observable<MessageEvent>> {
    const locality = confinedTo(actor, 'feed.read');
    const start = readFeed.cursorFrom(lastEventId) ?? (await readFeed.end(this.database));
    return this.pulse.follow(start, async (after) => {
      const { rows, cursor } = await readFeed.after(this.database, after, locality);
      return {
        messages: rows.map(({ cursor: id, ...change }) => ({ id, type: 'case-changed', data: change })),
        cursor,
      };
    });
  }
}
