import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import {
  bodyPublished,
  bodyStream,
  itemPublished,
  itemStream,
  procedurePublished,
  procedureStream,
} from '@lianban/contracts-catalog/events';
import { type BatchContext, OnEvents } from '@lianban/eventing/batch';
import { is, type ReceivedEvent } from '@lianban/eventing/envelope';
import { storeBodies, storeItems, storeProcedures } from './catalog.store.js';

/** Keeps intake's own copies of items, bodies and procedures. */
@Controller()
export class OnCatalogEvents {
  @OnEvents(itemStream.topic)
  async items(@Payload() events: readonly ReceivedEvent[], @Ctx() { tx }: BatchContext): Promise<void> {
    await storeItems(
      tx,
      events.filter((event) => is(itemPublished, event)).map(({ data }) => data),
    );
  }

  @OnEvents(bodyStream.topic)
  async bodies(@Payload() events: readonly ReceivedEvent[], @Ctx() { tx }: BatchContext): Promise<void> {
    await storeBodies(
      tx,
      events.filter((event) => is(bodyPublished, event)).map(({ data }) => data),
    );
  }

  @OnEvents(procedureStream.topic)
  async procedures(@Payload() events: readonly ReceivedEvent[], @Ctx() { tx }: BatchContext): Promise<void> {
    await storeProcedures(
      tx,
      events.filter((event) => is(procedurePublished, event)).map(({ data }) => data),
    );
  }
}
