/** The one place that answers "may this actor do this to that?". Pure; the default is no. */
import type { Actor, Role } from './actor.js';

/** What is acted on. `localities`: any of these makes the actor a party; `body`: the body in charge; `system`: the source system that owns it. */
export interface Resource {
  localities?: readonly string[];
  body?: string;
  system?: string;
}

/**
 * How far a role reaches: everywhere, in its own locality, for its own body there, for what its own system sent, or for its own system in its own
 * locality.
 */
type Reach = 'everywhere' | 'locality' | 'body' | 'system' | 'system-in-locality';

const windowRoles = { 'window-clerk': 'locality', 'window-system': 'locality' } as const;
const watchers = { supervisor: 'locality', auditor: 'everywhere', operator: 'everywhere' } as const;
const bodies = { reviewer: 'locality', 'back-office': 'locality' } as const;

/** Action → role → reach. A role that is not listed may not. */
const rules = {
  'application.submit': { 'window-clerk': 'locality', 'window-system': 'system-in-locality' },
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

function reaches(actor: Actor, reach: Reach, resource: Resource | undefined): boolean {
  // A property the resource does not name never matches: forgetting one must not open anything.
  const inLocality =
    actor.locality !== undefined && (!resource || (resource.localities ?? []).includes(actor.locality));
  const ofBody = actor.body !== undefined && (!resource || resource.body === actor.body);
  const ofSystem = actor.system !== undefined && (!resource || resource.system === actor.system);
  switch (reach) {
    case 'everywhere':
      return true;
    case 'locality':
      return inLocality;
    case 'body':
      return inLocality && ofBody;
    case 'system':
      return ofSystem;
    case 'system-in-locality':
      return inLocality && ofSystem;
  }
}

const reachesOf = (actor: Actor, action: Action): Reach[] => {
  const reachByRole: Partial<Record<Role, Reach>> = rules[action];
  return actor.roles.flatMap((role) => reachByRole[role] ?? []);
};

/**
 * May `actor` do `action` to `resource`? Without a resource it is the question at role level ("may this actor list tasks at all?"); a list must
 * then be confined to what the actor reaches. A resource must name everything the action's reach asks about.
 */
export const may = (actor: Actor, action: Action, resource?: Resource): boolean =>
  reachesOf(actor, action).some((reach) => reaches(actor, reach, resource));

/** The locality a list must be confined to for this actor and action: a code, or `null` where the actor sees every place. */
export const confinedTo = (actor: Actor, action: Action): string | null =>
  reachesOf(actor, action).includes('everywhere') ? null : (actor.locality ?? '');

/** The source system a list must be confined to besides: its id, or `null` where the actor sees what every system sent. */
export const confinedToSystem = (actor: Actor, action: Action): string | null =>
  reachesOf(actor, action).every((reach) => reach === 'system' || reach === 'system-in-locality')
    ? (actor.system ?? '')
    : null;
