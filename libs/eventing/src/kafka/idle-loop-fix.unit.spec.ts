import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { silentLogger } from '../logger.js';
import { type RequestQueue, RequestQueueOfKafkajs } from './idle-loop-fix.js';
import { createKafkaLog } from './kafka-log.js';

// Whoever uses Kafka gets the fix with it.
createKafkaLog('kafka://127.0.0.1:9092', { clientId: 'c', logger: silentLogger });

const logger = { debug: () => undefined, warn: () => undefined };

function queue(): RequestQueue & { push(request: object): void; fulfillRequest(response: object): void } {
  const options = {
    maxInFlightRequests: 1,
    requestTimeout: 1_000,
    enforceRequestTimeout: false,
    clientId: 'c',
    broker: 'b',
    logger,
  };
  return new RequestQueueOfKafkajs(options) as ReturnType<typeof queue>;
}
const request = (correlationId: number, sent: number[]) => ({
  entry: { correlationId, resolve: () => undefined, reject: () => undefined },
  expectResponse: true,
  sendRequest: () => void sent.push(correlationId),
});
const answer = (correlationId: number) => ({ correlationId, size: 0, payload: null });

describe('the queue of a Kafka connection', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('sets no timer when its last request is answered', () => {
    const requests = queue();
    requests.push(request(1, []));
    requests.fulfillRequest(answer(1));
    expect(jest.getTimerCount()).toBe(0);
    requests.checkPendingRequests();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('still sends what had to wait for its turn or for the end of a pause the broker asked for', () => {
    const requests = queue();
    const sent: number[] = [];
    requests.push(request(1, sent));
    requests.push(request(2, sent));
    expect(sent).toEqual([1]);
    requests.fulfillRequest(answer(1));
    expect(sent).toEqual([1, 2]);
    requests.fulfillRequest(answer(2));

    requests.throttledUntil = Date.now() + 500;
    requests.push(request(3, sent));
    jest.advanceTimersByTime(499);
    expect(sent).toEqual([1, 2]);
    jest.advanceTimersByTime(20);
    expect(sent).toEqual([1, 2, 3]);
    requests.fulfillRequest(answer(3));
    jest.advanceTimersByTime(100);
    expect(jest.getTimerCount()).toBe(0);
  });
});
