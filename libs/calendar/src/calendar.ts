/**
 * The calendar a limit is counted on: the State Council's notices, closures of local offices, office hours. A calendar is a value; a year's
 * notice or a closure that comes later makes another one.
 */
import { type Day, dateOf, dayFrom, dayOf, isWeekday, notices as builtIn, workingDays } from './working-days.js';

/** One year's notice of the State Council's General Office on holidays (国务院办公厅关于部分节假日安排的通知). Dates are `YYYY-MM-DD`. */
export interface YearNotice {
  year: number;
  /** Its number, such as 国办发明电〔2025〕7号. */
  notice: string;
  /** Where it was read. */
  source: string;
  /** Weekdays without office. The last week of December before may be arranged too. */
  off: string[];
  /** Saturdays and Sundays with office (调休). */
  work: string[];
}

/** The offices of a place are closed on every day from `from` to `to`, both included. */
export interface Closure {
  id: string;
  from: string;
  to: string;
  /** `afternoon`: the office closes at noon. `morning`: it opens at noon. Either way the day stays a working day. */
  part: 'day' | 'morning' | 'afternoon';
  reason: { zh: string; en: string };
  /** The decision or announcement it rests on. */
  basis: string;
}

/** `HH:MM` in China time. The first half of a working day ends at noon. */
export interface Hours {
  closesAt: string;
  noon: string;
}
export const HOURS: Hours = { closesAt: '17:00', noon: '12:00' };

/** Pure, made by `makeCalendar`. Each question costs a few steps, however far the days are apart. */
export interface Calendar {
  /** The years whose notice is known, ascending, none missing between them. */
  readonly years: readonly number[];
  /** By the notice of its year where there is one, otherwise by the weekend alone: see `isProvisional`. */
  isWorking(day: Day): boolean;
  /** Whether a notice that is not known here may still change what `day` is. */
  isProvisional(day: Day): boolean;
  /** When the office closes, in minutes after midnight; on a day without office, when it would. */
  closesAt(day: Day): number;
  /** When the first half of the office day ends: at noon, or at closing time where the morning is closed. */
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

/** Nothing is counted outside these years. */
export const FIRST_YEAR = 1900;
export const LAST_YEAR = 2199;
/** Every notice so far arranged nothing of the year before earlier than 29 December; from here on it may. */
const NEXT_NOTICE_FROM = '12-25';
/** A closure that is longer is a mistake. */
const LONGEST_CLOSURE = 366;

export interface CalendarOptions {
  /**
   * Beyond the years that are built in. One of those may be given as well and then replaces what is built in: the State Council changed 2015, 2019 and
   * 2020 when they had been arranged.
   */
  notices?: YearNotice[];
  closures?: Closure[];
  hours?: Hours;
}

/**
 * Throws CalendarInvalid with all that is wrong.
 * Notices: a year missing between others or given twice; no number or source; a date that does not exist, is not the year's, is listed twice, is
 * both off and worked, or changes nothing. Closures: no id, basis or reason, an id used twice, unknown part or dates, from after
 * to, longer than a year, two on one day, or no office day in it. Hours: no time of day, or noon not before closing.
 */
export function makeCalendar(options: CalendarOptions): Calendar {
  const findings: CalendarFinding[] = [];
  const report: Report = (code, path, zh, en) => findings.push({ code, path, message: { zh, en } });

  const exceptions = new Map<Day, boolean>();
  const years = addNotices(options.notices ?? [], exceptions, report);
  const firstFirm = dayFrom(`${years[0]!}-01-01`);
  const lastFirm = dayFrom(`${years.at(-1)!}-${NEXT_NOTICE_FROM}`) - 1;
  const isProvisional = (day: Day): boolean => day < firstFirm || day > lastFirm;

  const mayWork = (day: Day): boolean => isProvisional(day) || (exceptions.get(day) ?? isWeekday(day));
  const closed = closedParts(options.closures ?? [], mayWork, report);

  const hours = options.hours ?? HOURS;
  const closing = minutesFrom(hours.closesAt, '/hours/closesAt', report);
  const noon = minutesFrom(hours.noon, '/hours/noon', report);
  if (noon >= closing) report('hours.order', '/hours/noon', '中午须早于下班时间', 'noon must come before closing time');

  if (findings.length > 0) throw new CalendarInvalid(findings);
  for (const [day, part] of closed) if (part === 'day') exceptions.set(day, false);
  return {
    years,
    isProvisional,
    ...workingDays(exceptions),
    closesAt: (day) => (closed.get(day) === 'afternoon' ? noon : closing),
    halfEndsAt: (day) => (closed.get(day) === 'morning' ? closing : noon),
  };
}

type Report = (code: string, path: string, zh: string, en: string) => void;

/** Enters every date that a notice changes; returns the years with a notice. */
function addNotices(given: YearNotice[], exceptions: Map<Day, boolean>, report: Report): number[] {
  const known = new Map<number, { notice: YearNotice; path: string }>();
  for (const notice of builtIn) known.set(notice.year, { notice, path: '/built-in' });
  const seen = new Set<number>();
  objects(given, '/notices', report).forEach(([notice, path]) => {
    const { year } = notice;
    if (!Number.isInteger(year) || year < FIRST_YEAR || year > LAST_YEAR)
      return report('notice.year', `${path}/year`, '不是可用的年份', `not a year from ${FIRST_YEAR} to ${LAST_YEAR}`);
    if (seen.has(year))
      return report('notice.year-twice', `${path}/year`, `${year} 年给了两次`, `${year} is given twice`);
    seen.add(year);
    known.set(year, { notice, path });
  });

  const years = [...known.keys()].sort((a, b) => a - b);
  for (const [i, year] of years.slice(1).entries()) {
    const [first, last] = [years[i]! + 1, year - 1];
    const gap = first === last ? `${first}` : `${first}–${last}`;
    if (first <= last) report('notice.hole', '/notices', `缺少 ${gap} 年`, `no notice for ${gap}`);
  }
  for (const year of years) {
    const { notice, path } = known.get(year)!;
    for (const name of ['notice', 'source'] as const)
      if (blank(notice[name]))
        report('notice.unnamed', `${path}/${name}`, '须写明文号和出处', 'number and source must be named');
    for (const list of ['off', 'work'] as const) addDates(notice, list, `${path}/${list}`, exceptions, report);
  }
  return years;
}

function addDates(
  notice: YearNotice,
  list: 'off' | 'work',
  path: string,
  exceptions: Map<Day, boolean>,
  report: Report,
): void {
  const { year, [list]: dates } = notice;
  const works = list === 'work';
  if (!Array.isArray(dates)) return report('shape', path, '须为列表', 'must be a list');
  for (const [i, date] of dates.entries()) {
    const at = `${path}/${i}`;
    const day = knownDay(date, at, report);
    if (day === undefined) continue;
    const before = exceptions.get(day);
    if (date.slice(0, 4) !== `${year}` && !(date.slice(0, 4) === `${year - 1}` && date.slice(5) >= NEXT_NOTICE_FROM))
      report('notice.other-year', at, `${date} 不归 ${year} 年的通知安排`, `${date} is not for the notice of ${year}`);
    else if (before === works) report('notice.date-twice', at, `${date} 重复列出`, `${date} is listed twice`);
    else if (before !== undefined)
      report('notice.off-and-work', at, `${date} 既放假又上班`, `${date} is both off and worked`);
    else if (isWeekday(day) === works)
      report(
        'notice.no-change',
        at,
        `${date} 本来就${works ? '上班' : '休息'}`,
        `${date} is ${works ? 'worked' : 'off'} anyway`,
      );
    exceptions.set(day, works);
  }
}

/** What is closed on which day. */
function closedParts(closures: Closure[], mayWork: (day: Day) => boolean, report: Report): Map<Day, Closure['part']> {
  const parts = new Map<Day, Closure['part']>();
  const owners = new Map<Day, string>();
  const ids = new Set<string>();
  for (const [closure, path] of objects(closures, '/closures', report)) {
    const { id, part, reason, basis } = closure;
    if (blank(id)) report('closure.no-id', `${path}/id`, '停办须有编号', 'a closure needs an id');
    else if (ids.has(id)) report('closure.id-twice', `${path}/id`, `编号 ${id} 重复`, `the id ${id} is used twice`);
    ids.add(id);
    if (blank(basis)) report('closure.no-basis', `${path}/basis`, '停办须写明依据', 'a closure needs its basis');
    if (blank(reason?.zh) || blank(reason?.en))
      report(
        'closure.no-reason',
        `${path}/reason`,
        '停办须以中英文写明原因',
        'a closure needs its reason in both languages',
      );
    if (!['day', 'morning', 'afternoon'].includes(part))
      report('closure.part', `${path}/part`, '须为 day、morning 或 afternoon', 'must be day, morning or afternoon');
    const from = knownDay(closure.from, `${path}/from`, report);
    const to = knownDay(closure.to, `${path}/to`, report);
    if (from === undefined || to === undefined) continue;
    if (from > to) report('closure.from-after-to', `${path}/from`, '开始晚于结束', 'begins after it ends');
    else if (to - from >= LONGEST_CLOSURE)
      report('closure.too-long', `${path}/to`, '超过一年', 'is longer than a year');
    else {
      const all = Array.from({ length: to - from + 1 }, (_, i) => from + i);
      const met = all.find((day) => owners.has(day));
      if (met !== undefined)
        report(
          'closure.conflict',
          path,
          `${dateOf(met)} 已有停办 ${owners.get(met)!}；一天只能有一条，全天停办写 day`,
          `${dateOf(met)} has closure ${owners.get(met)!} already; a day has one closure, for all of it write day`,
        );
      if (!all.some(mayWork)) report('closure.no-change', path, '这些天本来就不上班', 'no office day lies in it');
      for (const day of all) {
        owners.set(day, id);
        parts.set(day, part);
      }
    }
  }
  return parts;
}

/** The objects of a list with their path; what is none is reported. */
function objects<T extends object>(list: T[], path: string, report: Report): [T, string][] {
  if (!Array.isArray(list)) {
    report('shape', path, '须为列表', 'must be a list');
    return [];
  }
  return list.flatMap((one, i): [T, string][] => {
    if (typeof one === 'object' && one !== null) return [[one, `${path}/${i}`]];
    report('shape', `${path}/${i}`, '须为对象', 'must be an object');
    return [];
  });
}

const blank = (text: unknown): boolean => typeof text !== 'string' || text.trim() === '';

function knownDay(date: string, path: string, report: Report): Day | undefined {
  try {
    const day = dayFrom(date);
    if (day >= dayFrom(`${FIRST_YEAR}-01-01`) && day <= dayFrom(`${LAST_YEAR}-12-31`)) return day;
  } catch {
    // Reported below, with the dates that are out of range.
  }
  report(
    'date.unknown',
    path,
    `须为 ${FIRST_YEAR} 至 ${LAST_YEAR} 年间的日期 YYYY-MM-DD`,
    `must be a date YYYY-MM-DD from ${FIRST_YEAR} to ${LAST_YEAR}`,
  );
  return undefined;
}

function minutesFrom(time: string, path: string, report: Report): number {
  const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(time) ?? [];
  if (hour !== undefined && minute !== undefined) return Number(hour) * 60 + Number(minute);
  report('hours.time', path, '须为 HH:MM', 'must be HH:MM');
  return NaN;
}

/** The State Council's notices that are checked in, no closures, `HOURS`. */
export const NATIONAL: Calendar = makeCalendar({});

/** By `NATIONAL`. Takes an instant (its day in China) or a date `YYYY-MM-DD`. */
export const isWorkingDay = (date: Date | string): boolean =>
  NATIONAL.isWorking(typeof date === 'string' ? dayFrom(date) : dayOf(date));
