/**
 * One running limit, from its start over pauses and an extension to its end. A clock is plain JSON and is never changed; each function returns the
 * clock after what happened.
 *
 * A day counts when the clock runs at its closing time, a half day when it runs at its end. So a pause takes out exactly the working days (or
 * calendar days, for limits in calendar days and months) whose closing time comes after its beginning and not after its end, and adds as
 * many behind. Where several pauses overlap, a day is taken out once.
 */
import type { Calendar } from './calendar.js';
import { type Course, type Standstill, checkInstant, checkLimit, endOf, nearEndOf } from './counting.js';
import type { Limit } from './deadline.js';

/**
 * Why a clock stands still: a restriction or another ground to wait (`suspend`), a hearing, inspection, appraisal and the like, whose time does
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
  /** Granted by the head of the body or the government concerned (行政许可法 42: ten working days, fifteen for joint handling). */
  extension: Limit | null;
  pauses: Pause[];
}

/** A step that this clock cannot take. `code` is stable. */
export class ClockRefused extends Error {
  constructor(
    readonly code: 'before-start' | 'paused-already' | 'not-paused' | 'before-pause' | 'extended-already',
    message: string,
  ) {
    super(message);
    this.name = 'ClockRefused';
  }
}

/**
 * Limits of the licensing law: 20 working days, 45 in joint handling (行政许可法 42), 10 to hand over the certificate (44). Throws RangeError
 * for a limit or an instant that is none.
 */
export function startClock({ value, unit }: Limit, at: Date): Clock {
  checkLimit({ value, unit });
  checkInstant(at);
  return { startedAt: at.toISOString(), limit: { value, unit }, extension: null, pauses: [] };
}

/** Throws ClockRefused before the start, and where a pause of this kind is open. Different kinds may be open at once. */
export function pause(clock: Clock, why: PauseReason, at: Date): Clock {
  checkInstant(at);
  if (at < instantFrom(clock.startedAt))
    throw new ClockRefused('before-start', 'a clock cannot pause before it starts');
  if (openPause(clock, why)) throw new ClockRefused('paused-already', `the clock is paused already: ${why}`);
  return { ...clock, pauses: [...clock.pauses, { from: at.toISOString(), to: null, why }] };
}

/** Ends the open pause of this kind; the rest of the limit runs on once none is open. Throws ClockRefused where there is none, and before it began. */
export function resume(clock: Clock, why: PauseReason, at: Date): Clock {
  checkInstant(at);
  const open = openPause(clock, why);
  if (!open) throw new ClockRefused('not-paused', `the clock is not paused: ${why}`);
  if (at < instantFrom(open.from)) throw new ClockRefused('before-pause', 'a pause cannot end before it begins');
  return { ...clock, pauses: clock.pauses.map((one) => (one === open ? { ...one, to: at.toISOString() } : one)) };
}

/** Interrupts (中断): the whole limit starts afresh at `at`, and so does the right to extend it. A pause that is open stays open. */
export function restart(clock: Clock, at: Date): Clock {
  if (at < instantFrom(clock.startedAt))
    throw new ClockRefused('before-start', 'a clock cannot restart before it starts');
  const fresh = startClock(clock.limit, at);
  const open = clock.pauses.filter(({ to }) => to === null);
  return { ...fresh, pauses: open.map(({ why }) => ({ from: fresh.startedAt, to: null, why })) };
}

/**
 * In the limit's own unit the two make one longer limit; in another unit the extension starts where the limit ends. Throws ClockRefused for a second
 * extension, RangeError for one of nothing.
 */
export function extend(clock: Clock, { value, unit }: Limit): Clock {
  checkLimit({ value, unit });
  if (value === 0) throw new RangeError('an extension of nothing');
  if (clock.extension) throw new ClockRefused('extended-already', 'a limit is extended once only');
  return { ...clock, extension: { value, unit } };
}

export const isPaused = (clock: Clock): boolean => clock.pauses.some(({ to }) => to === null);

/** `dueAt` is null while a pause lasts that began before the end; one that began later moves nothing. Throws RangeError for a clock that is none. */
export const dueOf = (clock: Clock, calendar: Calendar): { dueAt: Date | null; provisional: boolean } =>
  endOf(courseOf(clock), calendar) ?? { dueAt: null, provisional: false };

/**
 * From when on the end is near: a fifth of the limit is left (whole days, rounded down; after an extension in another unit, a fifth of that), at the latest
 * half an office day before the end. On a working day, not before the start. Null while the clock stands still. Throws as `dueOf`.
 */
export const atRiskAt = (clock: Clock, calendar: Calendar): Date | null => nearEndOf(courseOf(clock), calendar);

const openPause = (clock: Clock, why: PauseReason): Pause | undefined =>
  clock.pauses.find((one) => one.why === why && one.to === null);

function courseOf({ startedAt, limit, extension, pauses }: Clock): Course {
  checkLimit(limit);
  if (extension) checkLimit(extension);
  return { from: instantFrom(startedAt), limits: limitsOf(limit, extension), standstills: unionOf(pauses) };
}

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
