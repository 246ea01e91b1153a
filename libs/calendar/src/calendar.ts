/**
 * The calendar a limit is counted on: the State Council's notices, closures of local offices, office hours. A calendar is a value; a year's
 * notice or a closure that comes later makes a new one.
 */
import { type Day, dateOf, dayFrom, instantAt, isWeekday, notices as builtIn, workingDays } from './working-days.js';

/** One year's notice of the State Council's General Office on holidays (国务院办公厅关于部分节假日安排的通知). Dates are `YYYY-MM-DD`. */
export interface YearNotice {
  year: number;
  /** Its number, such as 国办发明电〔2025〕7号. */
  notice: string;
  /** Where its text or its dates were read. */
  source: string;
  /** Weekdays without office. */
  off: string[];
  /** Saturdays and Sundays with office (调休). Days of the last week of December before may be listed too. */
  work: string[];
}

/** The offices of a place are closed on every day from `from` to `to`, both included. */
export interface Closure {
  id: string;
  from: string;
  to: string;
  /** `afternoon`: the office closes at noon. `morning`: it opens at noon, and the day stays a working day. */
  part: 'day' | 'morning' | 'afternoon';
  reason: { zh: string; en: string };
  /** What the closure rests on: the decision or notice. */
  basis: string;
}

/** `HH:MM` in China time. */
export interface Hours {
  closesAt: string;
  /** When the first half of a working day ends. */
  noon: string;
}
export const HOURS: Hours = { closesAt: '17:00', noon: '12:00' };

/** Made by `makeCalendar`. Pure; its questions cost a few steps each, however far the days are apart. */
export interface Calendar {
  /** The years whose notice is known, ascending and without a hole. */
  readonly years: readonly number[];
  /** By the notice of its year where there is one, otherwise by the weekend alone: see `isProvisional`. */
  isWorking(day: Day): boolean;
  /** Whether a notice that is not known here may still change what `day` is. */
  isProvisional(day: Day): boolean;
  /** When the office closes, in minutes after midnight; on a day without office, when it would. */
  closesAt(day: Day): number;
  /** When the first half of the office day ends, in minutes after midnight: at noon, or at closing time where the morning is closed. */
  halfEndsAt(day: Day): number;
  /** The number of the last working day up to and including `day`; working days are numbered one after the other. */
  numberAt(day: Day): number;
  /** The working day of that number. */
  numbered(n: number): Day;
}

export interface CalendarFinding {
  /** Stable, such as `closure.conflict`. */
  code: string;
  /** A JSON pointer into the options. */
  path: string;
  message: { zh: string; en: string };
}

/** Carries every fault of what was given, not only the first. */
export class CalendarInvalid extends Error {
  constructor(readonly findings: CalendarFinding[]) {
    super(findings.map(({ path, message }) => `${path}: ${message.en}`).join('; '));
    this.name = 'CalendarInvalid';
  }
}

/** Every notice so far arranged nothing of the year before earlier than 29 December; from here on it may. */
const NEXT_NOTICE_FROM = '12-25';
/** Nothing is counted before or after these years. */
export const FIRST_YEAR = 1900;
export const LAST_YEAR = 2199;
/** A closure that is longer is a mistake. */
const LONGEST_CLOSURE = 366;

export interface CalendarOptions {
  /**
   * Beyond the built-in years. A year that is built in is replaced as a whole: the State Council has changed years that had begun (2015, 2019,
   * 2020).
   */
  notices?: YearNotice[];
  closures?: Closure[];
  hours?: Hours;
}

/**
 * Throws CalendarInvalid with everything that is wrong: a year missing between others, a date that does not exist or is not the year's, listed
 * twice, both off and work, or listed though it changes nothing; closures that are unnamed, without basis, turned round, meet on one day or
 * close nothing; hours that are none.
 */
export function makeCalendar(options: CalendarOptions): Calendar {
  const findings: CalendarFinding[] = [];
  const report: Report = (code, path, zh, en) => findings.push({ code, path, message: { zh, en } });

  const given = options.notices ?? [];
  const exceptions = new Map<Day, boolean>();
  const givenYears = new Set(given.map(({ year }) => year));
  for (const notice of builtIn) if (!givenYears.has(notice.year)) addNotice(notice, '', exceptions, report);
  given.forEach((notice, i) => addNotice(notice, `/notices/${i}`, exceptions, report));
  const years = yearsOf(given, report);
  const lastFirm = dayFrom(`${years.at(-1)!}-${NEXT_NOTICE_FROM}`) - 1;
  const firstFirm = dayFrom(`${years[0]!}-01-01`);
  const isProvisional = (day: Day): boolean => day < firstFirm || day > lastFirm;

  const parts = new Map<Day, Closure['part']>();
  addClosures(options.closures ?? [], exceptions, isProvisional, parts, report);

  const hours = options.hours ?? HOURS;
  const closing = minutesFrom(hours.closesAt, '/hours/closesAt', report);
  const noon = minutesFrom(hours.noon, '/hours/noon', report);
  if (noon >= closing) report('hours.order', '/hours/noon', '中午须早于下班时间', 'noon must come before closing time');

  if (findings.length > 0) throw new CalendarInvalid(findings);
  for (const [day, part] of parts) if (part === 'day') exceptions.set(day, false);
  return {
    years,
    ...workingDays(exceptions),
    isProvisional,
    closesAt: (day) => (parts.get(day) === 'afternoon' ? noon : closing),
    halfEndsAt: (day) => (parts.get(day) === 'morning' ? closing : noon),
  };
}

type Report = (code: string, path: string, zh: string, en: string) => void;

function addNotice(notice: YearNotice, path: string, exceptions: Map<Day, boolean>, report: Report): void {
  for (const name of ['notice', 'source'] as const)
    if (blank(notice[name]))
      report('notice.unnamed', `${path}/${name}`, '须写明文号和出处', 'number and source must be named');
  for (const list of ['off', 'work'] as const)
    notice[list].forEach((date, i) => {
      const at = `${path}/${list}/${i}`;
      const day = knownDay(date, at, report);
      if (day === undefined) return;
      const works = list === 'work';
      if (!belongsTo(date, notice.year))
        report(
          'notice.other-year',
          at,
          `${date} 不属于 ${notice.year} 年的安排`,
          `${date} is not of the year ${notice.year}`,
        );
      else if (isWeekday(day) === works)
        report(
          'notice.no-change',
          at,
          `${date} 本来就${works ? '上班' : '休息'}`,
          `${date} ${works ? 'works' : 'is off'} by the plain week already`,
        );
      else if (exceptions.get(day) === works)
        report('notice.date-twice', at, `${date} 重复列出`, `${date} is listed twice`);
      exceptions.set(day, works);
    });
  const off = new Set(notice.off);
  notice.work.forEach((date, i) => {
    if (off.has(date))
      report('notice.off-and-work', `${path}/work/${i}`, `${date} 既休息又上班`, `${date} is both off and worked`);
  });
}

const belongsTo = (date: string, year: number): boolean =>
  date.slice(0, 4) === String(year) || (date.slice(0, 4) === String(year - 1) && date.slice(5) >= NEXT_NOTICE_FROM);

function yearsOf(given: YearNotice[], report: Report): number[] {
  const years = new Set(builtIn.map(({ year }) => year));
  const seen = new Set<number>();
  given.forEach(({ year }, i) => {
    const at = `/notices/${i}/year`;
    if (!Number.isInteger(year) || year < FIRST_YEAR || year > LAST_YEAR)
      return report('notice.year', at, '不是可用的年份', `not a year from ${FIRST_YEAR} to ${LAST_YEAR}`);
    if (seen.has(year)) report('notice.year-twice', at, `${year} 年给了两次`, `${year} is given twice`);
    seen.add(year);
    years.add(year);
  });
  const sorted = [...years].sort((a, b) => a - b);
  sorted.slice(1).forEach((year, i) => {
    for (let missing = sorted[i]! + 1; missing < year; missing++)
      report('notice.hole', '/notices', `缺少 ${missing} 年`, `${missing} is missing`);
  });
  return sorted;
}

function addClosures(
  closures: Closure[],
  exceptions: ReadonlyMap<Day, boolean>,
  isProvisional: (day: Day) => boolean,
  parts: Map<Day, Closure['part']>,
  report: Report,
): void {
  const ids = new Set<string>();
  const owners = new Map<Day, string>();
  closures.forEach((closure, i) => {
    const at = `/closures/${i}`;
    if (blank(closure.id)) report('closure.unnamed', `${at}/id`, '停办须有编号', 'a closure needs an id');
    else if (ids.has(closure.id))
      report('closure.id-twice', `${at}/id`, `编号 ${closure.id} 重复`, `the id ${closure.id} is given twice`);
    ids.add(closure.id);
    if (blank(closure.basis)) report('closure.no-basis', `${at}/basis`, '停办须写明依据', 'a closure needs its basis');
    if (blank(closure.reason?.zh) || blank(closure.reason?.en))
      report(
        'closure.no-reason',
        `${at}/reason`,
        '停办须写明原因（中英文）',
        'a closure needs its reason in both languages',
      );
    if (!['day', 'morning', 'afternoon'].includes(closure.part))
      report('closure.part', `${at}/part`, '须为 day、morning 或 afternoon', 'must be day, morning or afternoon');
    const from = knownDay(closure.from, `${at}/from`, report);
    const to = knownDay(closure.to, `${at}/to`, report);
    if (from === undefined || to === undefined) return;
    if (from > to) return report('closure.turned-round', `${at}/to`, '结束早于开始', 'ends before it begins');
    if (to - from >= LONGEST_CLOSURE)
      return report('closure.too-long', `${at}/to`, '超过一年', 'is longer than a year');
    const met = new Set<string>();
    let closes = false;
    for (let day = from; day <= to; day++) {
      const owner = owners.get(day);
      if (owner !== undefined && !met.has(owner)) {
        met.add(owner);
        report(
          'closure.conflict',
          at,
          `与停办 ${owner} 同在 ${dateOf(day)}；一天只能有一条，全天停办写 day`,
          `meets closure ${owner} on ${dateOf(day)}; a day has one closure, for all of it write day`,
        );
      }
      owners.set(day, closure.id);
      closes ||= isProvisional(day) || (exceptions.get(day) ?? isWeekday(day));
      parts.set(day, closure.part);
    }
    if (!closes) report('closure.no-change', at, '这些天本来就不上班', 'no day in it has office anyway');
  });
}

const blank = (text: unknown): boolean => typeof text !== 'string' || text.trim() === '';

function knownDay(date: string, path: string, report: Report): Day | undefined {
  try {
    return dayFrom(date);
  } catch {
    report(
      'date.unknown',
      path,
      `没有这个日期：${String(date).slice(0, 20)}`,
      `no such date: ${String(date).slice(0, 20)}`,
    );
    return undefined;
  }
}

function minutesFrom(time: string, path: string, report: Report): number {
  const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time) ?? [];
  if (hour === undefined || minute === undefined) {
    report('hours.time', path, '须为 HH:MM', 'must be HH:MM');
    return NaN;
  }
  return Number(hour) * 60 + Number(minute);
}

/** The State Council's notices that are checked in, no closures, `HOURS`. */
export const NATIONAL: Calendar = makeCalendar({});

/** The instant at which the office closes on `day`. */
export const closingOf = (calendar: Calendar, day: Day): Date => instantAt(day, calendar.closesAt(day));
