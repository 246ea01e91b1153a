import { defineError } from '@lianban/service-kit/errors';

/** Also the answer to whoever is at neither end: that a parcel exists is not theirs to know. */
export const parcelNotFound = defineError({
  code: 'parcel.not-found',
  status: 404,
  zh: '没有找到这个寄件',
  en: 'There is no such parcel',
});
export const parcelWrongState = defineError({
  code: 'parcel.wrong-state',
  status: 409,
  zh: '寄件当前状态为“{status}”，不能进行此操作',
  en: 'The parcel is {status}: this cannot be done now',
});
export const parcelOtherSeal = defineError({
  code: 'parcel.already-sealed',
  status: 409,
  zh: '寄件已使用另一封签号封装',
  en: 'The parcel is already sealed under another number',
});
