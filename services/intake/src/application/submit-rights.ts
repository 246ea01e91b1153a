import type { Actor } from '@lianban/access/actor';
import { may } from '@lianban/access/policy';
import { accessDenied } from '@lianban/service-kit/errors';
import type { Application } from './application.js';

/**
 * Who may submit what: for the own locality only, and under a source system of one's own. A connected system has one id; a clerk submits through the
 * systems of the own locality, whose ids are `window-<code>` or begin with `window-<code>-`. Throws `access.denied`.
 */
export function assertMaySubmit(actor: Actor, { receivingLocality, source }: Application): void {
  const own = { locality: actor.locality === receivingLocality, system: ownsSystem(actor, source.system) };
  if (own.system && may(actor, 'application.submit', { localities: [receivingLocality], system: source.system }))
    return;
  throw accessDenied({}, [
    ...(own.locality ? [] : [{ path: '/receivingLocality', message: notYourLocality }]),
    ...(own.system ? [] : [{ path: '/source/system', message: notYourSystem }]),
  ]);
}

const notYourLocality = { zh: '不是您所在的地区', en: 'is not your locality' };
const notYourSystem = { zh: '不是您的来源系统', en: 'is not your source system' };

function ownsSystem(actor: Actor, system: string): boolean {
  if (actor.system !== undefined) return actor.system === system;
  const own = `window-${actor.locality}`;
  return actor.locality !== undefined && (system === own || system.startsWith(`${own}-`));
}
