import { describe, expect, it } from '@jest/globals';
import { addressee } from './addressee.js';

const message = (value: unknown) => Buffer.from(JSON.stringify(value));
const stated = message({ source: { system: 'window-371300', number: 'LY-1' } });
const own = { subject: 's', roles: ['window-system' as const], system: 'window-430600' };

describe('a rejection', () => {
  it('goes to the system the message names where no token says better', () =>
    expect(addressee(stated, undefined)).toEqual({ system: 'window-371300', number: 'LY-1' }));
  it('goes to the sender, not to the system a stranger named', () =>
    expect(addressee(stated, own)).toEqual({ system: 'window-430600', number: null }));
  it('repeats the sender’s own number', () =>
    expect(addressee(message({ source: { system: 'window-430600', number: 'YY-1' } }), own)).toEqual({
      system: 'window-430600',
      number: 'YY-1',
    }));
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['no JSON', Buffer.from('{"source":')],
    ['null', message(null)],
    ['a list', message([1])],
    ['numbers for texts', message({ source: { system: 1, number: {} } })],
    ['control characters', message({ source: { system: 'a\nb', number: 'c\0d' } })],
    ['long texts', message({ source: { system: 'x'.repeat(65), number: 'y'.repeat(65) } })],
    ['5 MB', Buffer.alloc(5_000_000, '[')],
  ])('can be addressed to nobody when the message is %s', (_, bytes) =>
    expect(addressee(bytes, undefined)).toEqual({ system: 'unknown', number: null }),
  );
});
