/**
 * One running limit. A clock is plain JSON and never changes; each function returns the clock after what happened. What counts is told in
 * docs/calendar.md: a day counts when the clock runs at its closing time, so a pause takes out exactly the closing times that lie in it.
 */
import { type Calendar, NATIONAL } from './calendar.js';
import {
  type Limit,
  type Standstill,
  checkInstant,
  checkLimit,
  halfBefore,
  halfEnd,
  lastHalf,
  receivedOn,
} from './counting.js';
import { isProvisional } from './deadline.js';
import { instantAt } from './working-days.js';

/**
 * Why a clock stands still: a restriction or another ground to wait (`suspend`), a hearing, inspection, appraisal and the like whose time does
 * not count (`special-procedure`, 行政许可法 45), or the applicant putting the material right (`correction`).
 */
export type PauseReason = 'suspend' | 'special-procedure' | 'correction';

/** Instants are RFC 3339. `to` is null while the pause lasts. */
export interface Pause {
  from: string;
  to: string | null;
  why: PauseReason;
}

export interface Clock {
  startedAt: string;
  limit: Limit;
  /** Granted by who may (行政许可法 42: ten working days for one body, fifteen for joint handling); runs on where the limit ends. */
  extension: Limit | null;
  pauses: Pause[];
}

/** A step the clock cannot take. `code` is stable. */
export class ClockRefused extends Error {
  constructor(
    readonly code: 'before-start' | 'paused-already' | 'not-paused' | 'before-pause' | 'extended-already',
    message: string,
  ) {
    super(message);
    this.name = 'ClockRefused';
  }
}

/** Throws RangeError for a limit or an instant that is none. */
export function startClock(limit: Limit, at: Date): Clock {
  checkLimit(limit);
  checkInstant(at);
  return { startedAt: at.toISOString(), limit: { ...limit }, extension: null, pauses: [] };
}

/** Pauses of different kinds may overlap; together they count once. Throws ClockRefused where this kind is open, or before the start. */
export function pause(clock: Clock, why: PauseReason, at: Date): Clock {
  checkInstant(at);
  if (at < instantFrom(clock.startedAt))
    throw new ClockRefused('before-start', 'a clock cannot pause before it starts');
  if (openPause(clock, why)) throw new ClockRefused('paused-already', `the clock is paused already: ${why}`);
  return { ...clock, pauses: [...clock.pauses, { from: at.toISOString(), to: null, why }] };
}

/** Ends the open pause of this kind; the rest of the limit runs on. Throws ClockRefused where there is none, or before it began. */
export function resume(clock: Clock, why: PauseReason, at: Date): Clock {
  checkInstant(at);
  const open = openPause(clock, why);
  if (!open) throw new ClockRefused('not-paused', `the clock is not paused: ${why}`);
  if (at < instantFrom(open.from)) throw new ClockRefused('before-pause', 'a pause cannot end before it begins');
  return { ...clock, pauses: clock.pauses.map((one) => (one === open ? { ...open, to: at.toISOString() } : one)) };
}

/** Interrupts (中断): the whole limit starts afresh at `at`, without extension. A pause that is open goes on. */
export function restart(clock: Clock, at: Date): Clock {
  const open = clock.pauses.filter(({ to }) => to === null);
  const fresh = startClock(clock.limit, at);
  return { ...fresh, pauses: open.map(({ why }) => ({ from: fresh.startedAt, to: null, why })) };
}

/** Once only: throws ClockRefused for the second. Throws RangeError for an extension of nothing. */
export function extend(clock: Clock, extension: Limit): Clock {
  checkLimit(extension);
  if (extension.value === 0) throw new RangeError('an extension must be longer than nothing');
  if (clock.extension) throw new ClockRefused('extended-already', 'a limit is extended once only');
  return { ...clock, extension: { ...extension } };
}

export const isPaused = (clock: Clock): boolean => clock.pauses.some(({ to }) => to === null);

/** `dueAt` is null while a pause lasts that began before the end; one that began after it moves nothing. */
export function dueOf(clock: Clock, calendar: Calendar = NATIONAL): { dueAt: Date | null; provisional: boolean } {
  const { startedAt, limits, standstills } = read(clock);
  const half = lastHalf(limits, receivedOn(startedAt, calendar), calendar, standstills);
  if (half === null) return { dueAt: null, provisional: false };
  const dueAt = halfEnd(half, calendar);
  return { dueAt, provisional: isProvisional(startedAt, dueAt, calendar) };
}

/**
 * From when on the end is near: a fifth of the limit is left (whole days, rounded down), at the latest half an office day before the end. It lies on
 * a working day, not before the start. Null while the clock stands still.
 */
export function atRiskAt(clock: Clock, calendar: Calendar = NATIONAL): Date | null {
  const { startedAt, limits, standstills } = read(clock);
  const received = receivedOn(startedAt, calendar);
  const end = lastHalf(limits, received, calendar, standstills);
  if (end === null) return null;
  const fifth = lastHalf(limits, received, calendar, standstills, true)!;
  const near = halfEnd(Math.min(fifth, halfBefore(end, calendar, standstills)), calendar);
  return new Date(Math.max(near.getTime(), startedAt.getTime(), instantAt(received, 0).getTime()));
}

const openPause = (clock: Clock, why: PauseReason): Pause | undefined =>
  clock.pauses.find((one) => one.why === why && one.to === null);

/** What the counting needs. Throws RangeError for instants and limits that are none. */
function read(clock: Clock): { startedAt: Date; limits: Limit[]; standstills: Standstill[] } {
  const { limit, extension, pauses } = clock;
  checkLimit(limit);
  if (extension) checkLimit(extension);
  return { startedAt: instantFrom(clock.startedAt), limits: limitsOf(limit, extension), standstills: unionOf(pauses) };
}

/** An extension in the limit's own unit makes one longer limit; another unit starts where the limit ends. */
function limitsOf(limit: Limit, extension: Limit | null): Limit[] {
  if (!extension) return [limit];
  if (extension.unit === limit.unit) return [{ value: limit.value + extension.value, unit: limit.unit }];
  return [limit, extension];
}

function unionOf(pauses: readonly Pause[]): Standstill[] {
  const union: Standstill[] = [];
  const all = pauses.map(({ from, to }) => ({
    from: instantFrom(from).getTime(),
    to: to === null ? Infinity : instantFrom(to).getTime(),
  }));
  for (const { from, to } of all.sort((a, b) => a.from - b.from)) {
    if (to < from) throw new RangeError('a pause cannot end before it begins');
    const last = union.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else union.push({ from, to });
  }
  return union;
}

function instantFrom(text: string): Date {
  const instant = new Date(text);
  checkInstant(instant);
  return instant;
}
