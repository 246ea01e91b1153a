import { describe, expect, it } from '@jest/globals';
import { LANGUAGES, PLACEHOLDERS, render, TEMPLATES, texts } from './templates.js';

const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

describe('templates', () => {
  it.each(LANGUAGES)('exist in %s, each of them and no others', (language) => {
    expect(Object.keys(texts[language]).sort()).toEqual([...TEMPLATES].sort());
  });

  it.each(TEMPLATES)('%s names the same things in both languages, and only known ones', (template) => {
    expect(placeholders(texts.en[template])).toEqual(placeholders(texts.zh[template]));
    for (const name of placeholders(texts.zh[template])) expect(PLACEHOLDERS).toContain(name.slice(1, -1));
    expect(placeholders(texts.zh[template])).toContain('{caseNo}');
  });

  it('are filled without a second look at what was filled in', () => {
    const values = { item: '{caseNo}', place: '岳阳市', caseNo: 'LB-1', reason: '$& {place}' };
    expect(render('case-refused', 'zh', values)).toContain('“{caseNo}”（LB-1）未获同意，原因：$& {place}。');
    for (const template of TEMPLATES)
      for (const language of LANGUAGES)
        expect(placeholders(render(template, language, { ...values, item: 'i', reason: 'r' }))).toEqual([]);
  });
});
