/** Whether an application can be taken (收件): form, identity and completeness, never its merits. Pure. */
import type { ItemPublished } from '@lianban/contracts-catalog/events';
import type { BodyRef, ItemRef, LocalityRef, ProcedureRef } from '@lianban/contracts-catalog/shapes';
import type { Applicant, MaterialRef, SourceRef } from '@lianban/contracts-intake/shapes';
import { checkForm, resolveParties, type Procedure } from '@lianban/procedure/procedure';
import type { ErrorFactory, Finding } from '@lianban/service-kit/errors';
import {
  formInvalid,
  identityInvalid,
  itemNotReady,
  materialMissing,
  materialUnknown,
  noCompetentBody,
  originalNotAllowed,
  unknownItem,
} from './application.errors.js';
import { type IdentityFault, residentIdFault, usccFault } from './identity-number.js';

/** What was sent, in normal form. */
export interface Application {
  source: SourceRef;
  item: string;
  receivingLocality: string;
  applicant: Applicant;
  form: Record<string, unknown>;
  materials: { kind: string; materialId: string; original: boolean }[];
}

/** Intake's copies of the catalog, as far as the applications at hand need them. */
export interface Catalog {
  item(id: string): ItemPublished | undefined;
  procedure(ref: ProcedureRef): Procedure | undefined;
  body(fn: string, locality: string): BodyRef | undefined;
  locality(code: string): LocalityRef | undefined;
}

/** An uploaded material, as far as an application refers to it. `locality`: who uploaded it. */
export interface UploadedMaterial {
  id: string;
  locality: string;
  sha256: string;
  mediaType: string;
  size: number;
}

/** An application that can be taken, with everything it names resolved. */
export interface SoundApplication {
  item: ItemRef;
  procedure: ProcedureRef;
  receivingLocality: LocalityRef;
  parties: Record<string, BodyRef[]>;
  materials: MaterialRef[];
}

/**
 * Resolves and checks an application. `today` is `yyyymmdd` in China.
 * Throws one coded error: its code names the first kind of fault in the order below, its findings are all faults of all kinds.
 */
export function examine(
  application: Application,
  catalog: Catalog,
  uploaded: ReadonlyMap<string, UploadedMaterial>,
  today: string,
): SoundApplication {
  const item = catalog.item(application.item);
  if (!item) throw unknownItem({}, [fault('/item', '没有这个事项', 'There is no such item')]);
  const procedure = catalog.procedure(item.procedure);
  if (!procedure) throw itemNotReady();

  const formFaults = checkForm(procedure, application.form).map(plain);
  const receivingLocality = catalog.locality(application.receivingLocality);
  const partyFaults = receivingLocality
    ? []
    : [fault('/receivingLocality', '该地区尚未接入', 'This locality is not connected')];
  let parties: Record<string, BodyRef[]> = {};
  // Parties are found through the form; where the form itself is wrong, its own findings say it better.
  if (formFaults.length === 0) {
    const resolved = resolveParties(procedure, application.form, application.receivingLocality, (fn, locality) =>
      catalog.body(fn, locality),
    );
    parties = resolved.parties;
    for (const finding of resolved.findings)
      (finding.code === 'party.no-competent-body' ? partyFaults : formFaults).push(plain(finding));
  }
  const materials = examineMaterials(application, item, uploaded);
  const identityFault = examineIdentity(application.applicant, today);

  const kinds: [ErrorFactory, Finding[]][] = [
    [formInvalid, formFaults],
    [noCompetentBody, partyFaults],
    [identityInvalid, identityFault],
    [materialMissing, materials.missing],
    [materialUnknown, materials.unknown],
    [originalNotAllowed, materials.notAllowed],
  ];
  const first = kinds.find(([, findings]) => findings.length > 0);
  if (first)
    throw first[0](
      {},
      kinds.flatMap(([, findings]) => findings),
    );
  return {
    item: { id: item.id, name: item.name },
    procedure: item.procedure,
    receivingLocality: receivingLocality!,
    parties,
    materials: materials.refs,
  };
}

const fault = (path: string, zh: string, en: string): Finding => ({ path, message: { zh, en } });

const plain = ({ path, message }: Finding): Finding => ({ path, message });

function examineMaterials(
  application: Application,
  item: ItemPublished,
  uploaded: ReadonlyMap<string, UploadedMaterial>,
): { refs: MaterialRef[]; missing: Finding[]; unknown: Finding[]; notAllowed: Finding[] } {
  const refs: MaterialRef[] = [];
  const unknown: Finding[] = [];
  const notAllowed: Finding[] = [];
  application.materials.forEach(({ kind, materialId, original }, i) => {
    const spec = item.materials.find((candidate) => candidate.kind === kind);
    const material = uploaded.get(materialId);
    if (!spec)
      unknown.push(
        fault(`/materials/${i}/kind`, '本事项没有这种材料', 'This item does not ask for that kind of material'),
      );
    // Uploaded elsewhere and not there at all are one answer: what other places hold is not the sender's to know.
    if (material?.locality !== application.receivingLocality)
      unknown.push(fault(`/materials/${i}/materialId`, '没有这份材料', 'There is no such material'));
    else if (spec) refs.push({ kind, name: spec.name, materialId, ...contentOf(material), original });
    if (spec && original && spec.original !== true)
      notAllowed.push(
        fault(`/materials/${i}/original`, '本事项不收取该材料原件', 'This item takes no original of that material'),
      );
  });
  const handedIn = new Set(application.materials.map(({ kind }) => kind));
  const missing = item.materials
    .filter(({ kind, necessity }) => necessity === 'needed' && !handedIn.has(kind))
    .map(({ kind, name }) => fault('/materials', `缺少“${name.zh}”（${kind}）`, `“${name.en}” (${kind}) is missing`));
  return { refs, missing, unknown, notAllowed };
}

const contentOf = ({ sha256, mediaType, size }: UploadedMaterial) => ({ sha256, mediaType, size });

const identityTexts: Record<IdentityFault, [zh: string, en: string]> = {
  shape: ['号码的位数或字符不正确', 'The number has the wrong length or characters'],
  'birth-date': ['号码中的出生日期不存在', 'The date of birth in the number does not exist'],
  'check-digit': ['号码的校验码不正确，请核对', 'The check character does not match; look at the number again'],
};

function examineIdentity({ idType, idNumber }: Applicant, today: string): Finding[] {
  const found = idType === 'resident-id' ? residentIdFault(idNumber, today) : usccFault(idNumber);
  return found ? [fault('/applicant/idNumber', ...identityTexts[found])] : [];
}
