/** What is known about the work in hand, wherever it goes: for logs, events and answers. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingHttpHeaders } from 'node:http';
import { v7 as uuidv7 } from 'uuid';

export interface WorkContext {
  correlationId: string;
  caseId?: string;
  traceparent?: string;
}

const storage = new AsyncLocalStorage<WorkContext>();

/** Everything `work` does, awaited or not, runs in this context. */
export const withContext = <T>(context: WorkContext, work: () => T): T => storage.run(context, work);
export const currentContext = (): WorkContext | undefined => storage.getStore();
/** The correlation id of the work in hand; a new one where there is none. */
export const currentCorrelationId = (): string => storage.getStore()?.correlationId ?? uuidv7();
/** From now on the work in hand is about this case: its logs say so. Does nothing outside a context. */
export function aboutCase(caseId: string): void {
  const context = storage.getStore();
  if (context) context.caseId = caseId;
}

const CORRELATION_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{7,63}$/;
/** W3C Trace Context, version 00; an all-zero trace id is invalid. */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The context of a request: its own correlation id, else its trace id, else a new UUIDv7. A malformed header counts as missing. */
export function contextOf(headers: IncomingHttpHeaders): WorkContext {
  const given = headers['x-correlation-id'];
  const traceparent = typeof headers.traceparent === 'string' ? TRACEPARENT.exec(headers.traceparent) : null;
  const correlationId =
    typeof given === 'string' && CORRELATION_ID.test(given) ? given : (traceparent?.[1] ?? uuidv7());
  return { correlationId, ...(traceparent ? { traceparent: traceparent[0] } : {}) };
}
