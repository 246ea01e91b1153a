import { describe, expect, it } from '@jest/globals';
import { bodyOf, procedureOf, product, realProcedure, task } from '../test/play.js';
import { checkForm, parseProcedure, type Procedure, ProcedureInvalid, resolveParties, type Step } from './procedure.js';

/** Findings as `code path`. */
function faults(document: unknown): string[] {
  try {
    parseProcedure(document);
    return [];
  } catch (error) {
    if (!(error instanceof ProcedureInvalid)) throw error;
    for (const { message } of error.findings) expect(message.zh && message.en).toBeTruthy();
    return error.findings.map(({ code, path }) => `${code} ${path}`);
  }
}
const one = task('one', 'a', []);
const parcel = (more: object): Step => ({
  id: 'send',
  kind: 'parcel',
  name: { zh: '寄', en: 'send' },
  after: ['one'],
  limit: null,
  contents: 'originals',
  from: 'window',
  to: { party: 'a' },
  payer: 'competent',
  ...more,
});

describe('a procedure', () => {
  it('is returned as it is when nothing is wrong with it', () => {
    const procedure = procedureOf([one, task('two', 'b', ['one'])]);
    expect(parseProcedure(procedure)).toEqual(procedure);
  });

  it.each<[string, Procedure, string[]]>([
    [
      'waits for itself',
      procedureOf([one, task('x', 'a', ['y']), task('y', 'a', ['x'])]),
      ['step.cycle /steps/1/after', 'step.cycle /steps/2/after'],
    ],
    [
      'has a step behind a cycle',
      procedureOf([task('x', 'a', ['x']), task('y', 'a', ['x'])]),
      ['step.cycle /steps/0/after', 'step.unreachable /steps/1'],
    ],
    [
      'waits for an unknown step',
      procedureOf([one, task('two', 'b', ['one', 'nought'])]),
      ['step.unknown /steps/1/after/1', 'step.unreachable /steps/1'],
    ],
    ['names a step twice', procedureOf([one, task('one', 'a', [])]), ['step.twice /steps/1/id']],
    ['ends with an unknown step', procedureOf([one], { applicantDone: ['nought'] }), ['step.unknown /applicantDone/0']],
    ['has a step of an unknown party', procedureOf([one, task('two', 'nobody', [])]), ['party.unknown /steps/1/party']],
    [
      'has a party without a step',
      { ...procedureOf([one]), parties: procedureOf([one, task('two', 'b', [])]).parties },
      ['party.unused /parties/b'],
    ],
    [
      'has all or none of one body',
      procedureOf([task('one', 'a', [], { acceptance: 'all-or-none' })]),
      ['join.single /steps/0/acceptance'],
    ],
    [
      'issues a certificate twice',
      procedureOf([
        task('one', 'a', [], { produces: product('x') }),
        task('two', 'a', ['one'], { produces: product('x'), onReject: 'continue' }),
      ]),
      ['certificate.twice /steps/1/produces'],
    ],
    [
      'issues a certificate per body',
      procedureOf([task('one', 'all', [], { produces: product('x') })]),
      ['certificate.twice /steps/0/produces'],
    ],
    [
      'could refuse after the certificate',
      procedureOf([task('one', 'a', [], { produces: product('x') }), task('two', 'b', ['one'])]),
      ['certificate.refusable /steps/1/onReject'],
    ],
    ['sends a parcel to where it is', procedureOf([one, parcel({ to: 'window' })]), ['parcel.nowhere /steps/1/to']],
    [
      'sends originals nobody hands in',
      procedureOf([one, parcel({})], { materials: [] }),
      ['parcel.empty /steps/1/contents'],
    ],
    [
      'sends results nobody issued',
      procedureOf([one, parcel({ contents: 'results', from: { party: 'a' }, to: 'window' })]),
      ['parcel.empty /steps/1/contents'],
    ],
    [
      'has a condition on an unknown field',
      procedureOf([one, task('two', 'b', [], { when: { field: 'nought', present: true } })]),
      ['condition.unknown-field /steps/1/when/field'],
    ],
    [
      'has a clock that runs from a later step',
      procedureOf([
        task('one', 'a', [], { limit: { value: 1, unit: 'month', kind: 'promised', basis: 'x', since: 'two' } }),
        task('two', 'b', ['one']),
      ]),
      ['limit.since /steps/0/limit/since'],
    ],
    [
      'asks for a material twice',
      procedureOf([one], {
        materials: [0, 1].map(() => ({ kind: 'x', name: { zh: '甲', en: 'x' }, necessity: 'needed' as const })),
      }),
      ['material.twice /materials/1/kind'],
    ],
    [
      'has an open form',
      procedureOf([one], { form: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] } }),
      ['form.schema /form'],
    ],
    [
      'has a form that is no schema',
      procedureOf([one], {
        form: {
          type: 'object',
          properties: { a: { type: 'string' }, c: { type: 'strange' } },
          required: ['a'],
          additionalProperties: false,
        },
      }),
      ['form.schema /form'],
    ],
    [
      'has a form that may leave a party out',
      procedureOf([one], {
        form: { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false },
      }),
      ['party.unresolvable /parties/a/localities'],
    ],
    [
      'has a form without the party’s field',
      procedureOf([one], {
        form: { type: 'object', properties: { b: { type: 'string' } }, required: ['a'], additionalProperties: false },
      }),
      ['party.unresolvable /parties/a/localities', 'form.schema /form'].slice(0, 1),
    ],
    [
      'has a list for one body',
      procedureOf([one], {
        form: {
          type: 'object',
          properties: { a: { type: 'array', items: { type: 'string' } } },
          required: ['a'],
          additionalProperties: false,
        },
      }),
      ['party.unresolvable /parties/a/localities'],
    ],
  ])('that %s is refused', (_, procedure, expected) => {
    expect(faults(procedure)).toEqual(expected);
  });

  it('with several faults names all of them at once', () => {
    const document = procedureOf([task('x', 'nobody', ['y']), task('y', 'a', ['x']), task('z', 'a', ['nought'])]);
    expect(faults(document).sort()).toEqual([
      'party.unknown /steps/0/party',
      'step.cycle /steps/0/after',
      'step.cycle /steps/1/after',
      'step.unknown /steps/2/after/0',
      'step.unreachable /steps/2',
    ]);
  });

  it.each<[string, unknown]>([
    ['is nothing', null],
    ['is a list', []],
    ['has an unknown field', { ...procedureOf([one]), script: 'x' }],
    ['has a step of an unknown kind', { ...procedureOf([one]), steps: [{ ...one, kind: 'script' }] }],
    ['has no English name', { ...procedureOf([one]), name: { zh: '甲' } }],
    [
      'has a limit without a basis',
      procedureOf([task('one', 'a', [], { limit: { value: 3, unit: 'workingDay', kind: 'promised' } })]),
    ],
    [
      'has half a working day',
      procedureOf([task('one', 'a', [], { limit: { value: 0.5, unit: 'workingDay', kind: 'promised', basis: 'x' } })]),
    ],
    [
      'has a condition with two tests',
      procedureOf([task('one', 'a', [], { when: { field: 'a', equals: 1, present: true } })]),
    ],
  ])('that %s breaks the schema', (_, document) => {
    expect(faults(document).length).toBeGreaterThan(0);
    expect(faults(document).every((fault) => fault.startsWith('procedure.invalid '))).toBe(true);
  });

  it('may leave a party out where all its steps depend on the field', () => {
    const form = {
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'string' } },
      required: ['a'],
      additionalProperties: false,
    };
    const procedure = procedureOf([one, task('two', 'b', [], { when: { field: 'b', present: true } })], { form });
    expect(faults(procedure)).toEqual([]);
    expect(resolveParties(procedure, { a: '100001' }, '430600', bodyOf).parties).toEqual({
      a: [bodyOf('office', '100001')],
    });
  });
});

describe('parties', () => {
  const find = (fn: string, code: string) =>
    code === '411200' && fn === 'housing-fund' ? undefined : bodyOf(fn, code);
  it('are the competent bodies of the places in the form', () => {
    const form = { origins: ['340100', '131000'], destination: '371300' };
    expect(resolveParties(realProcedure('unemployment-transfer'), form, '430600', find)).toEqual({
      parties: {
        origins: [bodyOf('social-insurance', '340100'), bodyOf('social-insurance', '131000')],
        destination: [bodyOf('social-insurance', '371300')],
      },
      findings: [],
    });
  });
  it('of both places are found from two fields', () => {
    const form = { companyName: '甲公司', origin: '340100', destination: '320500', newAddress: '某路' };
    const { parties } = resolveParties(realProcedure('company-move'), form, '430600', find);
    expect(parties.tax?.map(({ id }) => id)).toEqual(['340100-tax', '320500-tax']);
    expect(parties['housing-fund']?.map(({ id }) => id)).toEqual(['320500-housing-fund']);
  });
  it('that a place does not have are named', () => {
    const form = { origin: '411200', destination: '371300' };
    expect(resolveParties(realProcedure('hpf-transfer'), form, '430600', find).findings).toEqual([
      {
        code: 'party.no-competent-body',
        path: '/form/origin',
        message: {
          zh: '地区 411200 没有可办理的转出地住房公积金管理中心',
          en: 'locality 411200 has no competent housing fund centre of the origin',
        },
      },
    ]);
  });
  it('cannot be one body on both ends', () => {
    const findings = [
      ...resolveParties(realProcedure('pension-transfer'), { origin: '340100', destination: '340100' }, '430600', find)
        .findings,
      ...resolveParties(
        realProcedure('unemployment-transfer'),
        { origins: ['131000', '340100'], destination: '340100' },
        '430600',
        find,
      ).findings,
    ];
    expect(findings.map(({ code, path }) => `${code} ${path}`)).toEqual([
      'party.same-body /form/destination',
      'party.same-body /form/destination',
    ]);
  });
  it('of the receiving place are found by it', () => {
    const procedure = procedureOf([one], {
      parties: { a: { name: { zh: '甲', en: 'a' }, function: 'office', localities: { receiving: true } } },
    });
    expect(parseProcedure(procedure)).toBe(procedure);
    expect(resolveParties(procedure, {}, '430600', bodyOf).parties).toEqual({ a: [bodyOf('office', '430600')] });
    expect(resolveParties(procedure, {}, '430600', () => undefined).findings[0]?.path).toBe('/receivingLocality');
  });
  it('are not taken from what every object inherits', () => {
    const procedure = procedureOf([one], {
      parties: { a: { name: { zh: '甲', en: 'a' }, function: 'office', localities: { form: 'constructor' } } },
    });
    expect(faults(procedure)).toEqual([
      'party.unresolvable /parties/a/localities',
      'party.unresolvable /parties/a/localities',
    ]);
    expect(checkForm(procedureOf([one]), JSON.parse('{"__proto__": 1}'))).not.toEqual([]);
  });
});
