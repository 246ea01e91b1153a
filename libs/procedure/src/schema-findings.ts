/** What a JSON Schema found, as findings with texts for people. */
import type { ErrorObject } from 'ajv/dist/2020.js';
import type { Bilingual, Finding } from './shapes.js';

/** `names`: what people call a field, by its name in the document. */
export function findingsOf(
  errors: readonly ErrorObject[] | null | undefined,
  {
    prefix = '',
    names = new Map<string, Bilingual>(),
  }: { prefix?: string; names?: ReadonlyMap<string, Bilingual> } = {},
): Finding[] {
  const seen = new Map<string, Finding>();
  for (const error of errors ?? []) {
    const finding = findingOf(error, prefix, names);
    seen.set(`${finding.path} ${finding.message.en}`, finding);
  }
  return [...seen.values()];
}

const pointer = (name: string): string => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

function findingOf(error: ErrorObject, prefix: string, names: ReadonlyMap<string, Bilingual>): Finding {
  const params = error.params as Record<string, unknown>;
  const child = [params.missingProperty, params.additionalProperty, params.propertyName].find(
    (name): name is string => typeof name === 'string',
  );
  const path = prefix + error.instancePath + (child === undefined ? '' : pointer(child.slice(0, 60)));
  // The nearest name on the way, so that an item of a list is called what the list is called.
  const last = path
    .split('/')
    .findLast((part) => !/^\d*$/.test(part))
    ?.replaceAll('~1', '/')
    .replaceAll('~0', '~');
  const name = names.get(last ?? '') ?? { zh: last ?? '内容', en: last ?? 'the content' };
  const { zh, en } = textOf(error.keyword, params);
  return {
    code: `form.${codeOf(error.keyword)}`,
    path,
    message: { zh: `“${name.zh}”${zh}`, en: `“${name.en}” ${en}` },
  };
}

const codeOf = (keyword: string): string =>
  keyword === 'required' ? 'missing' : keyword === 'additionalProperties' ? 'unknown-field' : 'invalid';

function textOf(keyword: string, params: Record<string, unknown>): Bilingual {
  const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
  switch (keyword) {
    case 'required':
      return { zh: '必须填写', en: 'is missing' };
    case 'additionalProperties':
      return { zh: '不是可以填写的项目', en: 'is not a known field' };
    case 'type':
      return { zh: `的类型应为 ${shown(params.type)}`, en: `must be of type ${shown(params.type)}` };
    case 'enum':
      return {
        zh: `应为以下之一：${shown(params.allowedValues)}`,
        en: `must be one of ${shown(params.allowedValues)}`,
      };
    case 'const':
      return { zh: `应为 ${shown(params.allowedValue)}`, en: `must be ${shown(params.allowedValue)}` };
    case 'pattern':
      return { zh: '的格式不正确', en: `must match ${shown(params.pattern)}` };
    case 'minLength':
      return { zh: `至少 ${shown(params.limit)} 个字`, en: `needs at least ${shown(params.limit)} characters` };
    case 'maxLength':
      return { zh: `最多 ${shown(params.limit)} 个字`, en: `takes at most ${shown(params.limit)} characters` };
    case 'minItems':
      return { zh: `至少 ${shown(params.limit)} 项`, en: `needs at least ${shown(params.limit)} entries` };
    case 'maxItems':
      return { zh: `最多 ${shown(params.limit)} 项`, en: `takes at most ${shown(params.limit)} entries` };
    case 'uniqueItems':
      return { zh: '有重复的项', en: 'names something twice' };
    default:
      return { zh: '不符合要求', en: `breaks the rule ${keyword}` };
  }
}
