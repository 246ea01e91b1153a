import type { Bilingual } from '@lianban/contracts-catalog/shapes';
import type { Change } from './joint-case.js';

/** `{step}` and `{body}` are filled with their names. Nobody's free text goes in: it could name a person. */
const texts: Record<Change, Bilingual> = {
  'awaiting-procedure': {
    zh: '申请已收到，等待办理流程发布',
    en: 'The application is here and waits for its procedure to be published',
  },
  opened: { zh: '联办件已立案', en: 'The joint case is open' },
  'task-requested': { zh: '已请{body}办理“{step}”', en: '{body} is asked to do “{step}”' },
  'task-approved': { zh: '{body}已办结“{step}”：同意', en: '{body} decided “{step}”: approved' },
  'task-refused': { zh: '{body}已办结“{step}”：不予同意', en: '{body} decided “{step}”: refused' },
  'task-recalled': { zh: '已撤回请{body}办理“{step}”的请求', en: 'The request that {body} do “{step}” is taken back' },
  'parcel-requested': { zh: '“{step}”有材料需要寄送', en: '“{step}” has a parcel to send' },
  'parcel-delivered': { zh: '“{step}”的寄件已签收', en: 'The parcel of “{step}” is delivered' },
  'parcel-lost': { zh: '“{step}”的寄件丢失', en: 'The parcel of “{step}” is lost' },
  'parcel-returned': { zh: '“{step}”的寄件被退回', en: 'The parcel of “{step}” came back' },
  'parcel-resent': { zh: '“{step}”的寄件已重新寄送', en: 'The parcel of “{step}” is sent again' },
  suspended: { zh: '“{step}”已中止', en: '“{step}” is suspended' },
  resumed: { zh: '“{step}”已恢复办理', en: '“{step}” goes on' },
  'applicant-done': { zh: '申请人已取得结果', en: 'The applicant has what they came for' },
  approved: { zh: '联办件办结：同意', en: 'The joint case has ended: approved' },
  refused: { zh: '联办件办结：不予同意', en: 'The joint case has ended: refused' },
  'signal-ignored': {
    zh: '“{step}”收到重复或过时的消息，未作变更',
    en: 'A repeated or late message about “{step}” changed nothing',
  },
};

export function timelineText(change: Change, step: Bilingual | undefined, body: Bilingual | undefined): Bilingual {
  const fill = (language: 'zh' | 'en') =>
    texts[change][language].replace('{step}', step?.[language] ?? '–').replace('{body}', body?.[language] ?? '–');
  return { zh: fill('zh'), en: fill('en') };
}
