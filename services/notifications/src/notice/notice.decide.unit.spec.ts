import { describe, expect, it } from '@jest/globals';
import {
  parcelDelivered,
  parcelLost,
  parcelMoved,
  parcelResent,
  parcelReturned,
} from '@lianban/contracts-courier/events';
import { applicantDone, caseConcluded, caseSuspended } from '@lianban/contracts-dispatch/events';
import { applicationReceived } from '@lianban/contracts-intake/events';
import { noticeFailed, noticeSent } from '@lianban/contracts-notifications/events';
import type { EventDefinition } from '@lianban/eventing/contract';
import type { ReceivedEvent } from '@lianban/eventing/envelope';
import { contactOf, decideNotice } from './notice.decide.js';
import { newNotice, settleAttempt } from './notice.js';
import { eventsOf } from './send-due-notices/send-due-notices.js';

const received = ({ type, version, example }: EventDefinition, more: object = {}): ReceivedEvent =>
  ({ type, version, data: { ...(example as object), ...more }, caseid: 'case' }) as ReceivedEvent;
const decided = (definition: EventDefinition, more?: object) => decideNotice(received(definition, more));

describe('an applicant hears', () => {
  it('that the application was received, that there is a result, that the case has ended', () => {
    expect(decided(applicationReceived)).toEqual({ template: 'application-received', round: '1', facts: {} });
    expect(decided(applicantDone)).toEqual({ template: 'result-ready', round: '1', facts: {} });
    expect(decided(caseConcluded)).toEqual({ template: 'case-approved', round: '1', facts: {} });
  });

  it('why it was refused', () => {
    expect(decided(caseConcluded, { outcome: 'refused', reason: '不符合条件' })).toEqual({
      template: 'case-refused',
      round: '1',
      facts: { reason: '不符合条件' },
    });
    expect(decided(caseConcluded, { outcome: 'refused', reason: null })?.facts).toEqual({});
  });

  it('of each parcel that was lost, returned or sent again, once per attempt', () => {
    const first = decided(parcelLost);
    expect(first?.template).toBe('parcel-lost');
    expect(decided(parcelLost)?.round).toBe(first?.round);
    expect(decided(parcelLost, { attempt: 2 })?.round).not.toBe(first?.round);
    expect(decided(parcelReturned)?.template).toBe('parcel-returned');
    expect(decided(parcelResent)?.template).toBe('parcel-resent');
  });

  it('nothing of what goes as it should, and nothing twice: the suspension by a lost parcel is told with the parcel', () => {
    for (const definition of [parcelMoved, parcelDelivered, caseSuspended]) expect(decided(definition)).toBeNull();
  });
});

describe('what notifications publishes', () => {
  const contact = contactOf('01936f4e-7c00-7000-8000-000000000001', applicationReceived.example);
  const fresh = newNotice({
    id: '01936f4e-7c00-7000-8000-000000000009',
    caseId: contact.caseId,
    template: 'result-ready',
    round: '1',
    facts: {},
    correlationId: 'c',
    causeId: '01936f4e-7c00-7000-8000-00000000000a',
    createdAt: new Date('2026-11-24T02:00:00Z'),
  });
  const end = (result: Parameters<typeof settleAttempt>[2]) =>
    settleAttempt(
      { ...fresh, attempts: 1, channelTries: 1 },
      { n: 1, channel: 'sms' },
      result,
      contact,
      { maxTries: 1, pace: { baseMs: 1, maxMs: 1 } },
      0,
      new Date('2026-11-24T02:00:00Z'),
    );

  it('keeps the contracts and shows no whole phone number', () => {
    const [sent] = eventsOf(end({ ok: true, messageId: 'MSG1' }), contact);
    const [failed] = eventsOf(end({ ok: false, code: 'provider.timeout', final: false }), contact);
    expect(noticeSent.validateStrictly(sent!.data)).toEqual([]);
    expect(noticeFailed.validateStrictly(failed!.data)).toEqual([]);
    expect(JSON.stringify([sent, failed])).not.toContain(contact.phone);
    expect(eventsOf(fresh, contact)).toEqual([]);
  });
});
