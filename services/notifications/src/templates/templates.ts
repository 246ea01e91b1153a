/** What applicants read. The texts are data, one file per language; `{name}` is filled in. */
import { readFileSync } from 'node:fs';

export const LANGUAGES = ['zh', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

export const TEMPLATES = [
  'application-received',
  'result-ready',
  'case-approved',
  'case-refused',
  'parcel-lost',
  'parcel-returned',
  'parcel-resent',
] as const;
export type Template = (typeof TEMPLATES)[number];

/** What a template may name. */
export const PLACEHOLDERS = ['item', 'place', 'caseNo', 'reason'] as const;
export type Values = Record<(typeof PLACEHOLDERS)[number], string>;

const read = (language: Language) =>
  JSON.parse(readFileSync(new URL(`./${language}.json`, import.meta.url), 'utf8')) as Record<Template, string>;
export const texts: Record<Language, Record<Template, string>> = { zh: read('zh'), en: read('en') };

export const render = (template: Template, language: Language, values: Values): string =>
  texts[language][template].replace(/\{(\w+)\}/g, (placeholder, name: string) =>
    name in values ? values[name as keyof Values] : placeholder,
  );
