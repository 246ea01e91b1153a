/** The engine: folds signals into the state of a joint case. It is pure and knows no procedure by name. */
import type { Procedure } from './procedure.js';
import type { Bilingual, BodyRef, LocalityRef, Place, Product } from './shapes.js';

export type { Procedure } from './procedure.js';

/** One body's share of a step. A decision is final; only an all-or-none step that fails takes it back (`recalled`). */
export interface TaskState {
  id: string;
  body: BodyRef;
  status: 'open' | 'approved' | 'refused' | 'recalled';
  dueAt: string | null;
  provisional: boolean;
  certificate: string | null;
}

/** `attempt` counts from 1; a parcel that was lost or came back waits to be sent again. */
export interface ParcelState {
  id: string;
  from: Place;
  to: Place;
  status: 'under-way' | 'lost' | 'returned' | 'delivered';
  attempt: number;
  dueAt: string | null;
  provisional: boolean;
}

/** `stopped`: the case ended before the step did. Times are RFC 3339 instants. */
export interface StepState {
  status: 'pending' | 'skipped' | 'open' | 'done' | 'stopped';
  since: string | null;
  tasks: TaskState[];
  parcels: ParcelState[];
}

/** JSON-safe. Holds nothing personal: conditions on the form are settled when the case opens. */
export interface CaseState {
  caseId: string;
  status: 'open' | 'suspended' | 'approved' | 'refused';
  receivingLocality: LocalityRef;
  parties: Record<string, BodyRef[]>;
  dueAt: string | null;
  provisional: boolean;
  applicantDone: boolean;
  steps: Record<string, StepState>;
}

export type Signal =
  | {
      type: 'task-decided';
      taskId: string;
      outcome: 'approve' | 'refuse';
      reason?: string;
      certificate?: { number: string };
    }
  | {
      type: 'parcel-delivered' | 'parcel-lost' | 'parcel-returned' | 'parcel-resent';
      parcelId: string;
      /** Which posting the signal is about; one about an earlier posting than the current is late. */
      attempt?: number;
    };

export type Effect =
  | {
      type: 'request-task';
      taskId: string;
      stepId: string;
      party: string;
      body: BodyRef;
      dueAt: string | null;
      provisional: boolean;
      limitBasis: string | null;
      produces: Product[];
    }
  | { type: 'recall-task'; taskId: string; stepId: string; body: BodyRef; reason: string; wasDecided: boolean }
  | {
      type: 'request-parcel';
      parcelId: string;
      stepId: string;
      contents: 'originals' | 'results';
      from: Place;
      to: Place;
      payer: string;
    }
  | { type: 'suspend'; stepId: string; reason: 'parcel-lost' | 'parcel-returned' }
  | { type: 'resume'; stepId: string }
  | { type: 'applicant-done' }
  | { type: 'conclude'; outcome: 'approved' | 'refused'; reason: string | null };

export interface Opening {
  caseId: string;
  receivingLocality: LocalityRef;
  parties: Record<string, BodyRef[]>;
  form: Record<string, unknown>;
  /** When the application came in: the total limit runs from here. */
  receivedAt: Date;
  now: Date;
}

export interface Step {
  state: CaseState;
  effects: Effect[];
}

/** Whom an open step waits for. `body` is never missing: for a parcel it is the body that sends it, or else receives it. */
export interface Waiting {
  stepId: string;
  stepName: Bilingual;
  on: 'body' | 'courier';
  body: BodyRef;
  taskId: string | null;
  parcel: { parcelId: string; from: Place; to: Place; status: ParcelState['status'] } | null;
  since: string;
  dueAt: string | null;
  provisional: boolean;
  suspended: boolean;
}

export type OpenCase = (
  procedure: Procedure,
  opening: Opening,
) => { state: CaseState; effects: Effect[]; dueAt: string | null; provisional: boolean };
