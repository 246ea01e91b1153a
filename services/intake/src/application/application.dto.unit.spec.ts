import { describe, expect, it } from '@jest/globals';
import { canonicalJson, digestOf } from '@lianban/service-kit/canonical-json';
import { CodedError } from '@lianban/service-kit/errors';
import { validateMessage } from '@lianban/service-kit/validation';
import fc from 'fast-check';
import { pensionTransfer } from '../../test/fixtures.js';
import { SubmitApplicationDto, toApplication } from './application.dto.js';

const read = async (value: unknown) =>
  toApplication(await validateMessage(SubmitApplicationDto, Buffer.from(JSON.stringify(value))));

/** Code and paths of what was found. */
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => 'taken',
    (error: unknown) => {
      if (!(error instanceof CodedError)) throw error;
      return { code: error.code, paths: error.findings.map(({ path }) => path) };
    },
  );
const changed = (change: Record<string, unknown>) => ({ ...structuredClone(pensionTransfer()), ...change });

describe('the JSON of an application', () => {
  it('is read into one normal form', async () => {
    const { materials, applicant, ...rest } = pensionTransfer();
    const lean = {
      ...rest,
      applicant: { ...applicant, idNumber: '11010519491231002x', email: null },
      materials: materials.map(({ kind, materialId }) => ({ kind, materialId: materialId.toUpperCase() })),
    };
    expect(await read(lean)).toEqual(pensionTransfer());
  });

  it('keeps the form as it was sent', async () => {
    const form = { a: [1, { b: null }], 'c/d': '〔2026〕', e: 1.5, f: false };
    expect((await read(changed({ form }))).form).toEqual(form);
  });

  it.each<[string, Record<string, unknown>, string[]]>([
    ['an unknown field', { urgent: true }, ['/urgent']],
    ['an unknown field inside', { source: { ...pensionTransfer().source, key: 1 } }, ['/source/key']],
    ['a missing part', { applicant: undefined }, ['/applicant', '/applicant']],
    ['a list for an object', { applicant: [pensionTransfer().applicant] }, ['/applicant']],
    ['a text for a list', { materials: 'id-card' }, ['/materials']],
    ['lists in the list', { materials: [[pensionTransfer().materials[0]]] }, ['/materials']],
    ['a number that is none', { source: { system: 'window-430600', number: ' ' } }, ['/source/number']],
    ['a locality that is no code', { receivingLocality: '4306' }, ['/receivingLocality']],
    [
      'a material without its upload',
      { materials: [{ kind: 'id-card', materialId: 'scan.pdf' }] },
      ['/materials/0/materialId'],
    ],
    ['too many materials', { materials: Array(51).fill(pensionTransfer().materials[0]) }, ['/materials']],
  ])('with %s is refused', async (_, change, paths) => {
    const found = await refusal(read(changed(change)));
    expect(found).toMatchObject({ code: 'request.invalid' });
    expect(new Set((found as { paths: string[] }).paths)).toEqual(new Set(paths));
  });

  it('is told what each field must be, in both languages', async () => {
    const error = await read(changed({ item: '' })).catch((caught: unknown) => caught);
    expect((error as CodedError).findings).toEqual([
      { path: '/item', message: { zh: '应为事项编号', en: 'must be the id of an item' } },
    ]);
  });

  it.each<[string, string]>([
    ['a null character', JSON.stringify(changed({ form: { a: 'x\0y' } }))],
    ['half a surrogate pair', JSON.stringify(changed({ form: { a: 'X' } })).replace('X', '\\ud800')],
    ['a number out of range', JSON.stringify(changed({ form: { a: 1 } })).replace('"a":1', '"a":1e400')],
    ['a prototype', JSON.stringify(changed({})).replace('{', '{"__proto__":{"item":"x"},')],
    ['a prototype inside', JSON.stringify(changed({ form: { a: 1 } })).replace('"a"', '"__proto__"')],
    ['a constructor inside', JSON.stringify(changed({ form: { a: 1 } })).replace('"a"', '"constructor"')],
    [
      'a thousand levels',
      JSON.stringify(changed({ form: {} })).replace('"form":{}', `"form":{"a":${'['.repeat(1e3)}${']'.repeat(1e3)}}`),
    ],
    [
      'a hundred thousand levels',
      JSON.stringify(changed({ form: {} })).replace('"form":{}', `"form":{"a":${'['.repeat(1e5)}${']'.repeat(1e5)}}`),
    ],
  ])('with %s is refused', async (_, text) => {
    const found = await refusal(validateMessage(SubmitApplicationDto, Buffer.from(text)));
    expect(found).toMatchObject({ code: expect.stringMatching(/^(request|message)\.invalid$/) });
    expect(Object.prototype).not.toHaveProperty('item');
  });

  it('counts the last of a repeated name', async () => {
    const text = JSON.stringify(changed({})).replace('{', '{"item":"first",');
    expect(toApplication(await validateMessage(SubmitApplicationDto, Buffer.from(text))).item).toBe('pension-transfer');
  });

  it('may be anything: the answer is an application or a coded error', async () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.record({
        source: fc.jsonValue(),
        item: fc.jsonValue(),
        applicant: fc.jsonValue(),
        form: fc.jsonValue(),
        materials: fc.jsonValue(),
      }),
      fc
        .tuple(fc.constantFrom(...Object.keys(pensionTransfer())), fc.jsonValue())
        .map(([key, value]) => changed({ [key]: value })),
    );
    await fc.assert(
      fc.asyncProperty(anything, async (value) => void (await refusal(read(value)))),
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect(await refusal(validateMessage(SubmitApplicationDto, bytes))).not.toBe('taken');
      }),
    );
  });
});

describe('the digest of the content', () => {
  it('is the same whatever the order of names, and another for any other value', () => {
    const application = pensionTransfer();
    const reversed = Object.fromEntries(Object.entries(application).reverse());
    expect(canonicalJson(reversed)).toBe(canonicalJson(application));
    const other = { ...application, form: { ...application.form, origin: '340101' } };
    expect(digestOf(canonicalJson(other))).not.toBe(digestOf(canonicalJson(application)));
  });

  it('stays what it was: it is kept for ever', () => {
    expect(digestOf(canonicalJson(pensionTransfer()))).toBe(
      '7c31702b284bee220dfee34bd8bfa15b1ddc800527c38d386d232e8ce641016e',
    );
  });
});
