/** What the specs start from: the catalog's real items and procedures, bodies of two places, and an application that can be taken. */
import { readFileSync } from 'node:fs';
import type { ItemPublished } from '@lianban/contracts-catalog/events';
import type { BodyRef } from '@lianban/contracts-catalog/shapes';
import { parseProcedure } from '@lianban/procedure/procedure';
import type { Application, Catalog, UploadedMaterial } from '../src/application/application.js';

const data = new URL('../../catalog/data/', import.meta.url);
const read = <T>(file: string): T => JSON.parse(readFileSync(new URL(file, data), 'utf8')) as T;

export const items = read<ItemPublished[]>('items.json');
export const procedures = items.map(({ procedure }) => ({
  ...procedure,
  document: read<Record<string, unknown>>(`procedures/${procedure.id}.json`),
}));

const places: Record<string, [zh: string, en: string]> = {
  '430600': ['岳阳市', 'Yueyang'],
  '340100': ['合肥市', 'Hefei'],
  '371300': ['临沂市', 'Linyi'],
  '411200': ['三门峡市', 'Sanmenxia'],
};
const functions: Record<string, [zh: string, en: string]> = {
  'social-insurance': ['社会保险经办机构', 'social insurance agency'],
  'housing-fund': ['住房公积金管理中心', 'housing fund centre'],
  'market-registration': ['市场主体登记机关', 'company registration authority'],
  tax: ['税务机关', 'tax authority'],
};

/** Every place has every body, but 三门峡 has no housing fund centre. */
export const bodies: BodyRef[] = Object.entries(places).flatMap(([code, [zh, en]]) =>
  Object.entries(functions)
    .filter(([fn]) => !(code === '411200' && fn === 'housing-fund'))
    .map(([fn, names]) => ({
      id: `${code}-${fn}`,
      name: { zh: `${zh}${names[0]}`, en: `${en} ${names[1]}` },
      function: fn,
      locality: { code, name: { zh, en } },
    })),
);

const parsed = new Map(procedures.map(({ id, document }) => [id, parseProcedure(document)]));
export const catalog: Catalog = {
  item: (id) => items.find((item) => item.id === id),
  procedure: ({ id }) => parsed.get(id),
  body: (fn, code) => bodies.find((body) => body.function === fn && body.locality.code === code),
  locality: (code) => bodies.find((body) => body.locality.code === code)?.locality,
};

export const MATERIAL_IDS = ['01936f4e-7c00-7000-8000-000000000001', '01936f4e-7c00-7000-8000-000000000002'] as const;
export const uploaded = (locality = '430600'): Map<string, UploadedMaterial> =>
  new Map(
    MATERIAL_IDS.map((id) => [id, { id, locality, sha256: 'a'.repeat(64), mediaType: 'application/pdf', size: 1024 }]),
  );

/** A pension transfer from 合肥 to 临沂, handed in at 岳阳. */
export const pensionTransfer = (materialIds: readonly string[] = MATERIAL_IDS): Application => ({
  source: { system: 'window-430600', number: 'YY-2026-0001' },
  item: 'pension-transfer',
  receivingLocality: '430600',
  applicant: { name: '张三', idType: 'resident-id', idNumber: '11010519491231002X', phone: '13800000000' },
  form: { origin: '340100', destination: '371300' },
  materials: [
    { kind: 'id-card', materialId: materialIds[0]!, original: false },
    { kind: 'application-form', materialId: materialIds[1]!, original: false },
  ],
});

/** Small files of each kind, as a scanner or a program makes them. */
const zipOf = (name: string): Buffer => {
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(20, 4);
  local.writeUInt16LE(name.length, 26);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(46 + name.length, 12);
  end.writeUInt32LE(30 + name.length, 16);
  return Buffer.concat([local, Buffer.from(name), entry, Buffer.from(name), end]);
};
const pngHead = '89504e470d0a1a0a0000000d4948445200000001000000010806000000';
export const files = {
  pdf: Buffer.from('%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n'),
  png: Buffer.from(
    `${pngHead}1f15c4890000000a49444154789c6300010000050001 0d0a2db40000000049454e44ae426082`.replace(' ', ''),
    'hex',
  ),
  jpeg: Buffer.from('ffd8ffe000104a46494600010100000100010000ffd9', 'hex'),
  ofd: zipOf('OFD.xml'),
  zip: zipOf('word.xml'),
  html: Buffer.from('<!doctype html><script>alert(1)</script>'),
  exe: Buffer.from('4d5a90000300000004000000ffff0000', 'hex'),
  text: Buffer.from('just words'),
};
