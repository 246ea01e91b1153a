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
