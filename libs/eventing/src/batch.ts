import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { EventPattern } from '@nestjs/microservices';
import type { Tx } from './database.js';
import type { OutsideMessage, ReceivedEvent } from './envelope.js';

/** What a handler gets besides its events: the fetch's one transaction and its time. */
export interface BatchContext {
  tx: Tx;
  now: Date;
}

type BatchHandler<Message> = <Handler extends (messages: readonly Message[], batch: BatchContext) => Promise<void>>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<Handler>,
) => void;

/**
 * Marks the handler of a topic. It gets all fresh events of the topic in one fetch, in order per case, as `@Payload()`, and the fetch's
 * one transaction as `@Ctx()`. It must be a pure fold over what it loads: after a failure it is called again with fewer events.
 */
export const OnEvents = (topic: string): BatchHandler<ReceivedEvent> => handlerOf<ReceivedEvent>(topic);

/** The same for a topic of outside parties. Repeats are the handler's to recognise: it must be idempotent by natural key and content. */
export const OnOutsideMessages = (topic: string): BatchHandler<OutsideMessage> => handlerOf<OutsideMessage>(topic);

/** Errors thrown by handlers while the batch consumer calls them. */
const failures = new AsyncLocalStorage<unknown[]>();

/**
 * Calls a handler and resolves to the first error it threw, as it was thrown. Nest's own way out of a handler leads through exception
 * filters, which replace the error by a text; the consumer needs the original to tell a lost connection from a poison message.
 */
export async function failureOf(call: () => Promise<void>): Promise<{ error: unknown } | undefined> {
  const thrown: unknown[] = [];
  try {
    await failures.run(thrown, call);
  } catch (error) {
    // What guards, pipes and interceptors threw comes this way.
    if (thrown.length === 0) return { error };
  }
  return thrown.length > 0 ? { error: thrown[0] } : undefined;
}

function handlerOf<Message>(topic: string): BatchHandler<Message> {
  const mark = EventPattern(topic) as MethodDecorator;
  return (target, key, descriptor) => {
    const original = descriptor.value!;
    const capturing = async function (this: unknown, ...args: Parameters<typeof original>): Promise<void> {
      const thrown = failures.getStore();
      try {
        await original.apply(this, args);
      } catch (error) {
        if (!thrown) throw error;
        thrown.push(error);
      }
    };
    // Nest looks parameters up by the function's name, and other decorators leave their metadata on the function.
    Object.defineProperty(capturing, 'name', { value: original.name, configurable: true });
    for (const metadataKey of Reflect.getOwnMetadataKeys(original)) {
      Reflect.defineMetadata(metadataKey, Reflect.getOwnMetadata(metadataKey, original), capturing);
    }
    descriptor.value = capturing as typeof original;
    mark(target, key, descriptor);
  };
}
