import { defineError } from '@lianban/service-kit/errors';

/** Also the answer to whoever is no party: that a case exists is not theirs to know. */
export const caseNotFound = defineError({
  code: 'case.not-found',
  status: 404,
  zh: '没有找到这个办件',
  en: 'There is no such case',
});
