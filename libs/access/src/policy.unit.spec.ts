import { describe, expect, it } from '@jest/globals';
import { type Actor, type Role, ROLES } from './actor.js';
import { type Action, confinedTo, confinedToSystem, may } from './policy.js';

const here = '430600';
const elsewhere = '340100';
const actor = (role: Role, more: Partial<Actor> = {}): Actor => ({
  subject: 'a',
  roles: [role],
  locality: here,
  body: `${here}-tax`,
  system: `window-${here}`,
  ...more,
});
/** Everything about the resource is the actor's own. */
const own = { localities: [elsewhere, here], body: `${here}-tax`, system: `window-${here}` };

/** Written down a second time on purpose: whoever widens the policy has to say so here too. */
const expected: Record<Action, Role[]> = {
  'application.submit': ['window-clerk', 'window-system'],
  'application.read': ['window-clerk', 'window-system', 'supervisor', 'auditor'],
  'material.upload': ['window-clerk', 'window-system'],
  'material.read': ['window-clerk', 'window-system', 'reviewer', 'back-office', 'auditor'],
  'task.list': ['reviewer', 'back-office', 'supervisor', 'auditor'],
  'task.read': ['reviewer', 'back-office', 'supervisor', 'auditor'],
  'task.claim': ['reviewer', 'back-office'],
  'task.decide': ['reviewer', 'back-office'],
  'case.list': ['window-clerk', 'window-system', 'reviewer', 'back-office', 'supervisor', 'operator', 'auditor'],
  'case.read': ['window-clerk', 'window-system', 'reviewer', 'back-office', 'supervisor', 'operator', 'auditor'],
  'feed.read': ['supervisor', 'operator', 'auditor', 'dashboard'],
  'parcel.list': ['courier-desk', 'supervisor', 'operator', 'auditor'],
  'parcel.read': ['courier-desk', 'supervisor', 'operator', 'auditor'],
  'parcel.seal': ['courier-desk'],
  'parcel.post': ['courier-desk'],
  'parcel.resend': ['courier-desk'],
  'notice.read': ['window-clerk', 'supervisor', 'operator', 'auditor'],
  'catalog.read': [...ROLES],
  'catalog.write': ['operator'],
  'ops.read': ['operator', 'auditor'],
  'ops.repair': ['operator'],
};
const actions = Object.keys(expected) as Action[];

/** Role and action pairs that see every place; all others end at the locality's border. */
const everywhere = (role: Role, action: Action): boolean =>
  role === 'auditor' ||
  role === 'operator' ||
  (role === 'dashboard' && ['feed.read', 'catalog.read'].includes(action)) ||
  (role === 'courier-desk' && action === 'catalog.read');

describe('the policy', () => {
  it.each(actions)('%s is for the roles listed and no other', (action) => {
    const allowed = ROLES.filter((role) => may(actor(role), action));
    expect(new Set(allowed)).toEqual(new Set(expected[action]));
    expect(new Set(ROLES.filter((role) => may(actor(role), action, own)))).toEqual(new Set(expected[action]));
  });

  it.each(actions)('%s ends at the border of the locality', (action) => {
    // A source system is one system wherever it stands; all else is told by the place.
    const foreign = { ...own, localities: [elsewhere], system: `window-${elsewhere}` };
    for (const role of expected[action])
      expect([role, may(actor(role), action, foreign)]).toEqual([role, everywhere(role, action)]);
  });

  it.each(actions)('%s needs the resource to name what it is judged by', (action) => {
    for (const role of expected[action])
      expect([role, may(actor(role), action, {})]).toEqual([role, everywhere(role, action)]);
  });

  it('gives nothing to someone without a role', () => {
    for (const action of actions) {
      expect(may(actor('auditor', { roles: [] }), action)).toBe(false);
      expect(may(actor('auditor', { roles: [] }), action, own)).toBe(false);
    }
  });

  it('gives a local role nothing without a locality', () => {
    const { locality: _, ...placeless } = actor('reviewer');
    expect(may(placeless, 'task.read')).toBe(false);
    expect(may(placeless, 'task.read', own)).toBe(false);
    expect(confinedTo(placeless, 'task.list')).toBe('');
  });

  it.each(['task.claim', 'task.decide'] as const)('%s is for the body in charge, in its own place', (action) => {
    for (const role of ['reviewer', 'back-office'] as const) {
      expect(may(actor(role), action, own)).toBe(true);
      expect(may(actor(role), action, { ...own, body: `${here}-housing-fund` })).toBe(false);
      expect(may(actor(role), action, { ...own, localities: [elsewhere] })).toBe(false);
      expect(
        may(actor(role, { body: `${elsewhere}-tax` }), action, {
          ...own,
          body: `${elsewhere}-tax`,
          localities: [elsewhere],
        }),
      ).toBe(false);
    }
  });

  it('lets a window system submit only as itself and for its own place', () => {
    const system = actor('window-system');
    expect(may(system, 'application.submit', { localities: [here], system: `window-${here}` })).toBe(true);
    expect(may(system, 'application.submit', { localities: [here], system: `window-${elsewhere}` })).toBe(false);
    expect(may(system, 'application.submit', { localities: [elsewhere], system: `window-${here}` })).toBe(false);
  });

  it('says what a list must be confined to', () => {
    expect(confinedTo(actor('supervisor'), 'case.list')).toBe(here);
    expect(confinedTo(actor('auditor'), 'case.list')).toBeNull();
    expect(confinedTo(actor('supervisor', { roles: ['supervisor', 'auditor'] }), 'case.list')).toBeNull();
    expect(confinedToSystem(actor('window-system'), 'application.read')).toBe(`window-${here}`);
    expect(confinedToSystem(actor('window-clerk'), 'application.read')).toBeNull();
    expect(confinedToSystem(actor('auditor'), 'application.read')).toBeNull();
  });

  it('does not let the role of one action serve another', () => {
    expect(
      may(actor('auditor', { roles: ['auditor', 'reviewer'] }), 'task.decide', { ...own, localities: [elsewhere] }),
    ).toBe(false);
  });
});
