/** Structured logs: one JSON object per line with service, case and correlation id; personal data and tokens never appear. */
import type { LoggerService } from '@nestjs/common';
import { maskText } from '@lianban/access/mask';
import { type DestinationStream, type Logger, pino } from 'pino';
import { currentContext } from './context.js';

const SECRET_KEYS = ['authorization', 'idNumber', 'phone', 'address', 'newAddress', 'email', 'password'];
const redactedPaths = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`, `*.*.*.${key}`]);

/** Errors in logs: type, text and stack with personal data masked. PostgreSQL's `detail` repeats the values of a row and is left out. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error, message: maskText(String(error)) };
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return {
    type: error.name,
    message: maskText(error.message),
    stack: maskText(error.stack ?? ''),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(cause === undefined ? {} : { cause: describeError(cause) }),
  };
}

/** `destination` is standard output unless a test looks at the lines. */
export function createLogger(service: string, level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    mixin: () => {
      const context = currentContext();
      if (!context) return {};
      return { correlationId: context.correlationId, ...(context.caseId ? { caseId: context.caseId } : {}) };
    },
    serializers: { err: describeError, error: describeError },
    redact: { paths: redactedPaths, censor: '[hidden]' },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Nest's own messages in the same format. Its start-up chatter is debug here. */
export function nestLogger(logger: Logger): LoggerService {
  const write =
    (level: 'debug' | 'warn' | 'error' | 'fatal') =>
    (message: unknown, ...rest: unknown[]) => {
      const context = rest.findLast((part) => typeof part === 'string');
      const error = [message, ...rest].find((part) => part instanceof Error);
      logger[level](
        { component: context, ...(error ? { err: error } : {}) },
        maskText(message instanceof Error ? message.message : String(message)),
      );
    };
  return {
    log: write('debug'),
    debug: write('debug'),
    verbose: write('debug'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
  };
}
