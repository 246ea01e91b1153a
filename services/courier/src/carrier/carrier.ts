/** The carrier as courier sees it. Its own events are numbered by it; a waybill is asked for under a key that makes repeats harmless. */
import { type CallResult, callOutside } from '@lianban/service-kit/outside-call';
import type { CarrierConfig } from '../config.js';
import { type CarrierEvent, nameOf, type Parcel } from '../parcel/parcel.js';

/** `error` is a stable code for people: `carrier.timeout`, `carrier.unreachable`, `carrier.answer-<status>`, `carrier.unreadable`. */
export type Handover = { waybill: string } | { error: string };

const faultOf = (result: CallResult): string => {
  if (result.kind === 'no-answer') return `carrier.${result.code}`;
  return result.status >= 300 ? `carrier.answer-${result.status}` : 'carrier.unreadable';
};
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const text = (value: unknown, max = 200): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= max;

export class Carrier {
  constructor(private readonly config: Pick<CarrierConfig, 'url' | 'key' | 'timeoutMs'>) {}

  /** Asks for a waybill for this attempt. Never rejects. @idempotent by `<parcel>:<attempt>`. */
  async handOver(parcel: Parcel): Promise<Handover> {
    const end = (place: Parcel['sender']) => ({ code: place.locality.code, name: nameOf(place) });
    const result = await callOutside({
      method: 'POST',
      url: `${this.config.url}/waybills`,
      headers: { 'x-carrier-key': this.config.key, 'idempotency-key': `${parcel.id}:${parcel.attempt}` },
      body: {
        from: end(parcel.sender),
        to: end(parcel.receiver),
        sealNo: parcel.sealNo,
        things: parcel.things.map(({ name, number }) => (number ? `${name.zh}（${number}）` : name.zh)),
        payer: parcel.payer,
      },
      timeoutMs: this.config.timeoutMs,
    });
    if (result.kind === 'answer' && result.status < 300 && isRecord(result.body) && text(result.body.waybill))
      return { waybill: result.body.waybill };
    return { error: faultOf(result) };
  }

  /** Events after number `after`, in order. Throws where the carrier does not answer or answers nonsense: the next round asks again. */
  async eventsAfter(after: number, limit: number): Promise<CarrierEvent[]> {
    const result = await callOutside({
      method: 'GET',
      url: `${this.config.url}/events?after=${after}&limit=${limit}`,
      headers: { 'x-carrier-key': this.config.key },
      timeoutMs: this.config.timeoutMs,
    });
    if (
      result.kind !== 'answer' ||
      result.status >= 300 ||
      !isRecord(result.body) ||
      !Array.isArray(result.body.events)
    )
      throw new Error(`the carrier tells no events: ${faultOf(result)}`);
    return result.body.events.map(readEvent).sort((a, b) => a.n - b.n);
  }
}

function readEvent(value: unknown): CarrierEvent {
  if (!isRecord(value)) throw new Error('the carrier told an event that is none');
  const { n, waybill, kind, place, at, signedBy } = value;
  const time = new Date(typeof at === 'string' ? at : Number.NaN);
  if (!Number.isSafeInteger(n) || !text(waybill) || !text(kind) || !text(place) || Number.isNaN(time.getTime()))
    throw new Error(`the carrier told an event that is none: ${JSON.stringify(value).slice(0, 200)}`);
  return { n: n as number, waybill, kind, place, at: time, signedBy: text(signedBy) ? signedBy : null };
}
