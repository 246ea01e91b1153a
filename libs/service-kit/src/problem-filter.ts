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
  // An address too long to be one of ours.
  [414, noSuchAddress],
  [415, mediaTypeUnsupported],
  [422, requestInvalid],
  [503, serviceUnavailable],
]);
/** PostgreSQL classes that mean "try again later": connection, resources, intervention; and the driver's own connection errors. */
const transient = /^(08|53|57|40|25006|ECONN|ENOTFOUND|EPIPE|ETIMEDOUT)/;

/** What the driver says when no connection could be had in time; it has no code of its own. */
const noConnection = /timeout exceeded when trying to connect|connection terminated/i;

function toCoded(error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  const { code, statusCode, message } = error as { code?: unknown; statusCode?: unknown; message?: unknown };
  const status =
    error instanceof HttpException ? error.getStatus() : typeof statusCode === 'number' ? statusCode : undefined;
  const known = status === undefined ? undefined : byStatus.get(status);
  if (known) return known();
  const away =
    (typeof code === 'string' && transient.test(code)) || (typeof message === 'string' && noConnection.test(message));
  return away ? serviceUnavailable() : serviceFailed();
}

/** Answers with an RFC 9457 problem document: stable `code`, text in the language asked for, both languages in `messages`. Never shows what was sent or the inner error. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): CodedError {
  const coded = toCoded(error);
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
  return coded;
}

/** Turns every error of a request into a problem document; the log gets those that are the service's own fault. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    // A stream that fails after its first byte can only end.
    if (reply.raw.headersSent) {
      this.logger.error({ err: error, correlationId: request.id }, 'an answer broke off');
      reply.raw.destroy();
      return;
    }
    const coded = sendProblem(error, request, reply);
    if (coded.status >= 500) this.logger.error({ err: error, correlationId: request.id }, 'a request failed');
  }
}
