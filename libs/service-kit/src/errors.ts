/** Errors with stable codes; the texts are presentation. No framework import, so that rules can use them. */

export interface Texts {
  zh: string;
  en: string;
}
/** One fault in what was sent: `path` is a JSON pointer or a property path. */
export interface Finding {
  path: string;
  message: Texts;
}

export class CodedError extends Error {
  override readonly name = 'CodedError';
  constructor(
    readonly code: string,
    readonly status: number,
    readonly messages: Texts,
    readonly findings: readonly Finding[] = [],
  ) {
    super(`${code}: ${messages.en}`);
  }
}

export type ErrorFactory = (params?: Record<string, string | number>, findings?: readonly Finding[]) => CodedError;

/** `{name}` in the texts is replaced by `params.name`. `status` is the HTTP status of the problem document. */
export function defineError({ code, status, zh, en }: { code: string; status: number } & Texts): ErrorFactory {
  return (params = {}, findings = []) => {
    const fill = (text: string) =>
      text.replace(/\{(\w+)\}/g, (placeholder, name: string) => String(params[name] ?? placeholder));
    return new CodedError(code, status, { zh: fill(zh), en: fill(en) }, findings);
  };
}

export const requestInvalid = defineError({
  code: 'request.invalid',
  status: 422,
  zh: '请求内容不符合要求，请按所列问题修改后重试',
  en: 'The request breaks the rules listed; correct it and try again',
});
export const accessDenied = defineError({
  code: 'access.denied',
  status: 403,
  zh: '您无权进行此操作',
  en: 'You may not do this',
});
export const tokenRequired = defineError({
  code: 'access.token-required',
  status: 401,
  zh: '请先登录：需要有效的访问令牌',
  en: 'Sign in first: a valid access token is needed',
});
export const noSuchAddress = defineError({
  code: 'request.no-such-address',
  status: 404,
  zh: '没有这个地址',
  en: 'There is no such address',
});
export const methodNotAllowed = defineError({
  code: 'request.method-not-allowed',
  status: 405,
  zh: '该地址不支持此方法',
  en: 'This address does not take that method',
});
export const messageTooLarge = defineError({
  code: 'message.too-large',
  status: 413,
  zh: '内容超过大小上限',
  en: 'The content is larger than the limit',
});
export const mediaTypeUnsupported = defineError({
  code: 'request.media-type',
  status: 415,
  zh: '不支持的内容类型',
  en: 'This media type is not supported',
});
export const messageInvalid = defineError({
  code: 'message.invalid',
  status: 400,
  zh: '无法解析请求内容',
  en: 'The request cannot be read',
});
export const serviceUnavailable = defineError({
  code: 'service.unavailable',
  status: 503,
  zh: '服务暂时不可用，请稍后重试',
  en: 'The service is unavailable for the moment; try again later',
});
export const serviceFailed = defineError({
  code: 'service.failed',
  status: 500,
  zh: '系统出错，已记录，请稍后重试',
  en: 'Something failed here and was recorded; try again later',
});
