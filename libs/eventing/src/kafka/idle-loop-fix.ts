/**
 * kafkajs 2.2.4 never rests: after each check of a connection's queue `scheduleCheckPendingRequests` sets a timer for the next one, with a
 * negative delay, hence 1 ms, although nothing waits. Each connection then wakes up a thousand times a second for ever (kafkajs issues
 * 1556, 1604, 1751): 7-8 % of a core for one idle process. With this, a timer is set only while something waits or the broker asked for a
 * pause; a request that comes later is sent by `push`, or sets the timer itself.
 */
import { createRequire } from 'node:module';

export interface RequestQueue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

/** Not part of kafkajs's interface, which is why its version is pinned and the specs next to this file watch over the effect. */
export const RequestQueueOfKafkajs = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as {
  prototype: RequestQueue;
  new (options: object): RequestQueue;
};

/** As in kafkajs. */
const CHECK_MS = 10;

/** For the whole process; calling it again changes nothing. */
export function fixIdleLoop(): void {
  RequestQueueOfKafkajs.prototype.scheduleCheckPendingRequests = scheduleCheckPendingRequests;
}

function scheduleCheckPendingRequests(this: RequestQueue): void {
  if (this.throttleCheckTimeoutId !== null) return;
  const throttledFor = this.throttledUntil - Date.now();
  if (this.pending.length === 0 && throttledFor <= 0) return;
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    },
    throttledFor > 0 ? throttledFor : CHECK_MS,
  );
}
