import { EventPattern } from '@nestjs/microservices';
import type { Tx } from './database.js';
import type { OutsideMessage, ReceivedEvent } from './envelope.js';

/** What a handler gets besides its events: the fetch's one transaction and its time. */
export interface BatchContext {
  tx: Tx;
  now: Date;
}

type BatchHandler<Message> = (
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<(messages: readonly Message[], batch: BatchContext) => Promise<void>>,
) => void;

/**
 * Marks the handler of a topic. It gets all fresh events of the topic in one fetch, in order per case, as `@Payload()`, and the fetch's
 * one transaction as `@Ctx()`. It must be a pure fold over what it loads: after a failure it is called again with fewer events.
 */
export const OnEvents = (topic: string): BatchHandler<ReceivedEvent> =>
  EventPattern(topic) as MethodDecorator as BatchHandler<ReceivedEvent>;

/** The same for a topic of outside parties. Repeats are the handler's to recognise: it must be idempotent by natural key and content. */
export const OnOutsideMessages = (topic: string): BatchHandler<OutsideMessage> =>
  EventPattern(topic) as MethodDecorator as BatchHandler<OutsideMessage>;
