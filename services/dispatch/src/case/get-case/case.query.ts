import type { Actor } from '@lianban/access/actor';
import { may } from '@lianban/access/policy';
import type { BodyRef, ItemRef, LocalityRef, ProcedureRef } from '@lianban/contracts-catalog/shapes';
import type { Database } from '@lianban/eventing/database';
import { caseNotFound } from '../case.errors.js';
import type { CaseStatus, Waiting } from '../joint-case.js';

/** A case as its parties see it. The applicant is not part of it: the application is intake's to show. */
export interface CaseView {
  id: string;
  caseNo: string;
  item: ItemRef;
  procedure: ProcedureRef;
  receivingLocality: LocalityRef;
  parties: Record<string, BodyRef[]>;
  status: CaseStatus;
  waitingOn: Waiting[];
  dueAt: Date | null;
  provisional: boolean;
  receivedAt: Date;
  openedAt: Date | null;
  applicantDoneAt: Date | null;
  concludedAt: Date | null;
}

export const caseViewColumns = `id, case_no as "caseNo", item, jsonb_build_object('id', procedure_id, 'version', procedure_version) as procedure,
  receiving_locality as "receivingLocality", parties, status, waiting_on as "waitingOn", due_at as "dueAt", provisional,
  received_at as "receivedAt", opened_at as "openedAt", applicant_done_at as "applicantDoneAt", concluded_at as "concludedAt"`;

/** The case, if there is one and the actor may read it; otherwise `case.not-found`. */
export async function getReadableCase(database: Database, actor: Actor, id: string): Promise<CaseView> {
  const [row] = await database.query<CaseView & { localities: string[] }>({
    name: 'case-view',
    text: `select ${caseViewColumns}, localities from joint_case where id = $1`,
    values: [id],
  });
  if (!row || !may(actor, 'case.read', { localities: row.localities })) throw caseNotFound();
  const { localities: _, ...view } = row;
  return view;
}
