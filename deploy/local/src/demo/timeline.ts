/** The story of one case in Chinese, put together from what each service shows of it. */
import type { Bilingual, BodyRef, LocalityRef } from '@lianban/contracts-catalog/shapes';
import type { System } from '../system/system.js';
import { pad, width, wrap } from '../system/table.js';
import type { Http } from './http.js';
import { type DemoCase, hasEnded } from './ledger.js';
import type { CaseView } from './play.js';

interface Entry {
  at: string;
  /** Place or body. */
  who: string;
  what: string;
}
interface Place {
  kind: 'window' | 'body' | 'carrier';
  locality?: LocalityRef;
  body?: BodyRef | null;
}

const channels: Record<string, string> = { sms: '短信', email: '邮件' };
const MOST_COLUMNS = 140;

/** The lines of the story, none wider than `columns`. */
export async function timelineOf(system: System, http: Http, one: DemoCase, columns: number): Promise<string[]> {
  const reader = new Reader(system, http, one);
  const [{ receivedAt, item, receivingLocality, waitingOn }, ...entries] = await Promise.all([
    reader.get<CaseView & { receivedAt: string; item: { name: Bilingual }; receivingLocality: LocalityRef }>(
      'dispatch',
      `/cases/${one.caseId}`,
    ),
    reader.steps(),
    reader.certificates(),
    reader.parcels(),
    reader.notices(),
  ]);
  const window = `${receivingLocality.name.zh}政务窗口`;
  const how = one.plan.via === 'http' ? '窗口系统接口' : '窗口系统消息';
  const received = { at: receivedAt, who: window, what: `收件（${how} ${one.number}），收件凭证 ${one.receiptNo}` };
  const all = [received, ...entries.flat()].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const waits = waitingOn.map(({ body, stepName }) => `${body.name.zh}（${stepName.zh}）`).join('、');
  const outcome = { approved: '办结，同意', refused: '办结，不予同意', open: '在办', suspended: '中止' }[one.status];
  return [
    `${one.caseNo}  ${item.name.zh}  ${hasEnded(one) ? outcome : `${outcome}，等待${waits}`}`,
    ...layOut(all, Math.min(columns, MOST_COLUMNS)),
  ];
}

/** Time, who and what in columns; what is too long goes on under itself. */
function layOut(entries: readonly Entry[], columns: number): string[] {
  const whoColumns = Math.min(Math.max(...entries.map(({ who }) => width(who))), Math.floor(columns / 3));
  const whatColumns = Math.max(columns - whoColumns - 16, 20);
  return entries.flatMap(({ at, who, what }) => {
    const left = wrap(who, whoColumns);
    const right = wrap(what, whatColumns);
    return Array.from({ length: Math.max(left.length, right.length) }, (_, i) =>
      `  ${pad(i === 0 ? clock(at) : '', 10)}  ${pad(left[i] ?? '', whoColumns)}  ${right[i] ?? ''}`.trimEnd(),
    );
  });
}

/** In China's time, as everything about a case is. */
const clock = (at: string): string => new Date(Date.parse(at) + 8 * 3_600_000).toISOString().slice(11, 21);

const nameOf = (place: Place): string =>
  place.kind === 'carrier' ? '承运商' : (place.body?.name.zh ?? `${place.locality?.name.zh ?? ''}政务窗口`);

/** Asks the services as the auditor, who may see every place. */
class Reader {
  constructor(
    private readonly system: System,
    private readonly http: Http,
    private readonly one: DemoCase,
  ) {}

  get<T>(service: 'dispatch' | 'review' | 'courier' | 'notifications', path: string): Promise<T> {
    return this.http.get<T>(`${this.system.urls[service]}${path}`, this.system.token('auditor'));
  }

  async steps(): Promise<Entry[]> {
    const { items } = await this.get<{ items: { at: string; body: BodyRef | null; text: Bilingual }[] }>(
      'dispatch',
      `/cases/${this.one.caseId}/timeline`,
    );
    // Who it is about stands in its own column.
    return items.map(({ at, body, text }) =>
      body
        ? { at, who: body.name.zh, what: text.zh.replace(body.name.zh, '') }
        : { at, who: '联办平台', what: text.zh },
    );
  }

  async certificates(): Promise<Entry[]> {
    const { items } = await this.get<{
      items: { issuedAt: string; name: Bilingual; number: string; body: BodyRef; revoked: { at: string } | null }[];
    }>('review', `/certificates?caseNo=${this.one.caseNo}&limit=100`);
    return items.flatMap(({ issuedAt, name, number, body, revoked }) => [
      { at: issuedAt, who: body.name.zh, what: `签发《${name.zh}》${number}` },
      ...(revoked ? [{ at: revoked.at, who: body.name.zh, what: `撤销《${name.zh}》${number}` }] : []),
    ]);
  }

  async parcels(): Promise<Entry[]> {
    const { items } = await this.get<{ items: { id: string }[] }>(
      'courier',
      `/parcels?caseId=${this.one.caseId}&limit=100`,
    );
    const files = await Promise.all(items.map(({ id }) => this.get<ParcelFile>('courier', `/parcels/${id}`)));
    return files.flatMap(({ custody, things }) =>
      custody.map(({ at, what, giver, taker, sealNo, waybill }) => {
        const contents = things.map(({ name, number }) => name.zh + (number ? ` ${number}` : '')).join('、');
        const told = {
          sealed: `封装 ${contents}，封签 ${sealNo}`,
          'handed-to-carrier': `交寄，运单 ${waybill}`,
          signed: `签收，运单 ${waybill}`,
          lost: `寄件丢失，运单 ${waybill}`,
          returned: `寄件退回，运单 ${waybill}`,
          resent: '重新寄送',
        }[what];
        return { at, who: nameOf(what === 'signed' ? (taker ?? giver) : giver), what: told };
      }),
    );
  }

  async notices(): Promise<Entry[]> {
    const { items } = await this.get<{ items: { id: string }[] }>(
      'notifications',
      `/notices?caseId=${this.one.caseId}&limit=100`,
    );
    const files = await Promise.all(items.map(({ id }) => this.get<NoticeFile>('notifications', `/notices/${id}`)));
    return files.flatMap(({ history, recipient, text }) =>
      history.map(({ n, channel, startedAt, result }) => ({
        at: startedAt,
        who: '通知申请人',
        what: `${channels[channel] ?? channel} ${recipient} 第${n}次：${result === 'ok' ? `已送达“${text}”` : `未成功（${result}）`}`,
      })),
    );
  }
}

interface ParcelFile {
  things: { name: Bilingual; number: string | null }[];
  custody: {
    at: string;
    what: 'sealed' | 'handed-to-carrier' | 'signed' | 'lost' | 'returned' | 'resent';
    giver: Place;
    taker: Place | null;
    sealNo: string | null;
    waybill: string | null;
  }[];
}
interface NoticeFile {
  recipient: string;
  text: string | null;
  history: { n: number; channel: string; startedAt: string; result: string | null }[];
}
