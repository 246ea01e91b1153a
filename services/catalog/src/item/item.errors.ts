import { defineError } from '@lianban/service-kit/errors';

export const itemNotFound = defineError({
  code: 'item.not-found',
  status: 404,
  zh: '没有这个事项',
  en: 'There is no such item',
});
