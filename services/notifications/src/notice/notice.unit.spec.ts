import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { beginAttempt, type Contact, newNotice, type Notice, type SendResult, settleAttempt } from './notice.js';

const now = new Date('2026-11-24T02:00:00.000Z');
const later = (ms: number) => new Date(now.getTime() + ms);
const policy = { maxTries: 3, pace: { baseMs: 500, maxMs: 60_000 } };
const contact: Contact = {
  caseId: '01936f4e-7c00-7000-8000-000000000001',
  caseNo: 'LB-1',
  item: { zh: '转移', en: 'Transfer' },
  place: { zh: '岳阳市', en: 'Yueyang' },
  locality: '430600',
  phone: '13800000000',
  email: null,
};
const withEmail = { ...contact, email: 'zhang@example.cn' };
const fresh = newNotice({
  id: '01936f4e-7c00-7000-8000-000000000009',
  caseId: contact.caseId,
  template: 'application-received',
  round: '1',
  facts: {},
  correlationId: 'c',
  causeId: 'e',
  createdAt: now,
});
const ok: SendResult = { ok: true, messageId: 'MSG1' };
const down: SendResult = { ok: false, code: 'provider.answer-503', final: false };
const refused: SendResult = { ok: false, code: 'provider.answer-422', final: true };

const begin = (notice: Notice, to = contact) => {
  const attempt = beginAttempt(notice, to, 'text', later(11_000));
  if (!attempt) throw new Error('nothing to send');
  return attempt.notice;
};
const settle = (notice: Notice, result: SendResult, to = contact, n = notice.attempts) =>
  settleAttempt(notice, { n, channel: notice.channel! }, result, to, policy, 0, now);
/** Attempts with these results, one after the other. */
const play = (results: readonly SendResult[], to = contact) =>
  results.reduce<Notice>(
    (notice, result) => (notice.status === 'due' ? settle(begin(notice, to), result, to) : notice),
    fresh,
  );

describe('a notice', () => {
  it('goes by SMS, and by e-mail where there is no phone', () => {
    expect(beginAttempt(fresh, withEmail, 'text', now)).toMatchObject({
      to: '13800000000',
      notice: { channel: 'sms' },
    });
    expect(beginAttempt(fresh, { ...withEmail, phone: '' }, 'text', now)).toMatchObject({
      to: 'zhang@example.cn',
      notice: { channel: 'email' },
    });
  });

  it('is sent with the first answer; a second answer changes nothing', () => {
    const sent = settle(begin(fresh), ok);
    expect(sent).toMatchObject({ status: 'sent', channel: 'sms', attempts: 1, messageId: 'MSG1', dueAt: null });
    expect(settle(sent, { ok: true, messageId: 'MSG2' })).toBe(sent);
    expect(settle(sent, down)).toBe(sent);
    expect(beginAttempt(sent, contact, 'text', now)).toBeNull();
  });

  it('is tried again after a growing pause, with the same words', () => {
    const once = settle(begin(fresh), down);
    expect(once).toMatchObject({ status: 'due', error: 'provider.answer-503', dueAt: later(500) });
    const twice = settle(beginAttempt(once, contact, 'other words', now)!.notice, down);
    expect(twice).toMatchObject({ status: 'due', attempts: 2, text: 'text', dueAt: later(1000) });
  });

  it('fails when every try on the only channel failed', () => {
    expect(play([down, down])).toMatchObject({ status: 'due' });
    expect(play([down, down, down])).toMatchObject({
      status: 'failed',
      channel: 'sms',
      attempts: 3,
      error: 'provider.answer-503',
    });
  });

  it('goes on by e-mail when SMS gave up, and fails when that gave up too', () => {
    const onEmail = play([down, down, down], withEmail);
    expect(onEmail).toMatchObject({ status: 'due', channel: 'email', channelTries: 0, attempts: 3, dueAt: now });
    expect(play([down, down, down, ok], withEmail)).toMatchObject({ status: 'sent', channel: 'email', attempts: 4 });
    expect(play(Array<SendResult>(6).fill(down), withEmail)).toMatchObject({
      status: 'failed',
      channel: 'email',
      attempts: 6,
    });
  });

  it('does not repeat what the provider refuses for good', () => {
    expect(play([refused])).toMatchObject({ status: 'failed', attempts: 1, error: 'provider.answer-422' });
    expect(play([refused], withEmail)).toMatchObject({ status: 'due', channel: 'email' });
  });

  it('heeds a late success, but not a late failure that a newer attempt has overtaken', () => {
    const second = begin(begin(fresh));
    expect(settle(second, down, contact, 1)).toBe(second);
    expect(settle(second, ok, contact, 1)).toMatchObject({ status: 'sent', attempts: 2 });
  });

  it('always ends, whatever the providers answer, after at most the tries of both channels', () => {
    const results = fc.array(fc.constantFrom(ok, down, refused), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(results, fc.boolean(), (answers, email) => {
        const end = play(answers, email ? withEmail : contact);
        expect(['sent', 'failed']).toContain(end.status);
        expect(end.dueAt).toBeNull();
        expect(end.attempts).toBeLessThanOrEqual(email ? 6 : 3);
      }),
    );
  });
});
