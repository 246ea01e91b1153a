import { existsSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';

/** A process by number and start time, since numbers are used again. */
export interface ProcessMark {
  pid: number;
  started: string;
}

/** When the process began, in the system's own words; undefined when there is none (a dead one nobody has waited for counts as none). */
function startOf(pid: number): string | undefined {
  try {
    if (!existsSync('/proc/self/stat')) {
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
    }
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may hold anything; what counts follows the last bracket: state is field 3, start time field 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

export const markOf = (pid: number): ProcessMark => ({ pid, started: startOf(pid) ?? 'gone' });

export const isAlive = ({ pid, started }: ProcessMark): boolean => startOf(pid) === started;

/** Sends the signal if the process still is the one that was marked. */
export function signal(mark: ProcessMark, name: NodeJS.Signals): void {
  try {
    if (isAlive(mark)) process.kill(mark.pid, name);
  } catch {
    // It ended in between.
  }
}
