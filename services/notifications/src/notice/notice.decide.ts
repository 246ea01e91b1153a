/** What an applicant must hear about an event. Pure. */
import { parcelLost, parcelResent, parcelReturned } from '@lianban/contracts-courier/events';
import { applicantDone, caseConcluded } from '@lianban/contracts-dispatch/events';
import { type ApplicationReceived, applicationReceived } from '@lianban/contracts-intake/events';
import { is, type ReceivedEvent } from '@lianban/eventing/envelope';
import type { Contact, NoticeOrder } from './notice.js';

const ONCE = '1';
type Decision = Pick<NoticeOrder, 'template' | 'round' | 'facts'>;

/** `null`: nothing. A lost parcel also suspends the case; the applicant hears of it once, from the parcel. */
export function decideNotice(event: ReceivedEvent): Decision | null {
  if (is(applicationReceived, event)) return { template: 'application-received', round: ONCE, facts: {} };
  if (is(applicantDone, event)) return { template: 'result-ready', round: ONCE, facts: {} };
  if (is(caseConcluded, event)) {
    if (event.data.outcome === 'approved') return { template: 'case-approved', round: ONCE, facts: {} };
    const { reason } = event.data;
    return { template: 'case-refused', round: ONCE, facts: reason === null ? {} : { reason } };
  }
  for (const [definition, template] of [
    [parcelLost, 'parcel-lost'],
    [parcelReturned, 'parcel-returned'],
    [parcelResent, 'parcel-resent'],
  ] as const) {
    if (is(definition, event)) return { template, round: `${event.data.parcelId}:${event.data.attempt}`, facts: {} };
  }
  return null;
}

export const contactOf = (caseId: string, data: ApplicationReceived): Contact => ({
  caseId,
  caseNo: data.caseNo,
  item: data.item.name,
  place: data.receivingLocality.name,
  locality: data.receivingLocality.code,
  phone: data.applicant.phone,
  email: data.applicant.email ?? null,
});
