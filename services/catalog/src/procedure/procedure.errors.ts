import { defineError } from '@lianban/service-kit/errors';

export const procedureNotFound = defineError({
  code: 'procedure.not-found',
  status: 404,
  zh: '没有这个版本的流程',
  en: 'There is no such version of a procedure',
});
