/** A procedure (流程) is versioned data: which body does which step after which, with what limit, and what comes out of it. */
import type { LimitUnit } from '@lianban/calendar/deadline';
import { Ajv2020, type AnySchema, type ValidateFunction } from 'ajv/dist/2020.js';
import { check } from './checks.js';
import { documentSchema } from './document-schema.js';
import { findingsOf } from './schema-findings.js';
import type { Bilingual, BodyRef, Finding, Product } from './shapes.js';

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
 * with `many` the form field is a list, or several fields are named, and a step of this party becomes one task per body.
 */
export interface Party {
  name: Bilingual;
  function: string;
  localities: { form: string } | { forms: string[] } | { receiving: true };
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

/** A sealed parcel; `contents`: the applicant's originals, or what the sender issued. `payer`: the receiving or the competent place, … */
export interface ParcelStep extends StepBase {
  kind: 'parcel';
  contents: 'originals' | 'results';
  from: ParcelEnd;
  to: ParcelEnd;
  payer: 'receiving' | 'competent' | 'applicant' | 'body';
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

/** The document is no procedure a case could run by; `findings` names every fault. */
export class ProcedureInvalid extends Error {
  override readonly name = 'ProcedureInvalid';
  constructor(readonly findings: readonly Finding[]) {
    super(findings.map(({ path, message }) => `${path} ${message.en}`).join('; '));
  }
}

const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  strictRequired: false,
  allowUnionTypes: true,
  discriminator: true,
});
// What people call a field in English; `title` is the Chinese name.
ajv.addVocabulary(['x-title-en']);
const fitsDocument = ajv.compile<Procedure>(documentSchema);

/** The document as a procedure. Throws `ProcedureInvalid` with all findings at once. */
export function parseProcedure(document: unknown): Procedure {
  if (!fitsDocument(document))
    throw new ProcedureInvalid(
      findingsOf(fitsDocument.errors).map((finding) => ({ ...finding, code: 'procedure.invalid' })),
    );
  const findings = [...checkFormSchema(document.form), ...check(document)];
  if (findings.length > 0) throw new ProcedureInvalid(findings);
  return document;
}

/** The form is a closed object: what the applicant states beyond it is a mistake that must be seen. */
function checkFormSchema(form: Record<string, unknown>): Finding[] {
  const finding = (zh: string, en: string): Finding => ({ code: 'form.schema', path: '/form', message: { zh, en } });
  if (form.type !== 'object' || form.additionalProperties !== false)
    return [finding('表单应为不允许其他项目的对象', 'the form must be an object without further fields')];
  try {
    validatorOf(form);
    return [];
  } catch (error) {
    return [finding('表单不是有效的 JSON Schema', `the form is no JSON Schema: ${(error as Error).message}`)];
  }
}

/** Compiled forms; few procedures exist, and a bound keeps hostile catalogs out of memory. */
const validators = new Map<string, ValidateFunction>();
const MOST_VALIDATORS = 500;

function validatorOf(form: Record<string, unknown>): ValidateFunction {
  const key = JSON.stringify(form);
  const known = validators.get(key);
  if (known) return known;
  const schema = JSON.parse(key) as AnySchema;
  const made = ajv.compile(schema);
  ajv.removeSchema(schema);
  if (validators.size >= MOST_VALIDATORS) validators.clear();
  validators.set(key, made);
  return made;
}

/** What is wrong with the form as filled in; `path` points into the application (`/form/origin`). */
export function checkForm(procedure: Pick<Procedure, 'form'>, form: unknown): Finding[] {
  const validate = validatorOf(procedure.form);
  if (validate(form)) return [];
  const properties = (procedure.form.properties ?? {}) as Record<string, { title?: string; 'x-title-en'?: string }>;
  const names = new Map(
    Object.entries(properties).map(([name, property]): [string, Bilingual] => [
      name,
      { zh: property.title ?? name, en: property['x-title-en'] ?? name },
    ]),
  );
  return findingsOf(validate.errors, { prefix: '/form', names });
}

/**
 * The bodies of each party for a form that passed `checkForm`. A party whose optional field is left out has none. Findings:
 * `party.no-competent-body`, `party.same-body`; `path` points into the application.
 */
export function resolveParties(
  procedure: Pick<Procedure, 'parties'>,
  form: Record<string, unknown>,
  receivingLocality: string,
  findBody: (fn: string, locality: string) => BodyRef | undefined,
): { parties: Record<string, BodyRef[]>; findings: Finding[] } {
  const parties: Record<string, BodyRef[]> = {};
  const findings: Finding[] = [];
  for (const [role, party] of Object.entries(procedure.parties)) {
    const places = placesOf(party, form, receivingLocality);
    const bodies = new Map<string, BodyRef>();
    for (const { code, path } of places) {
      const body = findBody(party.function, code);
      if (body) bodies.set(body.id, body);
      else
        findings.push({
          code: 'party.no-competent-body',
          path,
          message: {
            zh: `地区 ${code} 没有可办理的${party.name.zh}`,
            en: `locality ${code} has no competent ${party.name.en}`,
          },
        });
    }
    if (places.length > 0) parties[role] = [...bodies.values()];
  }
  for (const [role, party] of Object.entries(procedure.parties)) {
    const others = party.differsFrom === undefined ? [] : (parties[party.differsFrom] ?? []);
    for (const body of parties[role] ?? [])
      if (others.some((other) => other.id === body.id))
        findings.push({
          code: 'party.same-body',
          path: pointersOf(party)[0] ?? '/form',
          message: {
            zh: `${party.name.zh}与${procedure.parties[party.differsFrom!]!.name.zh}不能是同一机构（${body.name.zh}）`,
            en: `${party.name.en} and ${procedure.parties[party.differsFrom!]!.name.en} cannot be the same body (${body.name.en})`,
          },
        });
  }
  return { parties, findings };
}

const fieldsOf = ({ localities }: Party): string[] =>
  'forms' in localities ? localities.forms : 'form' in localities ? [localities.form] : [];

const pointersOf = (party: Party): string[] =>
  'receiving' in party.localities ? ['/receivingLocality'] : fieldsOf(party).map((field) => `/form/${field}`);

function placesOf(party: Party, form: Record<string, unknown>, receiving: string): { code: string; path: string }[] {
  if ('receiving' in party.localities) return [{ code: receiving, path: '/receivingLocality' }];
  return fieldsOf(party).flatMap((field) => {
    const value = Object.hasOwn(form, field) ? form[field] : undefined;
    const list: unknown[] = Array.isArray(value) ? value : [value];
    return list.flatMap((code, i) =>
      typeof code === 'string' ? { code, path: `/form/${field}${Array.isArray(value) ? `/${i}` : ''}` } : [],
    );
  });
}
