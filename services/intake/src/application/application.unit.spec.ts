import { describe, expect, it } from '@jest/globals';
import { CodedError } from '@lianban/service-kit/errors';
import { catalog, MATERIAL_IDS, pensionTransfer, uploaded } from '../../test/fixtures.js';
import { type Application, examine } from './application.js';

const today = '20261124';
const take = (change: Partial<Application> = {}, materials = uploaded()) =>
  examine({ ...pensionTransfer(), ...change }, catalog, materials, today);

/** The code and the paths of the findings. */
function refusal(work: () => unknown): { code: string; paths: string[] } {
  try {
    work();
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    for (const { message } of error.findings)
      expect(message).toEqual({ zh: expect.any(String), en: expect.any(String) });
    return { code: error.code, paths: error.findings.map(({ path }) => path) };
  }
  throw new Error('it was taken');
}

describe('an application', () => {
  it('is taken with everything it names resolved', () => {
    expect(take()).toEqual({
      item: { id: 'pension-transfer', name: expect.objectContaining({ zh: expect.any(String) }) },
      procedure: { id: 'pension-transfer', version: '2026.1' },
      receivingLocality: { code: '430600', name: { zh: '岳阳市', en: 'Yueyang' } },
      parties: {
        origin: [expect.objectContaining({ id: '340100-social-insurance' })],
        destination: [expect.objectContaining({ id: '371300-social-insurance' })],
      },
      materials: [
        expect.objectContaining({ kind: 'id-card', materialId: MATERIAL_IDS[0], size: 1024, original: false }),
        expect.objectContaining({ kind: 'application-form', materialId: MATERIAL_IDS[1] }),
      ],
    });
  });

  it('for an item nobody published is refused', () => {
    expect(refusal(() => take({ item: 'moon-transfer' }))).toEqual({
      code: 'application.unknown-item',
      paths: ['/item'],
    });
  });

  it('for an item whose procedure has not arrived is put off, not refused for good', () => {
    const early = { ...catalog, procedure: () => undefined };
    expect(refusal(() => examine(pensionTransfer(), early, uploaded(), today)).code).toBe('application.item-not-ready');
  });

  it('that involves a locality without a competent body is refused', () => {
    expect(refusal(() => take({ item: 'hpf-transfer', form: { origin: '411200', destination: '371300' } }))).toEqual({
      code: 'application.no-competent-body',
      paths: ['/form/origin'],
    });
  });

  it('handed in at a place that is not connected is refused', () => {
    expect(refusal(() => take({ receivingLocality: '110000' }, uploaded('110000')))).toEqual({
      code: 'application.no-competent-body',
      paths: ['/receivingLocality'],
    });
  });

  it('whose form breaks the item’s rules is refused with each field named', () => {
    const { code, paths } = refusal(() => take({ form: { origin: 'Hefei', extra: 1 } }));
    expect(code).toBe('application.form-invalid');
    expect(paths.some((path) => path.startsWith('/form/origin'))).toBe(true);
    expect(paths.length).toBeGreaterThanOrEqual(3);
  });

  it('from a place to itself is a fault of the form', () => {
    const form = { companyName: '某公司', origin: '340100', destination: '340100', newAddress: '某路1号' };
    expect(refusal(() => take({ item: 'company-move', form })).code).toBe('application.form-invalid');
  });

  it('under a wrong identity number is refused, for persons and for companies', () => {
    const { applicant } = pensionTransfer();
    for (const wrong of [
      { ...applicant, idNumber: '110105194912310021' },
      { ...applicant, idType: 'uscc' as const, idNumber: '91350100M000100Y44' },
    ])
      expect(refusal(() => take({ applicant: wrong }))).toEqual({
        code: 'application.identity-invalid',
        paths: ['/applicant/idNumber'],
      });
    expect(take({ applicant: { ...applicant, idType: 'uscc', idNumber: '91350100M000100Y43' } })).toBeDefined();
  });

  it('without a needed material is refused, without an optional one it is not', () => {
    const [idCard] = pensionTransfer().materials;
    expect(refusal(() => take({ materials: [idCard!] }))).toEqual({
      code: 'application.material-missing',
      paths: ['/materials'],
    });
  });

  it('with a material of a kind the item does not ask for, one that does not exist, or one of another place is refused', () => {
    const { materials } = pensionTransfer();
    const with3 = (kind: string, materialId: string) => [...materials, { kind, materialId, original: false }];
    const stranger = '01936f4e-7c00-7000-8000-00000000ffff';
    expect(refusal(() => take({ materials: with3('passport', MATERIAL_IDS[0]) }))).toEqual({
      code: 'application.material-unknown',
      paths: ['/materials/2/kind'],
    });
    const missing = refusal(() => take({ materials: with3('contribution-record', stranger) }));
    expect(missing).toEqual({ code: 'application.material-unknown', paths: ['/materials/2/materialId'] });
    const elsewhere = uploaded();
    elsewhere.set(stranger, { ...elsewhere.get(MATERIAL_IDS[0])!, id: stranger, locality: '371300' });
    expect(refusal(() => take({ materials: with3('contribution-record', stranger) }, elsewhere))).toEqual(missing);
  });

  it('with a paper original the item does not take is refused', () => {
    const materials = pensionTransfer().materials.map((material) => ({ ...material, original: true }));
    expect(refusal(() => take({ materials }))).toEqual({
      code: 'application.original-not-allowed',
      paths: ['/materials/0/original', '/materials/1/original'],
    });
  });

  it('with faults of several kinds is told all of them at once', () => {
    const { code, paths } = refusal(() =>
      take({
        receivingLocality: '110000',
        applicant: { ...pensionTransfer().applicant, idNumber: '110105194912310021' },
        materials: [{ kind: 'passport', materialId: MATERIAL_IDS[0], original: false }],
      }),
    );
    expect(code).toBe('application.no-competent-body');
    expect(paths).toEqual([
      '/receivingLocality',
      '/applicant/idNumber',
      '/materials',
      '/materials',
      '/materials/0/kind',
      '/materials/0/materialId',
    ]);
  });
});
