/** The books: pure checks over what was collected after the dust has settled. Each says what it counted and what is wrong. */

export interface Facts {
  /** Acknowledged in this run. `certified`: its procedure issues a certificate. */
  ours: {
    caseId: string;
    caseNo: string;
    number: string;
    expected: 'approved' | 'refused' | 'open';
    certified: boolean;
  }[];
  /** Receipts on the log. */
  receipts: { caseId: string; number: string }[];
  /** Stored by intake. */
  applications: { caseId: string; caseNo: string; number: string }[];
  /** Stored by dispatch. */
  cases: {
    id: string;
    caseNo: string;
    status: string;
    applicantDoneAt: string | null;
    waitingOn: { stepName: { zh: string }; body: { name: { zh: string } } }[];
  }[];
  /** Entries of the public feed. */
  feed: { caseId: string; n: number; status: string }[];
  certificates: { caseId: string; number: string; revoked: object | null }[];
  parcels: { id: string; caseId: string; caseNo: string; status: string; attempt: number; waybill: string | null }[];
  /** The carrier's record; `key` is `<parcel>:<attempt>`. */
  waybills: { waybill: string; key: string }[];
  notices: {
    id: string;
    caseId: string;
    caseNo: string;
    template: string;
    round: string;
    status: string;
    attempts: number;
  }[];
  /** The provider's record of what reached a phone or mailbox; `key` is `<notice>:<channel>`. */
  messages: { messageId: string; key: string }[];
  /** Every event on the log. */
  log: {
    topic: string;
    partition: number;
    offset: number;
    id: string;
    stream: string;
    lane: number;
    seq: number;
  }[];
  /** Streams of which the log keeps only the newest of each key. */
  compacted: string[];
  /** Newest message of each partition of the topics that outside parties write to. */
  outside: { topic: string; partition: number; last: number }[];
  /** Numbers each service has given, and how far they are on the log. */
  outbox: { service: string; stream: string; lane: number; last: number; published: number }[];
  /** How far each service has applied what it reads; `stream` is empty and `seq` an offset for outside topics. */
  marks: { service: string; stream: string; topic: string; partition: number; seq: number }[];
  health: { service: string; missing: string[]; deadLetters: number; parkedCases: number }[];
}

/** `counted`: figures for people. No faults = in order. */
export interface Check {
  title: string;
  counted: string;
  faults: string[];
}

export const checkBooks = (facts: Facts): Check[] =>
  [
    stored,
    onceByNumber,
    endedOrWaiting,
    feedTold,
    certificates,
    parcels,
    noticesOnce,
    sequences,
    allSent,
    allApplied,
    nothingSetAside,
  ].map((check) => check(facts));

/** A check that found nothing to look at proves nothing. */
function result(title: string, count: number, counted: string, faults: string[]): Check {
  return { title, counted, faults: count > 0 ? faults : ['there was nothing to count', ...faults] };
}

function stored({ ours, applications, cases }: Facts): Check {
  const applied = new Map(applications.map((one) => [one.caseId, one]));
  const joint = new Map(cases.map((one) => [one.id, one]));
  const faults = ours.flatMap(({ caseId, caseNo, number }) => [
    ...(applied.get(caseId)?.caseNo === caseNo ? [] : [`${caseNo}: intake does not have it`]),
    ...(applied.get(caseId)?.number === number ? [] : [`${caseNo}: intake does not have it under ${number}`]),
    ...(joint.get(caseId)?.caseNo === caseNo ? [] : [`${caseNo}: dispatch does not have it`]),
  ]);
  const found = ours.filter(({ caseId }) => applied.has(caseId) && joint.has(caseId)).length;
  return result('every acknowledged case is stored', ours.length, `${ours.length} receipts, ${found} cases`, faults);
}

function onceByNumber({ ours, receipts, applications }: Facts): Check {
  const byNumber = new Map<string, Set<string>>();
  for (const { number, caseId } of [...receipts, ...applications])
    byNumber.set(number, (byNumber.get(number) ?? new Set()).add(caseId));
  const faults = ours.flatMap(({ caseId, number }) => {
    const found = [...(byNumber.get(number) ?? [])];
    if (!receipts.some((one) => one.number === number)) return [`${number}: no receipt is on the log`];
    return found.length === 1 && found[0] === caseId ? [] : [`${number} stands for ${found.length} cases`];
  });
  return result(
    'one number of a window is one case',
    ours.length,
    `${ours.length} numbers, ${new Set(ours.map((one) => one.caseId)).size} cases`,
    faults,
  );
}

function endedOrWaiting({ ours, cases }: Facts): Check {
  const joint = new Map(cases.map((one) => [one.id, one]));
  const counts = { approved: 0, refused: 0, waiting: 0 };
  const bodies = new Set<string>();
  const faults = ours.flatMap(({ caseId, caseNo, expected }) => {
    const one = joint.get(caseId);
    if (!one) return [`${caseNo} does not exist`];
    const whom = one.waitingOn.map(({ body, stepName }) => `${body.name.zh}（${stepName.zh}）`);
    if (one.status === 'approved' || one.status === 'refused') {
      counts[one.status]++;
      if (whom.length > 0) return [`${caseNo} is ${one.status} and still waits for ${whom.join('、')}`];
    } else {
      if (whom.length === 0) return [`${caseNo} is ${one.status} and waits for nobody`];
      counts.waiting++;
      whom.forEach((body) => bodies.add(body));
    }
    return one.status === expected ? [] : [`${caseNo} should be ${expected} and is ${one.status}`];
  });
  const { approved, refused, waiting } = counts;
  const named = waiting > 0 ? `${waiting} waiting for ${atMost(3, [...bodies])}` : '0 waiting';
  return result(
    'every case has ended, or waits for a named body',
    approved + refused + waiting,
    `${approved} approved, ${refused} refused, ${named}`,
    faults,
  );
}

function feedTold({ ours, cases, feed }: Facts): Check {
  const told = group(feed, ({ caseId }) => caseId);
  const joint = new Map(cases.map((one) => [one.id, one]));
  let entries = 0;
  const faults = ours.flatMap(({ caseId, caseNo }) => {
    const own = told.get(caseId) ?? [];
    entries += own.length;
    const gap = [...new Set(own.map(({ n }) => n))].findIndex((n, i) => n !== i + 1);
    if (gap >= 0) return [`${caseNo}: entry ${gap + 1} of the feed is missing or out of order`];
    const last = own.at(-1)?.status;
    return last === joint.get(caseId)?.status ? [] : [`${caseNo}: the feed ends with ${last ?? 'nothing'}`];
  });
  return result('the feed tells every case without a gap', entries, `${ours.length} cases, ${entries} entries`, faults);
}

function certificates(facts: Facts): Check {
  const joint = new Map(facts.cases.map((one) => [one.id, one]));
  const issued = group(facts.certificates, ({ caseId }) => caseId);
  let valid = 0;
  const faults = facts.ours.flatMap(({ caseId, caseNo, certified }) => {
    const one = joint.get(caseId);
    const numbers = (issued.get(caseId) ?? []).filter(({ revoked }) => !revoked).map(({ number }) => number);
    valid += numbers.length;
    const due = certified && (one?.status === 'approved' || one?.applicantDoneAt) ? 1 : 0;
    return numbers.length === due
      ? []
      : [`${caseNo} has ${numbers.length} certificates, not ${due}: ${numbers.join(', ')}`];
  });
  // Numbers are <prefix>-<locality>-<year>-<counter>, counted from 1 in each series; all of them, whoever asked.
  const series = group(facts.certificates, ({ number }) => number.slice(0, number.lastIndexOf('-')));
  for (const [name, members] of series) {
    const counters = members.map(({ number }) => Number(number.slice(name.length + 1))).sort((a, b) => a - b);
    const gap = counters.findIndex((counter, i) => counter !== i + 1);
    if (gap >= 0) faults.push(`series ${name}: ${counters[gap]} stands where ${gap + 1} should`);
  }
  return result(
    'one certificate for each case that earned one',
    valid,
    `${valid} certificates; ${facts.certificates.length} numbers in ${series.size} series without a gap`,
    faults,
  );
}

function parcels({ parcels: sent, waybills }: Facts): Check {
  const byKey = group(waybills, ({ key }) => key);
  let posted = 0;
  const faults = sent.flatMap(({ id, caseNo, status, attempt, waybill }) => {
    const given = Array.from({ length: attempt }, (_, i) => byKey.get(`${id}:${i + 1}`) ?? []);
    posted += given.flat().length;
    if (status !== 'delivered') return [`${caseNo}: a parcel is ${status}`];
    if (given.some((one) => one.length !== 1)) return [`${caseNo}: a parcel was not posted once per attempt`];
    return given.at(-1)?.[0]?.waybill === waybill ? [] : [`${caseNo}: waybill ${waybill} is not the carrier's`];
  });
  return result(
    'every parcel arrived, posted once per attempt',
    sent.length,
    `${sent.length} parcels, ${posted} waybills at the carrier`,
    faults,
  );
}

function noticesOnce({ ours, cases, notices, messages }: Facts): Check {
  const noticeOf = new Map(notices.map((one) => [one.id, one]));
  const reached = new Map<string, number>();
  for (const { key } of messages) {
    const notice = noticeOf.get(key.slice(0, key.lastIndexOf(':')));
    const what = notice ? occasion(notice) : `message ${key} without a notice`;
    reached.set(what, (reached.get(what) ?? 0) + 1);
  }
  const strays = [...reached.keys()].filter((what) => what.startsWith('message '));
  const faults = [...group(notices, occasion)].flatMap(([what, told]) => {
    const times = reached.get(what) ?? 0;
    if (told.length > 1) return [`${what}: ${told.length} notices`];
    if (told[0]?.status === 'due') return [`${what}: still to be sent`];
    const due = told[0]?.status === 'sent' ? 1 : 0;
    return times === due ? [] : [`${what} reached the applicant ${times} times, not ${due}`];
  });
  // Whoever applied was told so; whoever has a result, and whose case has ended, was told that too.
  const joint = new Map(cases.map((one) => [one.id, one]));
  const wanted = ours.flatMap(({ caseId, caseNo }) => {
    const one = joint.get(caseId);
    return [
      'application-received',
      ...(one?.applicantDoneAt ? ['result-ready'] : []),
      ...(one?.status === 'approved' || one?.status === 'refused' ? [`case-${one.status}`] : []),
    ].map((template) => `${caseNo} ${template}`);
  });
  const written = new Set(notices.map(({ caseNo, template }) => `${caseNo} ${template}`));
  faults.push(...strays, ...wanted.filter((what) => !written.has(what)).map((what) => `${what}: nobody was told`));
  const total = [...reached.values()].reduce((sum, times) => sum + times, 0);
  return result(
    'nobody was told anything twice',
    total,
    `${reached.size} occasions, ${total} messages at the provider`,
    faults,
  );
}

const occasion = ({ caseNo, template, round }: { caseNo: string; template: string; round: string }): string =>
  `${caseNo} ${template}${round ? ` ${round}` : ''}`;

function sequences({ log, compacted, outbox }: Facts): Check {
  const faults: string[] = [];
  const lanes = group(log, ({ stream, lane }) => `${stream} lane ${lane}`);
  for (const [name, events] of lanes) {
    if (events[0] && compacted.includes(events[0].stream)) continue;
    const perTopic = group(events, ({ topic }) => topic);
    // A partition that begins later has lost its oldest part to the log's retention.
    const whole = [...perTopic.values()].every(([first]) => first?.offset === 0);
    const ids = new Map<number, string>();
    for (const { seq, id } of events) {
      if ((ids.get(seq) ?? id) !== id) faults.push(`${name}: two events have number ${seq}`);
      ids.set(seq, id);
    }
    const numbers = [...ids.keys()].sort((a, b) => a - b);
    const gap = numbers.findIndex((seq, i) => seq !== (whole ? 1 : numbers[0]!) + i);
    if (gap >= 0) faults.push(`${name}: ${numbers[gap]} follows ${numbers[gap - 1] ?? 'nothing'}`);
    for (const [topic, inTopic] of perTopic) {
      // What comes again after a crash comes with its old number; what is new is greater than all before it.
      const seen = new Set<number>();
      let last = 0;
      for (const { seq } of inTopic) {
        if (!seen.has(seq) && seq < last) faults.push(`${name} on ${topic}: ${seq} comes after ${last}`);
        seen.add(seq);
        last = Math.max(last, seq);
      }
    }
  }
  const ends = new Map([...lanes].map(([name, events]) => [name, Math.max(...events.map(({ seq }) => seq))]));
  for (const { stream, lane, published } of outbox) {
    const end = ends.get(`${stream} lane ${lane}`) ?? 0;
    if (end < published) faults.push(`${stream} lane ${lane}: the log ends with ${end}, sent were ${published}`);
  }
  return result(
    'sequences have no gaps',
    log.length,
    `${log.length} events in ${lanes.size} lanes of ${new Set(log.map(({ topic }) => topic)).size} topics`,
    faults,
  );
}

function allSent({ outbox }: Facts): Check {
  const unsent = outbox.filter(({ last, published }) => published !== last);
  return result(
    'nothing waits in an outbox',
    outbox.length,
    `${outbox.reduce((sum, { last }) => sum + last, 0)} events of ${new Set(outbox.map(({ service }) => service)).size} services`,
    unsent.map(
      ({ service, stream, lane, last, published }) => `${service}: ${stream} lane ${lane} sent ${published} of ${last}`,
    ),
  );
}

/** What services have not applied yet of the events they read. */
export function unread({ outbox, marks }: Pick<Facts, 'outbox' | 'marks'>): string[] {
  const published = new Map(outbox.map((one) => [`${one.stream} ${one.lane}`, one.published]));
  return marks.flatMap(({ service, stream, topic, partition, seq }) => {
    const last = published.get(`${stream} ${partition}`) ?? seq;
    return stream !== '' && seq !== last
      ? [`${service}: ${topic} partition ${partition} applied ${seq} of ${last}`]
      : [];
  });
}

function allApplied(facts: Facts): Check {
  const applied = new Map(facts.marks.map((one) => [`${one.topic} ${one.partition}`, one.seq]));
  const faults = facts.outside.flatMap(({ topic, partition, last }) => {
    const seq = applied.get(`${topic} ${partition}`);
    return seq === last ? [] : [`${topic} partition ${partition}: applied up to ${seq ?? 'nothing'}, not ${last}`];
  });
  return result(
    'every service has applied all it reads',
    facts.marks.length,
    `${facts.marks.length} partitions read by ${new Set(facts.marks.map(({ service }) => service)).size} services`,
    [...unread(facts), ...faults],
  );
}

function nothingSetAside({ health }: Facts): Check {
  return result(
    'no dead letters, no parked cases, all services ready',
    health.length,
    `${health.length} services asked`,
    health.flatMap(({ service, missing, deadLetters, parkedCases }) => [
      ...missing.map((what) => `${service}: ${what}`),
      ...(deadLetters === 0 ? [] : [`${service}: ${deadLetters} dead letters`]),
      ...(parkedCases === 0 ? [] : [`${service}: ${parkedCases} parked cases`]),
    ]),
  );
}

const atMost = (count: number, names: readonly string[]): string =>
  names.slice(0, count).join('、') + (names.length > count ? ` and ${names.length - count} more` : '');

function group<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const members = groups.get(key);
    if (members) members.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
