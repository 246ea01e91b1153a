import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import {
  accessDenied,
  CodedError,
  type ErrorFactory,
  mediaTypeUnsupported,
  messageInvalid,
  messageTooLarge,
  methodNotAllowed,
  noSuchAddress,
  requestInvalid,
  serviceFailed,
  serviceUnavailable,
  tokenRequired,
} from './errors.js';

const byStatus = new Map<number, ErrorFactory>([
  [400, messageInvalid],
  [401, tokenRequired],
  [403, accessDenied],
  [404, noSuchAddress],
  [405, methodNotAllowed],
  [413, messageTooLarge],
  [415, mediaTypeUnsupported],
  [422, requestInvalid],
  [503, serviceUnavailable],
]);
/** PostgreSQL classes that mean "try again later": connection, resources, intervention; and the driver's own connection errors. */
const transient = /^(08|53|57|40|25006|ECONN|ENOTFOUND|EPIPE|ETIMEDOUT)/;

function toCoded(error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  const status =
    error instanceof HttpException ? error.getStatus() : typeof statusCode === 'number' ? statusCode : undefined;
  const known = status === undefined ? undefined : byStatus.get(status);
  if (known) return known();
  return typeof code === 'string' && transient.test(code) ? serviceUnavailable() : serviceFailed();
}

/** Turns every error into an RFC 9457 problem document: stable `code`, text in the language asked for, both languages in `messages`. Never shows what was sent or the inner error. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const coded = toCoded(error);
    if (coded.status >= 500) this.logger.error({ err: error as Error, correlationId: request.id }, 'a request failed');
    const english = /^\s*en\b/i.test(request.headers['accept-language'] ?? '');
    if (coded.status === 503) void reply.header('retry-after', '2');
    void reply
      .status(coded.status)
      .header('content-type', 'application/problem+json; charset=utf-8')
      .send({
        type: `urn:lianban:problem:${coded.code}`,
        status: coded.status,
        code: coded.code,
        title: english ? coded.messages.en : coded.messages.zh,
        messages: coded.messages,
        correlationId: request.id,
        ...(coded.findings.length > 0 ? { findings: coded.findings } : {}),
      });
  }
}
