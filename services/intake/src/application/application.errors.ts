import { defineError } from '@lianban/service-kit/errors';

/** Also the answer to whoever may not see it: that an application exists is not theirs to know. */
export const applicationNotFound = defineError({
  code: 'application.not-found',
  status: 404,
  zh: '没有找到这件申请',
  en: 'There is no such application',
});
export const unknownItem = defineError({
  code: 'application.unknown-item',
  status: 422,
  zh: '没有这个事项',
  en: 'There is no such item',
});
/** The item is known, its procedure has not arrived here yet: the same application may be sent again. */
export const itemNotReady = defineError({
  code: 'application.item-not-ready',
  status: 503,
  zh: '该事项的办理流程尚未就绪，请稍后重新提交',
  en: 'The procedure of this item is not ready yet; send the application again later',
});
export const noCompetentBody = defineError({
  code: 'application.no-competent-body',
  status: 422,
  zh: '所涉地区没有可办理此事项的机构',
  en: 'A locality has no body that is competent for this item',
});
export const materialMissing = defineError({
  code: 'application.material-missing',
  status: 422,
  zh: '缺少必要材料',
  en: 'A needed material is missing',
});
export const materialUnknown = defineError({
  code: 'application.material-unknown',
  status: 422,
  zh: '所附材料不存在，或不是本事项的材料',
  en: 'A material does not exist, or this item does not ask for it',
});
export const originalNotAllowed = defineError({
  code: 'application.original-not-allowed',
  status: 422,
  zh: '本事项不收取该材料的纸质原件',
  en: 'This item takes no paper original of that material',
});
export const formInvalid = defineError({
  code: 'application.form-invalid',
  status: 422,
  zh: '申请表填写不符合要求',
  en: 'The form does not meet the rules of this item',
});
export const identityInvalid = defineError({
  code: 'application.identity-invalid',
  status: 422,
  zh: '证件号码不正确',
  en: 'The identity number is not right',
});
/** 幂等: one number of a source system stands for one content, for ever. */
export const numberReused = defineError({
  code: 'application.number-reused',
  status: 422,
  zh: '该流水号已用于内容不同的申请，请换用新的流水号',
  en: 'This number was already used for an application with other content; use a new number',
});
