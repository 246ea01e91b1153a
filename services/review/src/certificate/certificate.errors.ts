import { defineError } from '@lianban/service-kit/errors';

/** Also the answer for a certificate of another locality. */
export const certificateNotFound = defineError({
  code: 'certificate.not-found',
  status: 404,
  zh: '没有找到这个证照',
  en: 'There is no such certificate',
});
