/** A procedure (流程) is versioned data: which body does which step after which, with what limit, and what comes out of it. */
import type { LimitUnit } from '@lianban/calendar/deadline';
import type { Bilingual, Product } from './shapes.js';

/** 全程网办, 异地代收代办, 多地联办, 异地授权. */
export type Mode = 'online' | 'proxy' | 'joint' | 'delegated';

/**
 * A time limit as a source states it; where none does, the limit is null and no date is made up.
 * `basis` cites the source. `since`: the clock runs from the opening of that earlier step, for limits that cover several steps.
 */
export interface Limit {
  value: number;
  unit: LimitUnit;
  kind: 'statutory' | 'regulation' | 'promised';
  basis: string;
  since?: string;
}

/**
 * Who takes part. The body is found at run time by `function` and by the locality named in the form (or the receiving one);
 * with `many` the form field is a list and a step of this party becomes one task per body.
 */
export interface Party {
  name: Bilingual;
  function: string;
  localities: { form: string } | { receiving: true };
  many?: true;
  /** A party whose body must be another one: nothing is transferred from a body to itself. */
  differsFrom?: string;
}

/** What the applicant hands in; `original`: the paper itself is handed in and travels by courier. */
export interface Material {
  kind: string;
  name: Bilingual;
  necessity: 'needed' | 'tolerable' | 'optional';
  original?: boolean;
  note?: Bilingual;
}

/** A condition on one field of the form. More is left out on purpose (ADR 5). */
export type Condition = { field: string; equals: string | number | boolean } | { field: string; present: boolean };

interface StepBase {
  id: string;
  name: Bilingual;
  /** Steps that must be complete before; empty = at once. */
  after: string[];
  limit: Limit | null;
  /** The step is left out, and counts as complete for joins, unless the form meets the condition. */
  when?: Condition;
  note?: Bilingual;
}

/** Work of a body, or of each body of a `many` party, that ends with a decision. */
export interface TaskStep extends StepBase {
  kind: 'task';
  party: string;
  produces: Product[];
  /** What a refusal does: ends the case (default), or is recorded while the case goes on. */
  onReject?: 'end' | 'continue';
  /** `all-or-none`: one refusal takes back what the other bodies of this step were asked or have decided. Default `each`. */
  acceptance?: 'each' | 'all-or-none';
}

export type ParcelEnd = 'window' | { party: string };

/** A sealed parcel; `contents`: the applicant's originals, or what the sender issued. `payer`: `window` or a party. */
export interface ParcelStep extends StepBase {
  kind: 'parcel';
  contents: 'originals' | 'results';
  from: ParcelEnd;
  to: ParcelEnd;
  payer: string;
}

export type Step = TaskStep | ParcelStep;

export interface Procedure {
  id: string;
  version: string;
  name: Bilingual;
  mode: Mode;
  /** Where the steps and limits were read. */
  sources: string[];
  /** What the sources leave open. */
  gaps: Bilingual[];
  preconditions: Bilingual[];
  /** JSON Schema 2020-12 of what the applicant states. */
  form: Record<string, unknown>;
  parties: Record<string, Party>;
  materials: Material[];
  totalLimit: Limit | null;
  /** The applicant has what they came for when these steps are complete; others may stay open. */
  applicantDone: string[];
  steps: Step[];
}
