import type { Database } from '@lianban/eventing/database';
import type { TimelineEntry } from '../joint-case.js';

export type TimelineRow = Omit<TimelineEntry, 'caseId'>;

/** Entries after number `after`, oldest first; at most 500. */
export const readTimeline = (database: Database, caseId: string, after: number): Promise<TimelineRow[]> =>
  database.query<TimelineRow>({
    name: 'timeline',
    text: `select n, at, change, status, step, body, text from case_timeline where case_id = $1 and n > $2 order by n limit 500`,
    values: [caseId, after],
  });
