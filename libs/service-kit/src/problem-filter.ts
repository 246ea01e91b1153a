import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { accessDenied, CodedError, defineError, type ErrorFactory, requestInvalid } from './errors.js';

const tokenRequired = defineError({
  code: 'access.token-required',
  status: 401,
  zh: '请先登录：需要有效的访问令牌',
  en: 'Sign in first: a valid access token is needed',
});
const notFound = defineError({
  code: 'request.no-such-address',
  status: 404,
  zh: '没有这个地址',
  en: 'There is no such address',
});
const notAllowed = defineError({
  code: 'request.method-not-allowed',
  status: 405,
  zh: '该地址不支持此方法',
  en: 'This address does not take that method',
});
const tooLarge = defineError({
  code: 'message.too-large',
  status: 413,
  zh: '内容超过大小上限',
  en: 'The content is larger than the limit',
});
const wrongType = defineError({
  code: 'request.media-type',
  status: 415,
  zh: '不支持的内容类型',
  en: 'This media type is not supported',
});
const broken = defineError({
  code: 'message.invalid',
  status: 400,
  zh: '无法解析请求内容',
  en: 'The request cannot be read',
});
const unavailable = defineError({
  code: 'service.unavailable',
  status: 503,
  zh: '服务暂时不可用，请稍后重试',
  en: 'The service is unavailable for the moment; try again later',
});
const failed = defineError({
  code: 'service.failed',
  status: 500,
  zh: '系统出错，已记录，请稍后重试',
  en: 'Something failed here and was recorded; try again later',
});

const byStatus = new Map<number, ErrorFactory>([
  [400, broken],
  [401, tokenRequired],
  [403, accessDenied],
  [404, notFound],
  [405, notAllowed],
  [413, tooLarge],
  [415, wrongType],
  [422, requestInvalid],
  [503, unavailable],
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
  return typeof code === 'string' && transient.test(code) ? unavailable() : failed();
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
