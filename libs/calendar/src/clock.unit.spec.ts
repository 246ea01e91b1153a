import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  busyInstants,
  calendars,
  china,
  dayLimits,
  later,
  limits,
  monthLimits,
  workingDayLimits,
} from '../test/arbitraries.js';
import { type Calendar, NATIONAL, makeCalendar } from './calendar.js';
import {
  type Clock,
  type Pause,
  type PauseReason,
  atRiskAt,
  dueOf,
  extend,
  isPaused,
  pause,
  restart,
  resume,
  startClock,
} from './clock.js';
import { type Limit, deadline } from './deadline.js';
import { type Day, dayOf, instantAt, minutesOfDay } from './working-days.js';

const working = (value: number): Limit => ({ value, unit: 'workingDay' });
const calendar = (value: number): Limit => ({ value, unit: 'calendarDay' });
const months = (value: number): Limit => ({ value, unit: 'month' });
const due = (clock: Clock, on: Calendar = NATIONAL): Date | null => dueOf(clock, on).dueAt;
const time = (instant: Date | null): number => instant?.getTime() ?? Infinity;

/** What happened to a clock: `suspend 03-04 10:00`, `/suspend 03-06 10:00`, `restart …`, `extend 10`. */
function play(start: string, limit: Limit, events: string[]): Clock {
  return events.reduce(
    (clock, event) => {
      const [what, ...rest] = event.split(' ') as [string, ...string[]];
      if (what === 'extend') return extend(clock, { ...limit, value: Number(rest[0]) });
      const at = china(`2026-${rest.join(' ')}`);
      if (what === 'restart') return restart(clock, at);
      const why = what.replace('/', '') as PauseReason;
      return what.startsWith('/') ? resume(clock, why, at) : pause(clock, why, at);
    },
    startClock(limit, china(`2026-${start}`)),
  );
}

describe('a clock', () => {
  // March 2026 has no holidays: 2 March is a Monday.
  it.each<[string, Limit, string[], string | null]>([
    ['nothing', working(5), [], '03-09 17:00'],
    ['a pause over two closing times', working(5), ['suspend 03-04 10:00', '/suspend 03-06 10:00'], '03-11 17:00'],
    ['a pause within one office day', working(5), ['suspend 03-04 09:00', '/suspend 03-04 16:59'], '03-09 17:00'],
    ['a pause over one night', working(5), ['suspend 03-04 16:59', '/suspend 03-05 09:00'], '03-10 17:00'],
    ['a pause from closing time on', working(5), ['suspend 03-04 17:00', '/suspend 03-05 09:00'], '03-09 17:00'],
    ['a pause up to closing time', working(5), ['suspend 03-04 16:00', '/suspend 03-04 17:00'], '03-10 17:00'],
    ['a pause over a weekend', working(5), ['suspend 03-06 18:00', '/suspend 03-09 08:00'], '03-09 17:00'],
    ['a pause on the day of receipt', working(5), ['suspend 03-02 11:00', '/suspend 03-02 18:00'], '03-09 17:00'],
    ['a pause that lasts', working(5), ['suspend 03-04 10:00'], null],
    ['a pause that began after the end', working(5), ['suspend 03-09 17:00'], '03-09 17:00'],
    ['a pause that began just before the end', working(5), ['suspend 03-09 16:59'], null],
    [
      'two kinds that overlap',
      working(5),
      [
        'suspend 03-03 10:00',
        'special-procedure 03-04 10:00',
        '/suspend 03-05 10:00',
        '/special-procedure 03-06 10:00',
      ],
      '03-12 17:00',
    ],
    [
      'one kind within another',
      working(5),
      ['suspend 03-03 10:00', 'correction 03-04 10:00', '/correction 03-05 10:00', '/suspend 03-06 10:00'],
      '03-12 17:00',
    ],
    [
      'two kinds, one of which lasts',
      working(5),
      ['suspend 03-03 10:00', 'correction 03-04 10:00', '/suspend 03-05 10:00'],
      null,
    ],
    ['a calendar-day limit paused', calendar(10), ['suspend 03-03 10:00', '/suspend 03-06 10:00'], '03-16 17:00'],
    ['and moved from a Saturday', calendar(10), ['suspend 03-03 10:00', '/suspend 03-05 10:00'], '03-16 17:00'],
    [
      'a last day without office, paused on the day it moves to',
      calendar(5),
      ['suspend 03-09 10:00', '/suspend 03-10 10:00'],
      '03-10 17:00',
    ],
    ['a month paused for ten days', months(1), ['suspend 03-10 10:00', '/suspend 03-20 10:00'], '04-13 17:00'],
    ['half a day paused over noon', working(0.5), ['suspend 03-03 11:00', '/suspend 03-03 14:00'], '03-03 17:00'],
    [
      'half a day paused over noon and night',
      working(0.5),
      ['suspend 03-03 11:00', '/suspend 03-04 09:00'],
      '03-04 12:00',
    ],
    ['half a day paused from noon on', working(0.5), ['suspend 03-03 12:00', '/suspend 03-03 14:00'], '03-03 12:00'],
    ['half a day paused up to noon', working(0.5), ['suspend 03-03 09:00', '/suspend 03-03 12:00'], '03-03 17:00'],
    [
      'half a day paused since the evening',
      working(0.5),
      ['suspend 03-02 18:00', '/suspend 03-03 13:00'],
      '03-03 17:00',
    ],
    ['an interruption', working(5), ['restart 03-05 10:00'], '03-12 17:00'],
    ['an interruption of a paused clock', working(5), ['suspend 03-04 10:00', 'restart 03-05 10:00'], null],
    ['and its end', working(5), ['suspend 03-04 10:00', 'restart 03-05 10:00', '/suspend 03-06 10:00'], '03-12 17:00'],
    [
      'an interruption after a pause, which is forgotten',
      working(5),
      ['suspend 03-03 10:00', '/suspend 03-05 10:00', 'restart 03-05 11:00'],
      '03-12 17:00',
    ],
    ['an extension', working(5), ['extend 2.5'], '03-12 12:00'],
    [
      'an extension while paused',
      working(5),
      ['suspend 03-04 10:00', 'extend 2', '/suspend 03-05 10:00'],
      '03-12 17:00',
    ],
    [
      'an interruption, with a new extension',
      working(5),
      ['extend 2', 'restart 03-05 10:00', 'extend 3'],
      '03-17 17:00',
    ],
  ])('started on Monday 2 March at 10:00, with %s', (_what, limit, events, expected) => {
    const clock = play('03-02 10:00', limit, events);
    expect(due(clock)).toEqual(expected === null ? null : china(`2026-${expected}`));
  });

  it.each<[string, Limit, Limit, string]>([
    ['60 calendar days and 10 working days', calendar(60), working(10), '05-19 17:00'],
    ['5 working days and a month', working(5), months(1), '04-09 17:00'],
    ['a month and half a working day', months(1), working(0.5), '04-03 12:00'],
    ['two months and three', months(2), months(3), '08-03 17:00'],
  ])('extended in another unit or in months: %s', (_what, limit, extension, expected) => {
    expect(due(extend(startClock(limit, china('2026-03-02 10:00')), extension))).toEqual(china(`2026-${expected}`));
  });

  it('is provisional as soon as a pause carries it into a year without notice', () => {
    const clock = startClock(working(5), china('2026-12-07 10:00'));
    expect(dueOf(clock, NATIONAL)).toEqual({ dueAt: china('2026-12-14 17:00'), provisional: false });
    const paused = pause(clock, 'suspend', china('2026-12-08 10:00'));
    expect(dueOf(paused, NATIONAL)).toEqual({ dueAt: null, provisional: false });
    const resumed = resume(paused, 'suspend', china('2026-12-30 10:00'));
    expect(dueOf(resumed, NATIONAL)).toEqual({ dueAt: china('2027-01-05 17:00'), provisional: true });
  });

  it('is paused while any pause lasts', () => {
    const clock = startClock(working(5), china('2026-03-02 10:00'));
    const both = pause(pause(clock, 'suspend', china('2026-03-03 10:00')), 'correction', china('2026-03-03 11:00'));
    const one = resume(both, 'suspend', china('2026-03-04 10:00'));
    const none = resume(one, 'correction', china('2026-03-04 11:00'));
    expect([clock, both, one, none].map(isPaused)).toEqual([false, true, true, false]);
  });

  it.each<[string, string[], string]>([
    ['a pause before the start', ['suspend 03-02 09:59'], 'before-start'],
    ['a second pause of a kind', ['suspend 03-03 10:00', 'suspend 03-04 10:00'], 'paused-already'],
    ['a resume of a running clock', ['/suspend 03-03 10:00'], 'not-paused'],
    ['a resume of another kind', ['suspend 03-03 10:00', '/correction 03-04 10:00'], 'not-paused'],
    ['a resume before the pause', ['suspend 03-03 10:00', '/suspend 03-03 09:59'], 'before-pause'],
    ['a restart before the start', ['restart 03-02 09:59'], 'before-start'],
    ['a second extension', ['extend 5', 'extend 5'], 'extended-already'],
  ])('refuses %s', (_what, events, code) => {
    expect(() => play('03-02 10:00', working(20), events)).toThrow(
      expect.objectContaining({ name: 'ClockRefused', code }),
    );
  });

  const clock = startClock(working(5), china('2026-03-02 10:00'));
  it.each<[string, () => unknown]>([
    ['a limit that is none', () => startClock(working(NaN), china('2026-03-02 10:00'))],
    ['a start that is none', () => startClock(working(5), new Date(NaN))],
    ['a start before all calendars', () => startClock(working(5), new Date(-1e13))],
    ['a pause at no time', () => pause(clock, 'suspend', new Date(NaN))],
    ['an extension of nothing', () => extend(clock, working(0))],
    ['an extension backwards', () => extend(clock, working(-5))],
    ['a stored start that is none', () => dueOf({ ...clock, startedAt: 'yesterday' }, NATIONAL)],
    ['a stored limit that is none', () => dueOf({ ...clock, limit: working(1e9) }, NATIONAL)],
    ['a stored extension that is none', () => atRiskAt({ ...clock, extension: working(Infinity) }, NATIONAL)],
    [
      'a stored pause that ends before it begins',
      () =>
        dueOf(
          { ...clock, pauses: [{ from: '2026-03-04T02:00:00Z', to: '2026-03-03T02:00:00Z', why: 'suspend' }] },
          NATIONAL,
        ),
    ],
    [
      'a stored pause that ends beyond all calendars',
      () =>
        dueOf(
          { ...clock, pauses: [{ from: '2026-03-04T02:00:00Z', to: '9999-12-31T00:00:00Z', why: 'suspend' }] },
          NATIONAL,
        ),
    ],
  ])('refuses %s', (_what, act) => {
    expect(act).toThrow(RangeError);
  });
});

/** Clocks as they may be stored: pauses of all kinds in any order, over each other, before the day of receipt and after the end. */
const pausesFrom = (start: Date): fc.Arbitrary<Pause[]> =>
  fc.array(
    fc
      .record({
        after: fc.oneof(fc.integer({ min: 0, max: 144 }), fc.integer({ min: 0, max: 1_500 })),
        length: fc.oneof(fc.integer({ min: 0, max: 48 }), fc.integer({ min: 0, max: 400 })),
        why: fc.constantFrom<PauseReason>('suspend', 'special-procedure', 'correction'),
      })
      .map(({ after, length, why }) => {
        const from = later(start, after);
        return { from: from.toISOString(), to: later(from, length).toISOString(), why };
      }),
    { maxLength: 6 },
  );
const clocksOf = (of: fc.Arbitrary<Limit>): fc.Arbitrary<Clock> =>
  busyInstants.chain((start) =>
    fc.record({
      startedAt: fc.constant(start.toISOString()),
      limit: of,
      extension: fc.option(of.filter(({ value }) => value > 0)),
      pauses: pausesFrom(start),
    }),
  );
const clocks = clocksOf(limits);
/**
 * Months differ in length: where a month starts to run on another day, pauses around that day may make the difference. So what is said of later
 * and earlier ends leaves out months that follow something else.
 */
const steadyClocks = fc.oneof(clocksOf(dayLimits), clocksOf(monthLimits));

/** The same rules walked through day by day and half by half. */
function walked(clock: Clock, on: Calendar): Date | null {
  const closes = (day: Day): Date => instantAt(day, on.closesAt(day));
  const pauses = clock.pauses.map(({ from, to }) => ({ from: new Date(from), to: to === null ? null : new Date(to) }));
  const runs = (instant: Date): boolean =>
    pauses.every(({ from, to }) => instant <= from || (to !== null && instant > to));
  const halves = (day: Day): Date[] => (on.isWorking(day) ? [instantAt(day, on.halfEndsAt(day)), closes(day)] : []);
  const start = new Date(clock.startedAt);
  let day = dayOf(start);
  if (minutesOfDay(start) > on.closesAt(day)) day++;
  while (!on.isWorking(day)) day++;
  let end = closes(day);
  const { limit, extension } = clock;
  const parts = !extension
    ? [limit]
    : extension.unit === limit.unit
      ? [{ ...limit, value: limit.value + extension.value }]
      : [limit, extension];
  const last = dayOf(start) + 700;
  for (const { value, unit } of parts) {
    let left = Math.floor(value);
    if (unit === 'month') {
      const date = new Date(day * 86_400_000);
      const number = date.getUTCDate();
      date.setUTCDate(1);
      date.setUTCMonth(date.getUTCMonth() + value + 1);
      date.setUTCDate(0);
      date.setUTCDate(Math.min(number, date.getUTCDate()));
      left = date.getTime() / 86_400_000 - day;
    }
    while (left > 0 && day < last) if (runs(closes(++day)) && (unit !== 'workingDay' || on.isWorking(day))) left--;
    if (unit === 'workingDay') {
      const half = value > Math.floor(value);
      let candidates = half ? halves(day + 1) : [closes(day)];
      for (let next = half ? day + 1 : day; !candidates.some(runs) && next < last;) candidates = halves(++next);
      const found = candidates.find(runs);
      if (!found) return null;
      end = found;
      day = dayOf(end);
    } else {
      while (!(on.isWorking(day) && runs(closes(day))) && day < last) day++;
      end = closes(day);
    }
    if (day >= last || !runs(end)) return null;
  }
  return end;
}

describe('every clock', () => {
  it('ends where a walk through all days ends', () => {
    fc.assert(
      fc.property(clocks, calendars, (clock, on) => {
        expect(due(clock, on)).toEqual(walked(clock, on));
      }),
      { numRuns: 1_000 },
    );
  });

  it('and stands still where that walk does not end', () => {
    fc.assert(
      fc.property(clocks, calendars, fc.integer({ min: 0, max: 1_500 }), (clock, on, after) => {
        const from = later(new Date(clock.startedAt), after).toISOString();
        const paused: Clock = { ...clock, pauses: [...clock.pauses, { from, to: null, why: 'suspend' }] };
        expect(due(paused, on)).toEqual(walked(paused, on));
      }),
      { numRuns: 1_000 },
    );
  });

  it('without pauses ends with its deadline', () => {
    fc.assert(
      fc.property(busyInstants, limits, calendars, (start, limit, on) => {
        expect(dueOf(startClock(limit, start), on)).toEqual(deadline(start, limit, on));
      }),
    );
  });

  it('ends on a working day, not before it starts', () => {
    fc.assert(
      fc.property(clocks, calendars, (clock, on) => {
        const end = due(clock, on)!;
        expect(on.isWorking(dayOf(end))).toBe(true);
        expect(time(end)).toBeGreaterThanOrEqual(time(new Date(clock.startedAt)));
      }),
    );
  });

  const pauses = fc.record({ after: fc.integer({ min: 0, max: 1_000 }), length: fc.integer({ min: 0, max: 1_000 }) });

  it('in working days ends as many working days later as closing times lie in a pause', () => {
    fc.assert(
      fc.property(busyInstants, workingDayLimits, calendars, pauses, (start, limit, on, { after, length }) => {
        const clock = startClock(limit, start);
        const received = dayOf(deadline(start, working(0), on).dueAt);
        const from = later(instantAt(received, on.closesAt(received)), after);
        const to = later(from, length);
        fc.pre(limit.value > 0 && from < due(clock, on)!);
        const end = due(resume(pause(clock, 'suspend', from), 'suspend', to), on)!;
        let within = 0;
        for (let day = dayOf(from); day <= dayOf(to); day++) {
          const closes = instantAt(day, on.closesAt(day));
          if (on.isWorking(day) && from < closes && closes <= to) within++;
        }
        expect(on.numberAt(dayOf(end)) - on.numberAt(dayOf(due(clock, on)!))).toBe(within);
      }),
      { numRuns: 300 },
    );
  });

  it('in calendar days and months ends as many days later as closing times lie in a pause, and then on the next working day', () => {
    fc.assert(
      fc.property(busyInstants, fc.integer({ min: 1, max: 90 }), pauses, (start, value, { after, length }) => {
        const clock = startClock(calendar(value), start);
        const received = dayOf(deadline(start, working(0)).dueAt);
        const from = later(instantAt(received, 17 * 60), after);
        const to = later(from, length);
        fc.pre(from < instantAt(received + value, 17 * 60));
        const closings = (instant: Date): number => dayOf(instant) + (minutesOfDay(instant) >= 17 * 60 ? 1 : 0);
        let last = received + value + closings(to) - closings(from);
        while (!NATIONAL.isWorking(last)) last++;
        expect(due(resume(pause(clock, 'correction', from), 'correction', to))).toEqual(instantAt(last, 17 * 60));
      }),
      { numRuns: 300 },
    );
  });

  it('does not care in how many pieces, in which order, or how often over each other its pauses are told', () => {
    fc.assert(
      fc.property(clocks, calendars, fc.double({ min: 0, max: 1, noNaN: true }), (clock, on, part) => {
        const pieces = clock.pauses.flatMap(({ from, to, why }): Pause[] => {
          const cut = new Date(
            time(new Date(from)) + (time(new Date(to!)) - time(new Date(from))) * part,
          ).toISOString();
          return [
            { from: cut, to, why },
            { from, to: cut, why },
            { from, to, why: 'suspend' },
          ];
        });
        expect(due({ ...clock, pauses: pieces }, on)).toEqual(due(clock, on));
      }),
    );
  });

  it('ends no earlier for a longer limit, an extension, another pause or a longer one', () => {
    fc.assert(
      fc.property(
        steadyClocks,
        calendars,
        fc.integer({ min: 0, max: 1_500 }),
        fc.integer({ min: 0, max: 400 }),
        (clock, on, after, length) => {
          const end = time(due(clock, on));
          const more = { ...clock.limit, value: clock.limit.value + (clock.limit.unit === 'workingDay' ? 0.5 : 1) };
          expect(time(due({ ...clock, limit: more }, on))).toBeGreaterThanOrEqual(end);
          expect(time(due({ ...clock, extension: null }, on))).toBeLessThanOrEqual(end);
          const from = later(new Date(clock.startedAt), after);
          const paused = (halfHours: number): number =>
            time(
              due(
                {
                  ...clock,
                  pauses: [
                    ...clock.pauses,
                    { from: from.toISOString(), to: later(from, halfHours).toISOString(), why: 'suspend' },
                  ],
                },
                on,
              ),
            );
          expect(paused(length)).toBeGreaterThanOrEqual(end);
          expect(paused(length + 1)).toBeGreaterThanOrEqual(paused(length));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('ends no earlier for a later start with the same pauses behind it', () => {
    fc.assert(
      fc.property(steadyClocks, calendars, fc.integer({ min: 0, max: 300 }), (clock, on, halfHours) => {
        const start = new Date(clock.startedAt);
        const received = deadline(start, working(0), on).dueAt;
        fc.pre(clock.limit.unit !== 'month' || clock.pauses.every(({ from }) => new Date(from) >= received));
        const earlier: Clock = { ...clock, startedAt: later(start, -halfHours).toISOString() };
        expect(time(due(earlier, on))).toBeLessThanOrEqual(time(due(clock, on)));
      }),
      { numRuns: 300 },
    );
  });

  it('survives storage, and is never changed', () => {
    fc.assert(
      fc.property(clocks, (clock) => {
        const stored = JSON.stringify(clock);
        const at = later(new Date(clock.startedAt), 2_000);
        const copy = JSON.parse(stored) as Clock;
        const paused = pause(copy, 'suspend', at);
        resume(paused, 'suspend', at);
        restart(paused, at);
        if (!copy.extension) extend(copy, working(1));
        dueOf(copy, NATIONAL);
        atRiskAt(copy, NATIONAL);
        expect(JSON.stringify(copy)).toBe(stored);
        expect(dueOf(JSON.parse(stored) as Clock, NATIONAL)).toEqual(dueOf(clock, NATIONAL));
      }),
    );
  });
});

describe('at risk', () => {
  it.each<[string, Limit, string[], string | null]>([
    ['20 working days: the last four', working(20), [], '03-24 17:00'],
    ['10 working days: the last two', working(10), [], '03-12 17:00'],
    ['5 working days: the last one', working(5), [], '03-06 17:00'],
    ['7 working days: the last one', working(7), [], '03-10 17:00'],
    ['3 working days: the last half', working(3), [], '03-05 12:00'],
    ['1 working day: the last half', working(1), [], '03-03 12:00'],
    ['half a day: the closing time before', working(0.5), [], '03-02 17:00'],
    ['at once: noon', working(0), [], '03-02 12:00'],
    ['30 calendar days: 24 of them end on a working day', calendar(30), [], '03-26 17:00'],
    ['15 calendar days: 12 of them end on a Saturday', calendar(15), [], '03-16 17:00'],
    ['5 calendar days, to the end of a weekend: not after the last noon', calendar(5), [], '03-06 17:00'],
    ['4 calendar days: the last half', calendar(4), [], '03-06 12:00'],
    ['a month of 31 days', months(1), [], '03-27 17:00'],
    ['extended', working(20), ['extend 10'], '04-03 17:00'],
    ['paused before', working(10), ['suspend 03-04 10:00', '/suspend 03-06 10:00'], '03-16 17:00'],
    ['paused near the end', working(10), ['suspend 03-13 10:00', '/suspend 03-18 10:00'], '03-12 17:00'],
    ['paused over the last noon', working(1), ['suspend 03-03 11:00', '/suspend 03-03 13:00'], '03-02 17:00'],
    [
      'paused twice over the last halves',
      working(1),
      ['suspend 03-03 10:00', '/suspend 03-03 16:00', 'suspend 03-03 16:30', '/suspend 03-04 13:00'],
      '03-02 17:00',
    ],
    ['paused after the end', working(10), ['suspend 03-17 10:00'], '03-12 17:00'],
    ['standing still', working(10), ['suspend 03-04 10:00'], null],
  ])('from Monday 2 March at 10:00, %s', (_what, limit, events, expected) => {
    const at = atRiskAt(play('03-02 10:00', limit, events), NATIONAL);
    expect(at).toEqual(expected === null ? null : china(`2026-${expected}`));
  });

  it('is told by the extension where that has another unit', () => {
    const extended = extend(startClock(calendar(60), china('2026-03-02 10:00')), working(10));
    expect(atRiskAt(extended, NATIONAL)).toEqual(china('2026-05-15 17:00'));
  });

  it('of a limit that ends on the day it starts begins with it', () => {
    expect(atRiskAt(startClock(working(0), china('2026-03-02 14:00')), NATIONAL)).toEqual(china('2026-03-02 14:00'));
  });

  it('does not begin on the Saturday on which something came in', () => {
    const monday = makeCalendar({
      closures: [
        {
          id: 'm',
          from: '2026-03-09',
          to: '2026-03-09',
          part: 'afternoon',
          reason: { zh: '检修', en: 'repair' },
          basis: 'announcement',
        },
      ],
    });
    expect(atRiskAt(startClock(working(0), china('2026-03-07 10:00')), monday)).toEqual(china('2026-03-09 00:00'));
  });

  it('lies on a working day between start and end, at least half a day before it or at the start', () => {
    fc.assert(
      fc.property(clocks, calendars, (clock, on) => {
        const at = atRiskAt(clock, on)!;
        const end = due(clock, on)!;
        const start = new Date(clock.startedAt);
        expect(on.isWorking(dayOf(at))).toBe(true);
        expect(time(at)).toBeGreaterThanOrEqual(time(start));
        expect(time(at)).toBeLessThanOrEqual(time(end));
        if (clock.limit.value < 1) return;
        const closing = instantAt(dayOf(end), on.closesAt(dayOf(end)));
        const half = instantAt(dayOf(end), on.halfEndsAt(dayOf(end)));
        const latest = end > half && end.getTime() === closing.getTime() ? half : instantAt(dayOf(end), 0);
        expect(time(at)).toBeLessThanOrEqual(time(latest));
      }),
      { numRuns: 300 },
    );
  });

  it('leaves no more than a fifth of a limit in whole working days, or one day', () => {
    fc.assert(
      fc.property(clocksOf(workingDayLimits), calendars, (clock, on) => {
        const at = atRiskAt(clock, on)!;
        const total = clock.limit.value + (clock.extension?.value ?? 0);
        const atDeadline = due(clock, on)!;
        let left = 0;
        for (let day = dayOf(at); day <= dayOf(atDeadline); day++) {
          const closes = instantAt(day, on.closesAt(day));
          const runs = clock.pauses.every(({ from, to }) => closes <= new Date(from) || closes > new Date(to!));
          if (on.isWorking(day) && runs && closes > at && closes <= atDeadline) left++;
        }
        expect(left).toBeLessThanOrEqual(Math.max(total / 5, 1));
      }),
      { numRuns: 300 },
    );
  });
});
