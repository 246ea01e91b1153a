/** Who may ask the demo issuer for a token: people and systems of every demo place, derived from the catalog's own data. */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Role } from '@lianban/access/actor';
import type { BodyRef, LocalityRef } from '@lianban/contracts-catalog/shapes';

/** One client of the issuer. `id` is also the token's `sub`; the rest become claims. */
export interface Identity {
  id: string;
  name: string;
  roles: Role[];
  locality?: string;
  body?: string;
  system?: string;
}

export interface Places {
  localities: LocalityRef[];
  bodies: BodyRef[];
}

/** `folder`: where `localities.json` and `bodies.json` of the catalog lie. */
export function readPlaces(folder: string): Places {
  const read = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'));
  return {
    localities: read('localities.json') as LocalityRef[],
    bodies: read('bodies.json') as BodyRef[],
  };
}

/** Per locality a window system, a clerk, a courier desk and a supervisor; per body a back office and a reviewer; and those who watch all. */
export function identitiesOf({ localities, bodies }: Places): Identity[] {
  return [
    ...localities.flatMap(({ code, name }): Identity[] => [
      {
        id: `window-${code}`,
        name: `${name.zh}政务窗口系统`,
        roles: ['window-system'],
        locality: code,
        system: `window-${code}`,
      },
      { id: `clerk-${code}`, name: `${name.zh}窗口工作人员`, roles: ['window-clerk'], locality: code },
      { id: `courier-${code}`, name: `${name.zh}寄递岗`, roles: ['courier-desk'], locality: code },
      { id: `supervisor-${code}`, name: `${name.zh}监督员`, roles: ['supervisor'], locality: code },
    ]),
    ...bodies.flatMap(({ id, name, locality }): Identity[] => [
      {
        id: `backoffice-${id}`,
        name: `${name.zh}业务系统`,
        roles: ['back-office'],
        locality: locality.code,
        body: id,
        system: `backoffice-${id}`,
      },
      { id: `reviewer-${id}`, name: `${name.zh}审批员`, roles: ['reviewer'], locality: locality.code, body: id },
    ]),
    { id: 'operator', name: '运维员', roles: ['operator'] },
    { id: 'auditor', name: '审计员', roles: ['auditor'] },
    { id: 'dashboard', name: '监测大屏', roles: ['dashboard'] },
  ];
}

/** Each client's secret follows from the one secret of the issuer, so that only that one has to be kept. */
export const clientSecret = (issuerSecret: string, clientId: string): string =>
  createHmac('sha256', issuerSecret).update(`client:${clientId}`).digest('base64url');
