/** What readers get to see of an application. */
import type { Actor } from '@lianban/access/actor';
import { maskPerson } from '@lianban/access/mask';
import { may } from '@lianban/access/policy';
import type { ApplicationRow } from './application.store.js';

/** `masked`: the applicant's data is masked and the form, which may name addresses, is left out (null). */
export interface ApplicationView extends Omit<ApplicationRow, 'form'> {
  masked: boolean;
  form: ApplicationRow['form'] | null;
}

export const maskedView = (row: ApplicationRow): ApplicationView => ({
  ...row,
  applicant: maskPerson(row.applicant),
  form: null,
  masked: true,
});

/** The clerk at the window that took the application in sees it whole; whoever else may see it sees it masked; others see nothing. */
export function viewFor(actor: Actor, row: ApplicationRow): ApplicationView | undefined {
  const locality = row.receivingLocality.code;
  if (!may(actor, 'application.read', { localities: [locality], system: row.source.system })) return undefined;
  const atTheWindow = actor.roles.includes('window-clerk') && actor.locality === locality;
  return atTheWindow ? { ...row, masked: false } : maskedView(row);
}

/** Stands for a locality and a system that nobody has. */
const NOBODYS = '-';

/** Whose applications a list may show: everybody's, those of a locality, those of a source system. */
export function listScope(actor: Actor): { all: boolean; locality: string | null; system: string | null } {
  const reaches = (locality: string, system: string) =>
    may(actor, 'application.read', { localities: [locality], system });
  const { locality, system } = actor;
  return {
    all: reaches(NOBODYS, NOBODYS),
    locality: locality !== undefined && reaches(locality, NOBODYS) ? locality : null,
    system: system !== undefined && reaches(NOBODYS, system) ? system : null,
  };
}
