/** Applications that are answered with a code, whichever way they come. `change` starts from one that could be taken. */
import type { Application } from '../src/application/application.js';

type Change = (good: Application) => unknown;

export const badInput: [name: string, code: string, change: Change][] = [
  ['an unknown item', 'application.unknown-item', (good) => ({ ...good, item: 'moon-transfer' })],
  [
    'a locality without a competent body',
    'application.no-competent-body',
    (good) => ({ ...good, item: 'hpf-transfer', form: { origin: '411200', destination: '371300' } }),
  ],
  ['a missing material', 'application.material-missing', (good) => ({ ...good, materials: good.materials.slice(1) })],
  [
    'a material nobody uploaded',
    'application.material-unknown',
    (good) => ({
      ...good,
      materials: good.materials.map((one) => ({ ...one, materialId: '01936f4e-7c00-7000-8000-00000000dead' })),
    }),
  ],
  [
    'a material of a wrong kind',
    'application.material-unknown',
    (good) => ({ ...good, materials: [...good.materials, { ...good.materials[0], kind: 'passport' }] }),
  ],
  [
    'a paper original that is not taken',
    'application.original-not-allowed',
    (good) => ({ ...good, materials: good.materials.map((one) => ({ ...one, original: true })) }),
  ],
  ['a form that breaks its rules', 'application.form-invalid', (good) => ({ ...good, form: { origin: 340100 } })],
  [
    'a wrong identity number',
    'application.identity-invalid',
    (good) => ({ ...good, applicant: { ...good.applicant, idNumber: '110105194912310021' } }),
  ],
  ['unknown fields', 'request.invalid', (good) => ({ ...good, urgent: true })],
  ['a field of a wrong type', 'request.invalid', (good) => ({ ...good, materials: 'id-card' })],
  ['text no database can hold', 'request.invalid', (good) => ({ ...good, form: { origin: '340\u0000100' } })],
  [
    'a form of half a megabyte',
    'message.too-large',
    (good) => ({ ...good, form: { ...good.form, note: 'x'.repeat(600_000) } }),
  ],
];
