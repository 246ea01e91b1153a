import { defineError } from '@lianban/service-kit/errors';

/** Also the answer to another locality: that a notice exists is not theirs to know. */
export const noticeNotFound = defineError({
  code: 'notice.not-found',
  status: 404,
  zh: '没有找到这条通知',
  en: 'There is no such notice',
});
