/**
 * Compares every day of the published years with packages that others keep: npm run calendar:check.
 *
 * Each difference must be explained in explained-differences.json, each explanation must still be needed; otherwise the program exits with 1.
 */
import { createRequire } from 'node:module';
import { LegalHoliday } from 'tyme4ts';
import chineseDays from 'chinese-days/dist/chinese-days.json' with { type: 'json' };
import manifest from '../package.json' with { type: 'json' };
import explained from './explained-differences.json' with { type: 'json' };

const require = createRequire(import.meta.url);
const isWeekday = (date) => ![0, 6].includes(new Date(`${date}T00:00:00Z`).getUTCDay());

/** Data or lookups by date alone: their functions that take a `Date` go by the zone of the machine. */
const packages = {
  'chinese-days': () => (date) => date in chineseDays.workdays || (isWeekday(date) && !(date in chineseDays.holidays)),
  'holiday-calendar': (years) => {
    const types = new Map(
      years.flatMap((year) =>
        require(`holiday-calendar/data/CN/${year}.json`).dates.map(({ date, type }) => [date, type]),
      ),
    );
    return (date) => (types.has(date) ? types.get(date) === 'transfer_workday' : isWeekday(date));
  },
  tyme4ts: () => (date) => {
    const [year, month, day] = date.split('-').map(Number);
    return LegalHoliday.fromYmd(year, month, day)?.isWork() ?? isWeekday(date);
  },
};

/**
 * `isWorkingDay` takes a date `YYYY-MM-DD`. `differences`: those with a reason in the table; `faults`: what is not explained, and what is
 * explained though it is no difference.
 */
export function crossCheck(years, isWorkingDay) {
  const found = [];
  let days = 0;
  const readers = Object.entries(packages).map(([name, reader]) => [name, reader(years)]);
  const end = Date.UTC(years.at(-1), 11, 31);
  for (let time = Date.UTC(years[0], 0, 1); time <= end; time += 86_400_000, days++) {
    const date = new Date(time).toISOString().slice(0, 10);
    const ours = isWorkingDay(date);
    for (const [name, works] of readers) if (works(date) !== ours) found.push({ package: name, date, ours });
  }
  const key = (one) => `${one.package} ${one.date} ${one.ours}`;
  const reasons = new Map(explained.map((one) => [key(one), one.reason]));
  const keys = new Set(found.map(key));
  return {
    days,
    packages: readers.map(([name]) => `${name} ${manifest.devDependencies[name]}`),
    differences: found.flatMap((one) => (reasons.has(key(one)) ? [{ ...one, reason: reasons.get(key(one)) }] : [])),
    faults: [
      ...found.filter((one) => !reasons.has(key(one))).map((one) => `not explained: ${told(one)}`),
      ...explained.filter((one) => !keys.has(key(one))).map((one) => `explained, but no difference: ${told(one)}`),
    ],
  };
}

const told = ({ package: name, date, ours }) => `${date} is a ${ours ? 'working day' : 'day off'} here, not in ${name}`;

if (import.meta.main) {
  const { isWorkingDay, NATIONAL } = await import('@lianban/calendar/calendar');
  const { years } = NATIONAL;
  const { days, packages: compared, differences, faults } = crossCheck(years, isWorkingDay);
  console.log(`${days} days, ${years[0]} to ${years.at(-1)}, against ${compared.join(', ')}`);
  for (const one of differences) console.log(`${told(one)}: ${one.reason}`);
  for (const fault of faults) console.error(fault);
  console.log(`${differences.length} differences explained, ${faults.length} faults`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
