import { describe, expect, it } from '@jest/globals';
import type { Actor } from '@lianban/access/actor';
import { pensionTransfer } from '../../test/fixtures.js';
import { assertMaySubmit } from './submit-rights.js';

const allowed = (actor: Partial<Actor>, change: { system?: string; locality?: string } = {}) => {
  const application = pensionTransfer();
  try {
    assertMaySubmit(
      { subject: 's', roles: ['window-system'], locality: '430600', ...actor },
      {
        ...application,
        source: { ...application.source, ...(change.system ? { system: change.system } : {}) },
        receivingLocality: change.locality ?? '430600',
      },
    );
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'access.denied' });
    return false;
  }
};

describe('who may submit', () => {
  it('a window system, as itself and for its own locality only', () => {
    const system = { system: 'window-430600' };
    expect(allowed(system)).toBe(true);
    expect(allowed(system, { system: 'window-371300' })).toBe(false);
    expect(allowed(system, { locality: '371300' })).toBe(false);
    expect(allowed({})).toBe(false);
  });
  it('a clerk, through any system of the own locality', () => {
    const clerk: Partial<Actor> = { roles: ['window-clerk'] };
    expect(allowed(clerk)).toBe(true);
    expect(allowed(clerk, { system: 'window-430600-hall2' })).toBe(true);
    expect(allowed(clerk, { system: 'window-4306000' })).toBe(false);
    expect(allowed(clerk, { system: 'window-371300' })).toBe(false);
    expect(allowed(clerk, { locality: '371300' })).toBe(false);
  });
  it('nobody else', () => {
    expect(allowed({ roles: ['reviewer'], body: '430600-social-insurance' })).toBe(false);
    expect(allowed({ roles: [], system: 'window-430600' })).toBe(false);
  });
});
