import { describe, expect, it } from '@jest/globals';
import type { Actor } from '@lianban/access/actor';
import { pensionTransfer } from '../../test/fixtures.js';
import { listScope, viewFor } from './application-view.js';
import type { ApplicationRow } from './application.store.js';

const { source, applicant, form } = pensionTransfer();
const row = {
  caseId: 'c',
  source,
  applicant: { ...applicant, email: 'zhang@example.cn' },
  form,
  receivingLocality: { code: '430600', name: { zh: '岳阳市', en: 'Yueyang' } },
} as unknown as ApplicationRow;
const actor = (role: Actor['roles'][number], rest: Partial<Actor> = {}): Actor => ({
  subject: 's',
  roles: [role],
  ...rest,
});

describe('an application, once taken,', () => {
  it('is shown whole to a clerk of the receiving locality', () => {
    expect(viewFor(actor('window-clerk', { locality: '430600' }), row)).toMatchObject({ ...row, masked: false });
  });

  it('is shown masked and without its form to the sending system, the supervisor of the place and the auditor', () => {
    for (const reader of [
      actor('window-system', { locality: '430600', system: 'window-430600' }),
      actor('supervisor', { locality: '430600' }),
      actor('auditor'),
    ]) {
      const view = viewFor(reader, row);
      expect(view).toMatchObject({ masked: true, form: null });
      for (const secret of ['张三', applicant.idNumber, applicant.phone, 'zhang@example.cn'])
        expect(JSON.stringify(view)).not.toContain(secret);
    }
  });

  it('is not shown to anyone else', () => {
    for (const reader of [
      actor('window-clerk', { locality: '371300' }),
      actor('window-system', { locality: '430600', system: 'window-430600-hall2' }),
      actor('supervisor', { locality: '371300' }),
      actor('reviewer', { locality: '340100', body: '340100-social-insurance' }),
    ])
      expect(viewFor(reader, row)).toBeUndefined();
  });
});

describe('a list of applications', () => {
  it('reaches as far as the reader does', () => {
    expect(listScope(actor('auditor'))).toMatchObject({ all: true });
    expect(listScope(actor('window-clerk', { locality: '430600' }))).toEqual({
      all: false,
      locality: '430600',
      system: null,
    });
    expect(listScope(actor('window-system', { locality: '430600', system: 'w' }))).toEqual({
      all: false,
      locality: null,
      system: 'w',
    });
    expect(listScope(actor('window-clerk'))).toEqual({ all: false, locality: null, system: null });
  });
});
