import { Controller, Headers, Inject, type MessageEvent, Param, Sse } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import type { Database } from '@lianban/eventing/database';
import { DATABASE } from '@lianban/service-kit/tokens';
import type { Observable } from 'rxjs';
import { CaseId } from '../case-id.pipe.js';
import { timelineStreamSchema } from '../case.schema.js';
import { getReadableCase } from '../get-case/case.query.js';
import { readTimeline } from '../get-timeline/timeline.query.js';
import { Pulse } from '../pulse.js';

@ApiTags('cases')
@Controller('cases')
export class StreamTimelineController {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly pulse: Pulse,
  ) {}

  /** The case's timeline from its beginning or from Last-Event-ID on; the id of an event is its `n`. */
  @Sse(':id/timeline/stream')
  @May('case.read')
  @ApiHeader({ name: 'last-event-id', required: false, description: 'Go on after this event' })
  @ApiOkResponse({ content: { 'text/event-stream': { schema: timelineStreamSchema } } })
  async stream(
    @CurrentActor() actor: Actor,
    @Param('id', CaseId) id: string,
    @Headers('last-event-id') lastEventId?: string,
  ): Promise<Observable<MessageEvent>> {
    await getReadableCase(this.database, actor, id);
    return this.pulse.follow(/^\d{1,9}$/.test(lastEventId ?? '') ? Number(lastEventId) : 0, async (after) => {
      const rows = await readTimeline(this.database, id, after);
      return {
        messages: rows.map((entry) => ({ id: String(entry.n), type: 'timeline-entry', data: entry })),
        cursor: rows.at(-1)?.n ?? after,
      };
    });
  }
}
