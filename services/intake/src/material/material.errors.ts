import { defineError } from '@lianban/service-kit/errors';

/** Also the answer to whoever may not see it. */
export const materialNotFound = defineError({
  code: 'material.not-found',
  status: 404,
  zh: '没有找到这份材料',
  en: 'There is no such material',
});
export const materialTooLarge = defineError({
  code: 'material.too-large',
  status: 413,
  zh: '材料超过 {limit} 字节的上限',
  en: 'The material is larger than {limit} bytes',
});
export const materialTypeNotAllowed = defineError({
  code: 'material.type-not-allowed',
  status: 415,
  zh: '材料只接受 PDF、OFD、PNG、JPEG 文件（按内容判断）',
  en: 'A material must be a PDF, OFD, PNG or JPEG file (judged by its content)',
});
export const materialEmpty = defineError({
  code: 'material.empty',
  status: 422,
  zh: '材料是空文件',
  en: 'The material is empty',
});
export const materialFileMissing = defineError({
  code: 'material.file-missing',
  status: 422,
  zh: '请以 multipart/form-data 上传一个名为 file 的文件，且不带其他字段',
  en: 'Upload one file named “file” as multipart/form-data, and nothing else',
});
/** The request ended before the file did; nothing was kept. */
export const uploadBroken = defineError({
  code: 'material.upload-broken',
  status: 400,
  zh: '上传中断或内容不是规范的 multipart 格式，请重新上传',
  en: 'The upload broke off or is not sound multipart content; upload again',
});
