import { describe, expect, it } from '@jest/globals';
import { checkBooks, type Facts } from './books.js';

const waiting = (body: string, step: string) => ({ stepName: { zh: step }, body: { name: { zh: body } } });
const event = (topic: string, lane: number, seq: number, offset = seq - 1, stream = topic.replace(/\.v1$/, '')) => ({
  topic,
  partition: lane,
  offset,
  id: `${stream}-${lane}-${seq}`,
  stream,
  lane,
  seq,
});

/** One case approved (with certificate and parcel), one refused, one that a body leaves open. */
function inOrder(): Facts {
  const notice = (caseId: string, template: string) => ({
    id: `${caseId}-${template}`,
    caseId,
    caseNo: caseId.toUpperCase(),
    template,
    round: '',
    status: 'sent',
    attempts: 1,
  });
  const notices = [
    ...['application-received', 'result-ready', 'case-approved'].map((template) => notice('a', template)),
    ...['application-received', 'case-refused'].map((template) => notice('b', template)),
    ...['application-received', 'result-ready'].map((template) => notice('c', template)),
  ];
  return {
    ours: [
      { caseId: 'a', caseNo: 'A', number: 'D-0', expected: 'approved', certified: true },
      { caseId: 'b', caseNo: 'B', number: 'D-1', expected: 'refused', certified: true },
      { caseId: 'c', caseNo: 'C', number: 'D-2', expected: 'open', certified: true },
    ],
    receipts: ['a', 'b', 'c'].map((caseId, i) => ({ caseId, number: `D-${i}` })),
    applications: ['a', 'b', 'c'].map((caseId, i) => ({ caseId, caseNo: caseId.toUpperCase(), number: `D-${i}` })),
    cases: [
      { id: 'a', caseNo: 'A', status: 'approved', applicantDoneAt: '2026-11-24T01:30:00.000Z', waitingOn: [] },
      { id: 'b', caseNo: 'B', status: 'refused', applicantDoneAt: null, waitingOn: [] },
      {
        id: 'c',
        caseNo: 'C',
        status: 'open',
        applicantDoneAt: '2026-11-24T01:30:00.000Z',
        waitingOn: [waiting('岳阳市市场主体登记机关', '移交全部登记档案')],
      },
    ],
    feed: [
      ...[1, 2, 3].map((n) => ({ caseId: 'a', n, status: n === 3 ? 'approved' : 'open' })),
      ...[1, 2].map((n) => ({ caseId: 'b', n, status: n === 2 ? 'refused' : 'open' })),
      { caseId: 'c', n: 1, status: 'open' },
    ],
    certificates: [
      { caseId: 'a', number: 'ZR-371300-2026-000001', revoked: null },
      { caseId: 'c', number: 'ZR-371300-2026-000002', revoked: null },
      { caseId: 'b', number: 'ZR-371300-2026-000003', revoked: { at: '2026-11-24T01:30:00.000Z' } },
    ],
    parcels: [{ id: 'p', caseId: 'a', caseNo: 'A', status: 'delivered', attempt: 2, waybill: 'SIM2' }],
    waybills: [
      { waybill: 'SIM1', key: 'p:1' },
      { waybill: 'SIM2', key: 'p:2' },
    ],
    notices,
    messages: notices.map(({ id }) => ({ messageId: `MSG-${id}`, key: `${id}:sms` })),
    log: [
      ...[1, 2, 3].map((seq) => event('dispatch.case.v1', 0, seq)),
      // Sent again after a crash: an old number, the same event.
      event('dispatch.case.v1', 0, 3, 3),
      event('dispatch.case.v1', 1, 1),
      // One stream over the topics of two places.
      event('locality.340100.tasks.v1', 0, 1, 0, 'locality.tasks'),
      event('locality.371300.tasks.v1', 0, 2, 0, 'locality.tasks'),
      event('locality.340100.tasks.v1', 0, 3, 1, 'locality.tasks'),
      // The log has forgotten 1 and 2 of a compacted topic.
      event('catalog.item.v1', 0, 3, 2),
    ],
    compacted: ['catalog.item'],
    outside: [{ topic: 'window.intake.v1', partition: 4, last: 7 }],
    outbox: [
      { service: 'dispatch', stream: 'dispatch.case', lane: 0, last: 3, published: 3 },
      { service: 'dispatch', stream: 'dispatch.case', lane: 1, last: 1, published: 1 },
      { service: 'review', stream: 'locality.tasks', lane: 0, last: 3, published: 3 },
      { service: 'catalog', stream: 'catalog.item', lane: 0, last: 3, published: 3 },
    ],
    marks: [
      { service: 'review', stream: 'dispatch.case', topic: 'dispatch.case.v1', partition: 0, seq: 3 },
      { service: 'intake', stream: '', topic: 'window.intake.v1', partition: 4, seq: 7 },
    ],
    health: [{ service: 'dispatch', missing: [], deadLetters: 0, parkedCases: 0 }],
  };
}

const faultsOf = (facts: Facts) => checkBooks(facts).flatMap(({ faults }) => faults);

it('finds nothing wrong where all is in order, and says what it counted', () => {
  const checks = checkBooks(inOrder());
  expect(checks.filter(({ faults }) => faults.length > 0)).toEqual([]);
  expect(checks.map(({ counted }) => counted)).toEqual([
    '3 receipts, 3 cases',
    '3 numbers, 3 cases',
    '1 approved, 1 refused, 1 waiting for 岳阳市市场主体登记机关（移交全部登记档案）',
    '3 cases, 6 entries',
    '2 certificates; 3 numbers in 1 series without a gap',
    '1 parcels, 2 waybills at the carrier',
    '7 occasions, 7 messages at the provider',
    '9 events in 4 lanes of 4 topics',
    '10 events of 3 services',
    '2 partitions read by 2 services',
    '1 services asked',
  ]);
});

it('takes nothing to count as a fault, in every check', () => {
  const nothing = Object.fromEntries(Object.keys(inOrder()).map((key) => [key, []])) as unknown as Facts;
  expect(checkBooks(nothing).map(({ faults }) => faults)).toEqual(
    checkBooks(nothing).map(() => ['there was nothing to count']),
  );
});

const drop = <T>(items: T[], unwanted: (item: T) => boolean) => items.splice(items.findIndex(unwanted), 1);

describe.each<[string, (facts: Facts) => unknown, string[]]>([
  [
    'an application is gone',
    ({ applications }) => drop(applications, ({ caseId }) => caseId === 'a'),
    ['A: intake does not have it', 'A: intake does not have it under D-0'],
  ],
  [
    'a joint case is gone',
    ({ cases }) => drop(cases, ({ id }) => id === 'b'),
    ['B: dispatch does not have it', 'B does not exist', 'B: the feed ends with refused'],
  ],
  [
    'a number stands for two cases',
    ({ applications }) => applications.push({ caseId: 'x', caseNo: 'X', number: 'D-0' }),
    ['D-0 stands for 2 cases'],
  ],
  [
    'a receipt is not on the log',
    ({ receipts }) => drop(receipts, ({ caseId }) => caseId === 'c'),
    ['D-2: no receipt is on the log'],
  ],
  ['a case waits for nobody', ({ cases }) => (cases[2]!.waitingOn = []), ['C is open and waits for nobody']],
  [
    'an ended case still waits',
    ({ cases }) => cases[0]!.waitingOn.push(waiting('甲', '审核')),
    ['A is approved and still waits for 甲（审核）'],
  ],
  [
    'a case ended otherwise than its bodies decided',
    ({ ours }) => (ours[0]!.expected = 'refused'),
    ['A should be refused and is approved'],
  ],
  [
    'an entry of the feed is missing',
    ({ feed }) => drop(feed, ({ n }) => n === 2),
    ['A: entry 2 of the feed is missing or out of order'],
  ],
  [
    'entries of the feed are out of order',
    ({ feed }) => feed.unshift(...feed.splice(1, 1)),
    ['A: entry 1 of the feed is missing or out of order'],
  ],
  [
    'the feed does not tell the end',
    ({ feed }) => drop(feed, ({ status }) => status === 'approved'),
    ['A: the feed ends with open'],
  ],
  [
    'a certificate was never issued',
    ({ certificates }) => drop(certificates, ({ caseId }) => caseId === 'c'),
    ['C has 0 certificates, not 1: ', 'series ZR-371300-2026: 3 stands where 2 should'],
  ],
  [
    'a case has two certificates',
    ({ certificates }) => (certificates[1]!.caseId = 'a'),
    ['A has 2 certificates, not 1: ZR-371300-2026-000001, ZR-371300-2026-000002', 'C has 0 certificates, not 1: '],
  ],
  [
    'a refused case keeps its certificate',
    ({ certificates }) => (certificates[2]!.revoked = null),
    ['B has 1 certificates, not 0: ZR-371300-2026-000003'],
  ],
  [
    'a certificate number was given twice',
    ({ certificates }) => (certificates[2]!.number = 'ZR-371300-2026-000002'),
    ['series ZR-371300-2026: 2 stands where 3 should'],
  ],
  ['a parcel is still on its way', ({ parcels }) => (parcels[0]!.status = 'in-transit'), ['A: a parcel is in-transit']],
  [
    'an attempt was posted twice',
    ({ waybills }) => waybills.push({ waybill: 'SIM3', key: 'p:2' }),
    ['A: a parcel was not posted once per attempt'],
  ],
  [
    'an attempt is unknown to the carrier',
    ({ waybills }) => waybills.splice(0, 1),
    ['A: a parcel was not posted once per attempt'],
  ],
  [
    'a message reached the applicant twice',
    ({ messages }) => messages.push({ ...messages[0]!, messageId: 'MSG-2' }),
    ['A application-received reached the applicant 2 times, not 1'],
  ],
  [
    'a message went out by both channels',
    ({ messages }) => messages.push({ messageId: 'MSG-2', key: 'b-case-refused:email' }),
    ['B case-refused reached the applicant 2 times, not 1'],
  ],
  [
    'a notice was written twice',
    ({ notices }) => notices.push({ ...notices[0]!, id: 'again' }),
    ['A application-received: 2 notices'],
  ],
  [
    'a message has no notice',
    ({ messages }) => messages.push({ messageId: 'MSG-2', key: 'stray:sms' }),
    ['message stray:sms without a notice'],
  ],
  [
    'a notice that counts as sent reached nobody',
    ({ messages }) => messages.splice(0, 1),
    ['A application-received reached the applicant 0 times, not 1'],
  ],
  [
    'a notice is still due',
    ({ notices }) => (notices[0]!.status = 'due'),
    ['A application-received: still to be sent'],
  ],
  [
    'nobody was told',
    ({ notices, messages }) => [notices.splice(4, 1), messages.splice(4, 1)],
    ['B case-refused: nobody was told'],
  ],
  ['a number is missing', ({ log }) => drop(log, ({ seq }) => seq === 2), ['dispatch.case lane 0: 3 follows 1']],
  [
    'the first number is missing',
    ({ log }) => (log[0] = event('dispatch.case.v1', 0, 2, 0)),
    ['dispatch.case lane 0: 2 follows nothing'],
  ],
  [
    'the end of the log is gone',
    ({ log }) => log.splice(4, 1),
    ['dispatch.case lane 1: the log ends with 0, sent were 1'],
  ],
  [
    'a number of one place is missing',
    ({ log }) => drop(log, ({ topic }) => topic.startsWith('locality.371300')),
    ['locality.tasks lane 0: 3 follows 1'],
  ],
  [
    'a number was given to two events',
    ({ log }) => (log[3]!.id = 'other'),
    ['dispatch.case lane 0: two events have number 3'],
  ],
  [
    'events are out of order',
    ({ log }) => log.unshift(...log.splice(1, 1)),
    ['dispatch.case lane 0 on dispatch.case.v1: 1 comes after 2'],
  ],
  ['an event was never sent', ({ outbox }) => (outbox[0]!.last = 4), ['dispatch: dispatch.case lane 0 sent 3 of 4']],
  [
    'an event was never applied',
    ({ marks }) => (marks[0]!.seq = 2),
    ['review: dispatch.case.v1 partition 0 applied 2 of 3'],
  ],
  [
    'an outside message was never applied',
    ({ marks }) => (marks[1]!.seq = 6),
    ['window.intake.v1 partition 4: applied up to 6, not 7'],
  ],
  ['a message was set aside', ({ health }) => (health[0]!.deadLetters = 1), ['dispatch: 1 dead letters']],
  ['a case is parked', ({ health }) => (health[0]!.parkedCases = 2), ['dispatch: 2 parked cases']],
  [
    'a service is not ready',
    ({ health }) => health[0]!.missing.push('consumer: silent'),
    ['dispatch: consumer: silent'],
  ],
])('%s', (_, spoil, expected) => {
  it('is found, and nothing else', () => {
    const facts = inOrder();
    spoil(facts);
    expect(faultsOf(facts)).toEqual(expected);
  });
});

it('allows a log that has forgotten its oldest part', () => {
  const facts = inOrder();
  facts.log = facts.log.filter(({ stream, lane, seq }) => stream !== 'dispatch.case' || lane !== 0 || seq > 1);
  expect(faultsOf(facts)).toEqual([]);
});
