/** The one place that answers "may this actor do this to that?". Pure; the default is no. */
import type { Actor, Role } from './actor.js';

/** What is acted on. `localities`: any of these makes the actor a party; `body`: the body in charge; `system`: the source system that owns it. */
export interface Resource {
  localities?: readonly string[];
  body?: string;
  system?: string;
}

/** How far a role reaches: everywhere, in its own locality, for its own body, or for what its own system sent. */
type Reach = 'everywhere' | 'locality' | 'body' | 'system';

const windowRoles = { 'window-clerk': 'locality', 'window-system': 'locality' } as const;
const watchers = { supervisor: 'locality', auditor: 'everywhere', operator: 'everywhere' } as const;
const bodies = { reviewer: 'locality', 'back-office': 'locality' } as const;

/** Action → role → reach. A role that is not listed may not. */
const rules = {
  'application.submit': { 'window-clerk': 'locality', 'window-system': 'locality' },
  'application.read': {
    'window-clerk': 'locality',
    'window-system': 'system',
    supervisor: 'locality',
    auditor: 'everywhere',
  },
  'material.upload': windowRoles,
  'material.read': { ...windowRoles, ...bodies, auditor: 'everywhere' },
  'task.list': { ...bodies, supervisor: 'locality', auditor: 'everywhere' },
  'task.read': { ...bodies, supervisor: 'locality', auditor: 'everywhere' },
  'task.claim': { reviewer: 'body', 'back-office': 'body' },
  'task.decide': { reviewer: 'body', 'back-office': 'body' },
  'case.list': { ...windowRoles, ...bodies, ...watchers },
  'case.read': { ...windowRoles, ...bodies, ...watchers },
  'feed.read': { dashboard: 'everywhere', ...watchers },
  'parcel.list': { 'courier-desk': 'locality', ...watchers },
  'parcel.read': { 'courier-desk': 'locality', ...watchers },
  'parcel.seal': { 'courier-desk': 'locality' },
  'parcel.post': { 'courier-desk': 'locality' },
  'parcel.resend': { 'courier-desk': 'locality' },
  'notice.read': { 'window-clerk': 'locality', ...watchers },
  'catalog.read': { ...windowRoles, ...bodies, ...watchers, 'courier-desk': 'everywhere', dashboard: 'everywhere' },
  'catalog.write': { operator: 'everywhere' },
  'ops.read': { operator: 'everywhere', auditor: 'everywhere' },
  'ops.repair': { operator: 'everywhere' },
} as const satisfies Record<string, Partial<Record<Role, Reach>>>;

export type Action = keyof typeof rules;

function reaches(actor: Actor, reach: Reach, resource: Resource): boolean {
  switch (reach) {
    case 'everywhere':
      return true;
    case 'locality':
      return (
        actor.locality !== undefined &&
        (resource.localities === undefined || resource.localities.includes(actor.locality))
      );
    case 'body':
      return actor.body !== undefined && (resource.body === undefined || resource.body === actor.body);
    case 'system':
      return actor.system !== undefined && (resource.system === undefined || resource.system === actor.system);
  }
}

/**
 * May `actor` do `action` to `resource`? Leaving out a property of the resource asks the question at role level
 * ("may this actor list tasks at all?"); the list itself must then be confined to what the actor reaches.
 */
export function may(actor: Actor, action: Action, resource: Resource = {}): boolean {
  const reachByRole: Partial<Record<Role, Reach>> = rules[action];
  return actor.roles.some((role) => {
    const reach = reachByRole[role];
    return reach !== undefined && reaches(actor, reach, resource);
  });
}

/** The locality a list must be confined to for this actor and action: a code, or `null` where the actor sees every place. */
export function confinedTo(actor: Actor, action: Action): string | null {
  const reachByRole: Partial<Record<Role, Reach>> = rules[action];
  const everywhere = actor.roles.some((role) => reachByRole[role] === 'everywhere');
  return everywhere ? null : (actor.locality ?? '');
}
