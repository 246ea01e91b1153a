import type { BodyRef, Bilingual, ItemRef, LocalityRef, ProcedureRef } from '@lianban/contracts-catalog/shapes';
import type { Applicant, MaterialRef } from '@lianban/contracts-intake/shapes';
import type { CaseState, waitingOn } from '@lianban/procedure/engine';

export const CASE_STATUSES = ['awaiting-procedure', 'open', 'suspended', 'approved', 'refused'] as const;
export type CaseStatus = (typeof CASE_STATUSES)[number];

/** Whom the case waits for, as the engine states it. */
export type Waiting = ReturnType<typeof waitingOn>[number];

/** A certificate a body issued in this case; it travels with the parcel that carries the results. */
export interface IssuedCertificate {
  kind: string;
  name: Bilingual;
  number: string;
  bodyId: string;
}

/** What never changes after the application came in; kept because each task carries it to its body. */
export interface Application {
  id: string;
  caseNo: string;
  item: ItemRef;
  procedure: ProcedureRef;
  receivingLocality: LocalityRef;
  parties: Record<string, BodyRef[]>;
  applicant: Applicant;
  form: Record<string, unknown>;
  materials: MaterialRef[];
  correlationId: string;
  receivedAt: Date;
}

/** `changes` is the number of the last timeline entry; `state` is the engine's and null until the procedure is known. */
export interface JointCase extends Application {
  status: CaseStatus;
  changes: number;
  state: CaseState | null;
  waitingOn: Waiting[];
  certificates: IssuedCertificate[];
  dueAt: Date | null;
  provisional: boolean;
  openedAt: Date | null;
  applicantDoneAt: Date | null;
  concludedAt: Date | null;
}

export type Change =
  | 'awaiting-procedure'
  | 'opened'
  | 'task-requested'
  | 'task-approved'
  | 'task-refused'
  | 'task-recalled'
  | 'parcel-requested'
  | 'parcel-delivered'
  | 'parcel-lost'
  | 'parcel-returned'
  | 'parcel-resent'
  | 'suspended'
  | 'resumed'
  | 'applicant-done'
  | 'approved'
  | 'refused'
  | 'signal-ignored';

/** One change of a case: no personal data, so neither applicant nor anybody's free text. `n` counts from 1 without a gap. */
export interface TimelineEntry {
  caseId: string;
  n: number;
  at: Date;
  change: Change;
  status: 'open' | 'suspended' | 'approved' | 'refused';
  step: { id: string; name: Bilingual } | null;
  body: BodyRef | null;
  text: Bilingual;
}

export function newCase(application: Application): JointCase {
  return {
    ...application,
    status: 'awaiting-procedure',
    changes: 0,
    state: null,
    waitingOn: [],
    certificates: [],
    dueAt: null,
    provisional: false,
    openedAt: null,
    applicantDoneAt: null,
    concludedAt: null,
  };
}

/** Codes of all places that take part: who of them asks may read the case. */
export const localitiesOf = (application: Application): string[] => [
  ...new Set([
    application.receivingLocality.code,
    ...Object.values(application.parties).flatMap((bodies) => bodies.map((body) => body.locality.code)),
  ]),
];
