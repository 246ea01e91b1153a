/** What must hold for a procedure before a case may run by it, beyond the shape of the document. All findings at once. */
import type { ParcelStep, Procedure, Step, TaskStep } from './procedure.js';
import type { Finding } from './shapes.js';

type Report = (code: string, path: string, zh: string, en: string) => void;

export function check(procedure: Procedure): Finding[] {
  const findings: Finding[] = [];
  const report: Report = (code, path, zh, en) => findings.push({ code, path, message: { zh, en } });
  const graph = new Graph(procedure);
  checkOrder(procedure, graph, report);
  checkParties(procedure, report);
  checkJoins(procedure, graph, report);
  checkCertificates(procedure, graph, report);
  checkParcels(procedure, graph, report);
  checkConditions(procedure, report);
  checkMaterials(procedure, report);
  return findings;
}

/** Steps by id with what lies before each. */
class Graph {
  readonly steps: ReadonlyMap<string, Step>;
  /** Steps that can open at all: everything before them can be complete. */
  readonly reachable: ReadonlySet<string>;

  constructor({ steps }: Procedure) {
    this.steps = new Map(steps.toReversed().map((step) => [step.id, step]));
    const reachable = new Set<string>();
    for (let before = -1; before < reachable.size;) {
      before = reachable.size;
      for (const step of steps) if (step.after.every((id) => reachable.has(id))) reachable.add(step.id);
    }
    this.reachable = reachable;
  }

  /** Ids of all steps that are complete when this one opens. */
  ancestors(step: Step): Set<string> {
    const found = new Set<string>();
    const visit = (ids: readonly string[]) => {
      for (const id of ids) {
        if (found.has(id)) continue;
        found.add(id);
        visit(this.steps.get(id)?.after ?? []);
      }
    };
    visit(step.after);
    return found;
  }
}

function checkOrder({ steps, applicantDone }: Procedure, graph: Graph, report: Report): void {
  steps.forEach((step, i) => {
    if (graph.steps.get(step.id) !== step)
      report('step.twice', `/steps/${i}/id`, `环节“${step.id}”重复`, `step “${step.id}” is there twice`);
    step.after.forEach((id, j) => {
      if (!graph.steps.has(id))
        report('step.unknown', `/steps/${i}/after/${j}`, `没有环节“${id}”`, `there is no step “${id}”`);
    });
    if (graph.ancestors(step).has(step.id))
      report('step.cycle', `/steps/${i}/after`, `环节“${step.id}”最终等待自己`, `step “${step.id}” waits for itself`);
    else if (!graph.reachable.has(step.id))
      report('step.unreachable', `/steps/${i}`, `环节“${step.id}”无法到达`, `step “${step.id}” can never open`);
  });
  applicantDone.forEach((id, i) => {
    if (!graph.steps.has(id))
      report('step.unknown', `/applicantDone/${i}`, `没有环节“${id}”`, `there is no step “${id}”`);
  });
}

const partiesOf = (step: Step): { party: string; at: string }[] =>
  step.kind === 'task'
    ? [{ party: step.party, at: 'party' }]
    : (['from', 'to'] as const).flatMap((at) => {
        const end = step[at];
        return end === 'window' ? [] : { party: end.party, at: `${at}/party` };
      });

function checkParties({ parties, steps, form }: Procedure, report: Report): void {
  const unknown = (path: string, role: string) =>
    report('party.unknown', path, `没有当事方“${role}”`, `there is no party “${role}”`);
  const known = (role: string) => Object.hasOwn(parties, role);
  steps.forEach((step, i) => {
    for (const { party, at } of partiesOf(step)) if (!known(party)) unknown(`/steps/${i}/${at}`, party);
  });
  const properties = (form.properties ?? {}) as Record<string, { type?: unknown }>;
  const required = (form.required ?? []) as string[];
  for (const [role, party] of Object.entries(parties)) {
    const users = steps.filter((step) => partiesOf(step).some((use) => use.party === role));
    if (users.length === 0)
      report('party.unused', `/parties/${role}`, `当事方“${role}”没有环节`, `party “${role}” has no step`);
    if (party.differsFrom !== undefined && !known(party.differsFrom))
      unknown(`/parties/${role}/differsFrom`, party.differsFrom);
    const path = `/parties/${role}/localities`;
    const { localities } = party;
    const fields = 'forms' in localities ? localities.forms : 'form' in localities ? [localities.form] : [];
    if (fields.length !== 1 && fields.length > 1 !== (party.many === true))
      report(
        'party.unresolvable',
        path,
        `“${role}”的地区与机构数不符`,
        `party “${role}” has another number of places than bodies`,
      );
    for (const field of fields) {
      const type = Object.hasOwn(properties, field) ? properties[field]?.type : undefined;
      if (type !== (party.many && fields.length === 1 ? 'array' : 'string'))
        report(
          'party.unresolvable',
          path,
          `表单没有能确定“${role}”的项目“${field}”`,
          `the form has no field “${field}” that names where party “${role}” is`,
        );
      const guarded = ({ when }: Step) => when?.field === field && ('equals' in when || when.present);
      if (!required.includes(field) && !users.every(guarded))
        report(
          'party.unresolvable',
          path,
          `项目“${field}”可不填，“${role}”可能无法确定`,
          `field “${field}” may be left out, and party “${role}” with it`,
        );
    }
  }
}

function checkJoins({ steps, parties }: Procedure, graph: Graph, report: Report): void {
  steps.forEach((step, i) => {
    if (step.kind === 'task' && step.acceptance === 'all-or-none' && !parties[step.party]?.many)
      report(
        'join.single',
        `/steps/${i}/acceptance`,
        `“${step.id}”只有一个机构，不存在全有或全无`,
        `step “${step.id}” has one body: there is no all or none`,
      );
    const since = step.limit?.since;
    if (since !== undefined && !graph.ancestors(step).has(since))
      report(
        'limit.since',
        `/steps/${i}/limit/since`,
        `时限起点“${since}”不在“${step.id}”之前`,
        `the clock of “${step.id}” cannot run from “${since}”, which does not come before it`,
      );
  });
}

const certificatesOf = (step: Step) =>
  step.kind === 'task' ? step.produces.flatMap(({ certificate }) => certificate ?? []) : [];

function checkCertificates({ steps, parties }: Procedure, graph: Graph, report: Report): void {
  const kinds = new Set<string>();
  steps.forEach((step, i) => {
    for (const { kind } of certificatesOf(step)) {
      if (kinds.has(kind) || (step.kind === 'task' && parties[step.party]?.many))
        report(
          'certificate.twice',
          `/steps/${i}/produces`,
          `证照“${kind}”会签发多次`,
          `certificate “${kind}” would be issued more than once`,
        );
      kinds.add(kind);
    }
    // Once the certificate is out, nothing that is still open may end the case as refused.
    if (certificatesOf(step).length === 0) return;
    const before = graph.ancestors(step);
    steps.forEach((other, j) => {
      if (other.kind === 'task' && other !== step && !before.has(other.id) && other.onReject !== 'continue')
        report(
          'certificate.refusable',
          `/steps/${j}/onReject`,
          `“${step.id}”签发证照后，“${other.id}”仍可使办件不予同意`,
          `step “${other.id}” could still refuse the case after “${step.id}” has issued its certificate`,
        );
    });
    if (certificatesOf(step).length > 1)
      report(
        'certificate.several',
        `/steps/${i}/produces`,
        `环节“${step.id}”签发多种证照`,
        `step “${step.id}” issues more than one certificate`,
      );
  });
}

function checkParcels({ steps, materials }: Procedure, graph: Graph, report: Report): void {
  const sameEnd = ({ from, to }: ParcelStep) =>
    from === 'window' || to === 'window' ? from === to : from.party === to.party;
  steps.forEach((step, i) => {
    if (step.kind !== 'parcel') return;
    if (sameEnd(step))
      report(
        'parcel.nowhere',
        `/steps/${i}/to`,
        `“${step.id}”的寄件两端相同`,
        `the parcel of “${step.id}” ends where it begins`,
      );
    if (step.contents === 'originals' && !materials.some(({ original }) => original))
      report('parcel.empty', `/steps/${i}/contents`, `没有需要寄送的原件`, `no material is handed in as an original`);
    const { from } = step;
    const sender = from === 'window' ? undefined : from.party;
    const issued = [...graph.ancestors(step)]
      .map((id) => graph.steps.get(id))
      .filter((before): before is TaskStep => before?.kind === 'task' && before.party === sender)
      .some((before) => certificatesOf(before).length > 0);
    if (step.contents === 'results' && !issued)
      report(
        'parcel.empty',
        `/steps/${i}/contents`,
        `寄出方在“${step.id}”之前没有签发证照`,
        `the sender has issued nothing before “${step.id}”`,
      );
  });
}

function checkConditions({ steps, form }: Procedure, report: Report): void {
  const properties = (form.properties ?? {}) as Record<string, unknown>;
  steps.forEach((step, i) => {
    if (step.when && !Object.hasOwn(properties, step.when.field))
      report(
        'condition.unknown-field',
        `/steps/${i}/when/field`,
        `表单没有项目“${step.when.field}”`,
        `the form has no field “${step.when.field}”`,
      );
  });
}

function checkMaterials({ materials }: Procedure, report: Report): void {
  const kinds = new Set<string>();
  materials.forEach(({ kind }, i) => {
    if (kinds.has(kind))
      report('material.twice', `/materials/${i}/kind`, `材料“${kind}”重复`, `material “${kind}” is asked for twice`);
    kinds.add(kind);
  });
}
