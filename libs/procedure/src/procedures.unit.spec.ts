/** The four procedures in the catalog's data, each played to its end. */
import { describe, expect, it } from '@jest/globals';
import { Play, readData, realProcedure } from '../test/play.js';
import { checkForm } from './procedure.js';

const TRANSFER = { origin: '340100', destination: '371300' };
const MOVE = { companyName: '示例有限公司', origin: '340100', destination: '320500', newAddress: '示例路1号' };

describe('pension-transfer', () => {
  const begin = () => new Play(realProcedure('pension-transfer'), TRANSFER);
  it('goes from destination to origin and back, and the notice to the window', () => {
    const play = begin();
    expect(play.state).toMatchObject({ dueAt: '2026-05-08T09:00:00.000Z', provisional: false });
    expect(play.happened()).toEqual(['request-task review@371300']);
    expect(play.last[0]).toMatchObject({ dueAt: '2026-03-23T09:00:00.000Z' });
    expect(play.approve('review').happened()).toEqual(['request-task out@340100']);
    expect(play.approve('out').happened()).toEqual(['request-task in@371300']);
    expect(play.approve('in').happened()).toEqual(['request-parcel result body>window']);
    expect(play.last[0]).toMatchObject({ to: { kind: 'window', locality: { code: '430600' }, body: null } });
    expect(play.parcel('delivered', 'result').happened()).toEqual(['applicant-done', 'conclude approved']);
  });
  it('ends when the destination does not accept', () => {
    expect(begin().refuse('review').happened()).toEqual(['conclude refused']);
  });
  it('stands still while the notice is lost', () => {
    const play = begin().approve('review').approve('out').approve('in').parcel('lost', 'result');
    expect(play.state.status).toBe('suspended');
    expect(play.waiting()).toEqual(['result@371300']);
    play.parcel('resent', 'result').parcel('delivered', 'result');
    expect(play.state.status).toBe('approved');
  });
});

describe('hpf-transfer', () => {
  const begin = () =>
    new Play(realProcedure('hpf-transfer'), TRANSFER)
      .approve('accept')
      .approve('letter')
      .approve('ack')
      .approve('check');
  it.each([
    ['info', 'fund'],
    ['fund', 'info'],
  ])('books when both have arrived: %s before %s', (first, second) => {
    const play = begin();
    expect(play.waiting()).toEqual(['info@340100', 'fund@340100']);
    expect(play.approve(first).happened()).toEqual([]);
    expect(play.approve(second).happened()).toEqual(['request-task match@371300']);
    expect(play.approve('match').happened()).toEqual(['applicant-done', 'conclude approved']);
  });
  it('has one limit for accepting and letter together, none for the acknowledgement', () => {
    const play = new Play(realProcedure('hpf-transfer'), TRANSFER);
    play.approve('accept', undefined, new Date('2026-03-04T02:00:00Z'));
    expect(play.last[0]).toMatchObject({ stepId: 'letter', dueAt: '2026-03-05T09:00:00.000Z' });
    expect(play.approve('letter').last[0]).toMatchObject({ stepId: 'ack', dueAt: null, limitBasis: null });
  });
});

describe('unemployment-transfer', () => {
  const begin = () =>
    new Play(realProcedure('unemployment-transfer'), {
      origins: ['340100', '131000', '411200'],
      destination: '371300',
    }).approve('review');
  it('asks all origins, then all of them for the money, then the destination', () => {
    const play = begin();
    expect(play.waiting()).toEqual(['out@340100', 'out@131000', 'out@411200']);
    play.approve('out', '411200').approve('out', '340100').approve('out', '131000');
    expect(play.waiting()).toEqual(['fund@340100', 'fund@131000', 'fund@411200']);
    expect(play.last[0]).toMatchObject({ dueAt: '2026-04-02T09:00:00.000Z' });
    play.approve('fund', '340100').approve('fund', '131000').approve('fund', '411200');
    expect(play.happened()).toEqual(['request-task in@371300']);
    expect(play.approve('in').happened()).toEqual(['applicant-done', 'conclude approved']);
  });
  it('is all or none: one origin refuses, the others are taken back', () => {
    const play = begin().approve('out', '340100').refuse('out', '131000');
    expect(play.happened()).toEqual(['recall-task out@340100 decided', 'recall-task out@411200', 'conclude refused']);
  });
});

describe('company-move', () => {
  const begin = () => new Play(realProcedure('company-move'), MOVE);
  it('issues the licence after consent and originals, and ends when the archive and all follow-ups are through', () => {
    const play = begin().approve('check').approve('consent');
    expect(play.happened()).toEqual(['request-parcel originals window>body']);
    expect(play.parcel('delivered', 'originals').happened()).toEqual(['request-task license@320500']);
    expect(play.approve('license').happened()).toEqual([
      'request-parcel licence-back body>window',
      'request-task archive@340100',
      'request-task tax@340100',
      'request-task tax@320500',
      'request-task ss@340100',
      'request-task ss@320500',
      'request-task hpf@320500',
    ]);
    expect(play.last[1]).toMatchObject({ dueAt: '2026-06-02T09:00:00.000Z' });
    expect(play.parcel('delivered', 'licence-back').happened()).toEqual(['applicant-done']);
    play
      .approve('tax', '320500')
      .approve('ss', '320500')
      .approve('ss', '340100')
      .refuse('tax', '340100')
      .approve('hpf');
    expect(play.state).toMatchObject({ status: 'open', applicantDone: true });
    expect(play.waiting()).toEqual(['archive@340100']);
    expect(play.approve('archive').happened()).toEqual(['conclude approved']);
  });
  it('sends no originals where the origin does not consent', () => {
    expect(
      begin()
        .approve('check')
        .refuse('consent')
        .effects.some(({ type }) => type === 'request-parcel'),
    ).toBe(false);
  });
});

describe('the catalog', () => {
  const ids = ['pension-transfer', 'hpf-transfer', 'unemployment-transfer', 'company-move'];
  it('has an item for each procedure that asks for the same materials', () => {
    expect(readData('items.json')).toEqual(
      ids.map((id) => {
        const { name, version, materials } = realProcedure(id);
        return { id, name, procedure: { id, version }, materials };
      }),
    );
  });
  it.each(ids)('%s issues exactly one certificate and names the basis of every limit', (id) => {
    const { steps, totalLimit } = realProcedure(id);
    const certificates = steps
      .flatMap((step) => (step.kind === 'task' ? step.produces : []))
      .flatMap(({ certificate }) => certificate ?? []);
    expect(certificates).toHaveLength(1);
    for (const limit of [totalLimit, ...steps.map((step) => step.limit)]) if (limit) expect(limit.basis).not.toBe('');
  });
  it.each(ids)('%s has English for every Chinese text', (id) => {
    const chinese = /[\u4e00-\u9fff]/;
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      if ('zh' in value && 'en' in value) {
        expect(String(value.zh)).toMatch(chinese);
        expect(String(value.en)).not.toMatch(chinese);
      }
      if ('title' in value) expect(Object.keys(value)).toContain('x-title-en');
      Object.values(value).forEach(visit);
    };
    visit(realProcedure(id));
  });
  it('checks the form in both languages', () => {
    expect(checkForm(realProcedure('pension-transfer'), { origin: '34', note: 1 })).toEqual([
      {
        code: 'form.missing',
        path: '/form/destination',
        message: { zh: '“新参保地”必须填写', en: '“New place of insurance” is missing' },
      },
      {
        code: 'form.unknown-field',
        path: '/form/note',
        message: { zh: '“note”不是可以填写的项目', en: '“note” is not a known field' },
      },
      {
        code: 'form.invalid',
        path: '/form/origin',
        message: { zh: '“原参保地”的格式不正确', en: '“Former place of insurance” must match ^[0-9]{6}$' },
      },
    ]);
    expect(
      checkForm(realProcedure('unemployment-transfer'), { origins: ['340100', 'x'], destination: '371300' }),
    ).toMatchObject([{ path: '/form/origins/1', message: { zh: '“转出地”的格式不正确' } }]);
    expect(checkForm(realProcedure('company-move'), MOVE)).toEqual([]);
    expect(checkForm(realProcedure('company-move'), null)).toHaveLength(1);
  });
});
