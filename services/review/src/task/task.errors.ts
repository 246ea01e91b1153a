import { defineError } from '@lianban/service-kit/errors';

/** Also the answer for a task of another locality: that it exists is not theirs to know. */
export const taskNotFound = defineError({
  code: 'task.not-found',
  status: 404,
  zh: '没有找到这个任务',
  en: 'There is no such task',
});
export const wrongBody = defineError({
  code: 'task.wrong-body',
  status: 403,
  zh: '该任务由{body}负责，您所在机构不能处理',
  en: 'This task belongs to {bodyEn}; your body cannot work on it',
});
export const alreadyDecided = defineError({
  code: 'task.already-decided',
  status: 409,
  zh: '该任务已由{by}于{at}作出决定',
  en: 'This task was already decided by {by} at {at}',
});
export const taskRecalled = defineError({
  code: 'task.recalled',
  status: 409,
  zh: '该任务已于{at}撤回：{reason}',
  en: 'This task was recalled at {at}: {reason}',
});
export const claimedByOther = defineError({
  code: 'task.claimed-by-other',
  status: 409,
  zh: '该任务已由{by}于{at}认领',
  en: 'This task was claimed by {by} at {at}',
});
export const notClaimed = defineError({
  code: 'task.not-claimed',
  status: 409,
  zh: '请先认领该任务',
  en: 'Claim this task first',
});
