import { Body, Controller, Get, HttpCode, Inject, NotFoundException, Param, Post, Query } from '@nestjs/common';
import { ApiProperty, ApiTags } from '@nestjs/swagger';
import type { Actor } from '@lianban/access/actor';
import { CurrentActor, May } from '@lianban/access/guard';
import { maskText } from '@lianban/access/mask';
import type { DeadLetter, Eventing } from '@lianban/eventing/eventing';
import { IsString, Length, Matches } from 'class-validator';
import { defineError } from './errors.js';
import { type Page, page, PageQuery } from './paging.js';
import { EVENTING } from './tokens.js';

const stillFails = defineError({
  code: 'dead-letter.still-fails',
  status: 409,
  zh: '重新处理仍然失败，消息保持搁置',
  en: 'The message failed again and stays parked',
});

const notFound = defineError({
  code: 'dead-letter.not-found',
  status: 404,
  zh: '没有这条被搁置的消息',
  en: 'There is no such parked message',
});

/** Eventing knows no coded errors; its "not found" gets one here. */
async function orNotFound<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw error instanceof NotFoundException ? notFound() : error;
  });
}

class DeadLetterId {
  @Matches(/^[\w-]{1,64}$/)
  id: string = '';
}

class RepairBody {
  @ApiProperty({ minLength: 3, maxLength: 500, description: 'Why; kept with the message' })
  @IsString()
  @Length(3, 500)
  reason: string = '';
}

/** Poison messages of this service and the cases parked behind them. What the message said is not shown. */
@ApiTags('operations')
@Controller('dead-letters')
export class DeadLettersController {
  constructor(@Inject(EVENTING) private readonly eventing: Eventing) {}

  /** Newest first. */
  @Get()
  @May('ops.read')
  async list(@Query() query: PageQuery): Promise<Page<DeadLetter>> {
    const { items, total } = await this.eventing.parked.list({ limit: query.limit, offset: query.offset });
    return page(
      items.map((item) => ({ ...item, error: maskText(item.error) })),
      total,
      query,
    );
  }

  /** Applies the message again, then the queued events of its case. */
  @Post(':id/replay')
  @HttpCode(200)
  @May('ops.repair')
  async replay(@Param() { id }: DeadLetterId, @Body() { reason }: RepairBody, @CurrentActor() actor: Actor) {
    const works = await orNotFound(this.eventing.parked.replay(id, { actor: actor.subject, reason }));
    if (!works) throw stillFails();
    return { id, state: 'replayed' };
  }

  /** Gives the message up, then applies the queued events of its case. */
  @Post(':id/discard')
  @HttpCode(200)
  @May('ops.repair')
  async discard(@Param() { id }: DeadLetterId, @Body() { reason }: RepairBody, @CurrentActor() actor: Actor) {
    await orNotFound(this.eventing.parked.discard(id, { actor: actor.subject, reason }));
    return { id, state: 'discarded' };
  }
}
