import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { calendars, china } from '../test/arbitraries.js';
import {
  CalendarInvalid,
  type CalendarOptions,
  type Closure,
  NATIONAL,
  type YearNotice,
  isWorkingDay,
  makeCalendar,
} from './calendar.js';
import { dateOf, dayFrom, dayOf, instantAt, isWeekday, minutesOfDay, notices } from './working-days.js';

describe('working days', () => {
  it.each([
    ['2024-02-04', true, 'a Sunday worked for the Spring Festival'],
    ['2024-02-09', true, 'the eve that bodies were only asked to give free'],
    ['2024-10-01', false, 'National Day'],
    ['2024-10-12', true, 'a Saturday worked for National Day'],
    ['2024-10-13', false, 'a plain Sunday'],
    ['2024-10-14', true, 'a plain Monday'],
    ['2026-02-14', true, 'the Saturday before the Spring Festival'],
    ['2026-02-16', false, 'the Spring Festival'],
    ['2026-02-23', false, 'its last day'],
    ['2026-02-24', true, 'the day after'],
    ['2026-02-28', true, 'the Saturday that makes up for it'],
    ['2011-12-31', true, 'a Saturday of 2011 that the notice for 2012 arranged'],
    ['2018-12-29', true, 'a Saturday of 2018 that the notice for 2019 arranged'],
    ['2018-12-31', false, 'and the Monday it made free'],
    ['2015-09-03', false, 'the day added in mid-2015'],
    ['2019-05-03', false, 'Labour Day as extended in 2019'],
    ['2020-01-31', false, 'the Spring Festival as extended in 2020'],
    ['2020-02-01', false, 'and the worked Saturday that this took back'],
  ])('%s: working day %s (%s)', (date, works) => {
    expect(isWorkingDay(date)).toBe(works);
    expect(NATIONAL.isWorking(dayFrom(date))).toBe(works);
  });

  it('takes the day an instant lies on in China, not on the machine', () => {
    expect(isWorkingDay(new Date('2024-09-30T15:59:59Z'))).toBe(true);
    expect(isWorkingDay(new Date('2024-09-30T16:00:00Z'))).toBe(false);
    expect(dateOf(dayOf(china('2026-03-02 00:00')))).toBe('2026-03-02');
    expect(minutesOfDay(china('2026-03-02 17:30'))).toBe(17 * 60 + 30);
    expect(instantAt(dayFrom('2026-03-02'), 17 * 60 + 30)).toEqual(china('2026-03-02 17:30'));
  });

  it('names a notice and where it was read for every year, and lists only what differs from the plain week', () => {
    expect(notices.map(({ year }) => year)).toEqual(Array.from({ length: 17 }, (_, i) => 2010 + i));
    expect(NATIONAL.years).toEqual(notices.map(({ year }) => year));
    for (const notice of notices) {
      expect(notice.notice).toMatch(new RegExp(`^国办发明电〔${notice.year - 1}〕\\d+号$`));
      expect(notice.source).toMatch(/^https?:\/\/\S+/);
      expect(notice.off.filter((date) => !isWeekday(dayFrom(date)))).toEqual([]);
      expect(notice.work.filter((date) => isWeekday(dayFrom(date)))).toEqual([]);
    }
  });

  it('knows that a year without a notice, and the last days of December before it, may still change', () => {
    expect(NATIONAL.isProvisional(dayFrom('2027-03-01'))).toBe(true);
    expect(NATIONAL.isProvisional(dayFrom('2009-03-02'))).toBe(true);
    expect(NATIONAL.isProvisional(dayFrom('2026-12-24'))).toBe(false);
    expect(NATIONAL.isProvisional(dayFrom('2026-12-25'))).toBe(true);
    expect(NATIONAL.isProvisional(dayFrom('2025-12-31'))).toBe(false);
  });

  it.each(['2026-02-30', '2026-2-3', 'tomorrow', ''])('refuses %p as a date', (date) => {
    expect(() => isWorkingDay(date)).toThrow(RangeError);
  });

  it('refuses an instant that is none', () => {
    expect(() => isWorkingDay(new Date(NaN))).toThrow(RangeError);
  });

  it('are numbered one after the other, in every calendar and at any distance', () => {
    const days = fc.oneof(
      fc.integer({ min: dayFrom('2015-12-01'), max: dayFrom('2017-02-01') }),
      fc.integer({ min: dayFrom('1900-01-01'), max: dayFrom('2199-12-31') }),
    );
    fc.assert(
      fc.property(days, calendars, (day, calendar) => {
        const number = calendar.numberAt(day);
        expect(number - calendar.numberAt(day - 1)).toBe(calendar.isWorking(day) ? 1 : 0);
        let last = day;
        while (!calendar.isWorking(last)) last--;
        expect(calendar.numbered(number)).toBe(last);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a calendar', () => {
  const reason = { zh: '停电检修', en: 'power works' };
  const closure = (change: Partial<Closure> = {}): Closure => ({
    id: 'a',
    from: '2026-03-02',
    to: '2026-03-03',
    part: 'day',
    reason,
    basis: 'an announcement',
    ...change,
  });
  const notice = (change: Partial<YearNotice> = {}): YearNotice => ({
    year: 2027,
    notice: 'number',
    source: 'page',
    off: [],
    work: [],
    ...change,
  });

  it('learns a year by its notice', () => {
    const calendar = makeCalendar({
      notices: [notice({ off: ['2026-12-31', '2027-01-01'], work: ['2026-12-26', '2027-01-09'] })],
    });
    expect(calendar.years.at(-1)).toBe(2027);
    expect(['2026-12-26', '2026-12-31', '2027-01-01', '2027-01-09'].map((d) => calendar.isWorking(dayFrom(d)))).toEqual(
      [true, false, false, true],
    );
    expect(['2026-12-28', '2027-12-24', '2027-12-25'].map((d) => calendar.isProvisional(dayFrom(d)))).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('takes a year before the first one too', () => {
    const calendar = makeCalendar({ notices: [notice({ year: 2009, off: ['2009-01-01'] })] });
    expect(calendar.isProvisional(dayFrom('2009-01-01'))).toBe(false);
    expect(calendar.isProvisional(dayFrom('2008-12-31'))).toBe(true);
  });

  it('takes the notice of a year that is built in instead of what is built in', () => {
    const calendar = makeCalendar({ notices: [notice({ year: 2026, off: ['2026-01-01', '2026-03-02'] })] });
    expect(['2026-01-01', '2026-03-02', '2026-10-01'].map((d) => calendar.isWorking(dayFrom(d)))).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('closes local offices for days, mornings and afternoons', () => {
    const calendar = makeCalendar({
      closures: [
        closure({ to: '2026-03-08' }),
        closure({ id: 'b', from: '2026-03-09', to: '2026-03-09', part: 'morning' }),
        closure({ id: 'c', from: '2026-03-10', to: '2026-03-10', part: 'afternoon' }),
      ],
    });
    const of = (date: string) => {
      const day = dayFrom(date);
      return [calendar.isWorking(day), calendar.halfEndsAt(day), calendar.closesAt(day)];
    };
    expect(of('2026-03-06')[0]).toBe(false);
    expect(of('2026-03-09')).toEqual([true, 1020, 1020]);
    expect(of('2026-03-10')).toEqual([true, 720, 720]);
    expect(of('2026-03-11')).toEqual([true, 720, 1020]);
    expect(NATIONAL.isWorking(dayFrom('2026-03-06'))).toBe(true);
  });

  it('may close a worked Saturday, and days whose notice is not out', () => {
    const calendar = makeCalendar({
      closures: [
        closure({ from: '2026-02-28', to: '2026-02-28' }),
        closure({ id: 'b', from: '2027-01-02', to: '2027-01-03' }),
      ],
    });
    expect(calendar.isWorking(dayFrom('2026-02-28'))).toBe(false);
    expect(calendar.isProvisional(dayFrom('2027-01-02'))).toBe(true);
  });

  // What is wrong, and the findings: code and path.
  it.each<[string, CalendarOptions, string[]]>([
    ['a hole between the years', { notices: [notice({ year: 2029 })] }, ['notice.hole /notices']],
    ['a hole before the first', { notices: [notice({ year: 2007 })] }, ['notice.hole /notices']],
    ['a year twice', { notices: [notice(), notice()] }, ['notice.year-twice /notices/1/year']],
    ['a year that is none', { notices: [notice({ year: NaN })] }, ['notice.year /notices/0/year']],
    ['a year far away', { notices: [notice({ year: 9999 })] }, ['notice.year /notices/0/year']],
    [
      'no number, no source',
      { notices: [notice({ notice: ' ', source: '' })] },
      ['notice.unnamed /notices/0/notice', 'notice.unnamed /notices/0/source'],
    ],
    ['an unknown date', { notices: [notice({ off: ['2027-02-29'] })] }, ['date.unknown /notices/0/off/0']],
    ['a date far away', { notices: [notice({ off: ['9999-12-31'] })] }, ['date.unknown /notices/0/off/0']],
    ['a date of another year', { notices: [notice({ off: ['2028-01-03'] })] }, ['notice.other-year /notices/0/off/0']],
    [
      'a date of the year before, but too early',
      { notices: [notice({ work: ['2026-12-20'] })] },
      ['notice.other-year /notices/0/work/0'],
    ],
    [
      'a date listed twice',
      { notices: [notice({ off: ['2027-01-01', '2027-01-01'] })] },
      ['notice.date-twice /notices/0/off/1'],
    ],
    [
      'a date both off and worked',
      { notices: [notice({ off: ['2027-01-01'], work: ['2027-01-01'] })] },
      ['notice.off-and-work /notices/0/work/0'],
    ],
    [
      'a date that two notices arrange in different ways',
      {
        notices: [notice({ year: 2027, off: ['2027-12-31'] }), notice({ year: 2028, work: ['2027-12-31'] })],
      },
      ['notice.off-and-work /notices/1/work/0'],
    ],
    ['a Saturday off', { notices: [notice({ off: ['2027-01-02'] })] }, ['notice.no-change /notices/0/off/0']],
    ['a Monday worked', { notices: [notice({ work: ['2027-01-04'] })] }, ['notice.no-change /notices/0/work/0']],
    [
      'a closure turned round',
      { closures: [closure({ to: '2026-03-01' })] },
      ['closure.from-after-to /closures/0/from'],
    ],
    ['a closure for ever', { closures: [closure({ to: '2027-03-03' })] }, ['closure.too-long /closures/0/to']],
    [
      'a closure of a weekend',
      { closures: [closure({ from: '2026-03-07', to: '2026-03-08' })] },
      ['closure.no-change /closures/0'],
    ],
    [
      'a closure without anything',
      { closures: [closure({ id: '', basis: '', reason: { zh: '检修', en: '' }, part: 'night' as 'day' })] },
      [
        'closure.no-id /closures/0/id',
        'closure.no-basis /closures/0/basis',
        'closure.no-reason /closures/0/reason',
        'closure.part /closures/0/part',
      ],
    ],
    [
      'a closure from and to nowhere',
      { closures: [closure({ from: '2026-02-30', to: 'Monday' })] },
      ['date.unknown /closures/0/from', 'date.unknown /closures/0/to'],
    ],
    [
      'two closures that meet',
      { closures: [closure(), closure({ id: 'b', from: '2026-03-03', to: '2026-03-05' })] },
      ['closure.conflict /closures/1'],
    ],
    [
      'a morning and an afternoon of one day',
      { closures: [closure({ part: 'morning' }), closure({ id: 'b', part: 'afternoon' })] },
      ['closure.conflict /closures/1'],
    ],
    [
      'two closures of one name',
      { closures: [closure(), closure({ from: '2026-03-04', to: '2026-03-05' })] },
      ['closure.id-twice /closures/1/id'],
    ],
    [
      'hours that are none',
      { hours: { closesAt: '24:00', noon: 'noon' } },
      ['hours.time /hours/closesAt', 'hours.time /hours/noon'],
    ],
    ['noon at closing', { hours: { closesAt: '12:00', noon: '12:00' } }, ['hours.order /hours/noon']],
    ['noon after closing', { hours: { closesAt: '11:30', noon: '12:00' } }, ['hours.order /hours/noon']],
    [
      'lists that are none',
      { notices: 'all' as unknown as YearNotice[], closures: [null as unknown as Closure] },
      ['shape /notices', 'shape /closures/0'],
    ],
    [
      'dates that are none',
      { notices: [notice({ off: null as unknown as string[], work: [20270109 as unknown as string] })] },
      ['shape /notices/0/off', 'date.unknown /notices/0/work/0'],
    ],
    [
      'everything at once',
      {
        notices: [notice({ year: 2028, source: '', off: ['2028-01-01'] })],
        closures: [closure({ to: '2026-03-01' })],
        hours: { closesAt: '5 pm', noon: '12:00' },
      },
      [
        'notice.hole /notices',
        'notice.unnamed /notices/0/source',
        'notice.no-change /notices/0/off/0',
        'closure.from-after-to /closures/0/from',
        'hours.time /hours/closesAt',
      ],
    ],
  ])('with %s is refused', (_what, options, expected) => {
    let thrown: unknown;
    try {
      makeCalendar(options);
    } catch (error) {
      thrown = error;
    }
    if (!(thrown instanceof CalendarInvalid)) throw new Error(`not refused: ${String(thrown)}`);
    expect(thrown.findings.map(({ code, path }) => `${code} ${path}`)).toEqual(expected);
    for (const { message } of thrown.findings) {
      expect(message.zh).toMatch(/\p{Script=Han}/u);
      expect(thrown.message).toContain(message.en);
    }
  });
});
