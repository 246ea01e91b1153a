import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { residentIdFault, usccFault } from './identity-number.js';

const today = '20261124';

describe('the citizen identification number (GB 11643)', () => {
  it.each([
    // Both examples of GB 11643-1999, annex A and clause 4.
    '11010519491231002X',
    '440524188001010014',
    // 513001 (达川地区达县市) and 421121 were dissolved; those born there keep the number.
    ...['51300119800101001', '42112119560229002'].map(withResidentCheck),
  ])('%s is right', (number) => expect(residentIdFault(number, today)).toBeNull());

  it.each([
    ['110105194912310021', 'check-digit'],
    ['11010519491231002x', 'shape'],
    ['110105491231002', 'shape'],
    ['01010519491231002X', 'shape'],
    ['11010519490229002X', 'birth-date'],
    ['11010519491331002X', 'birth-date'],
    [withResidentCheck('11010520261125002'), 'birth-date'],
    ['１１010519491231002X', 'shape'],
    ['', 'shape'],
  ])('%s is wrong: %s', (number, fault) => expect(residentIdFault(number, today)).toBe(fault));

  it('a person born today has a number', () =>
    expect(residentIdFault(withResidentCheck('11010520261124002'), today)).toBeNull());

  it('one wrong digit and two swapped neighbours never go unnoticed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 9 }), (place, digit) => {
        const right = withResidentCheck('11010519491231002');
        const at = 14 + place;
        const changed = right.slice(0, at) + String(digit) + right.slice(at + 1);
        const swapped = right.slice(0, at - 1) + right[at] + right[at - 1] + right.slice(at + 1);
        for (const wrong of [changed, swapped].filter((text) => text !== right))
          expect(residentIdFault(wrong, today)).not.toBeNull();
      }),
    );
  });
});

/** Appends the check character in the form the standard prints it: table of weights and table of remainders. */
function withResidentCheck(body: string): string {
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = weights.reduce((total, weight, i) => total + weight * Number(body[i]), 0);
  return body + ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'][sum % 11]!;
}

describe('the unified social credit code (GB 32100)', () => {
  it.each([
    // Published codes: the example printed with the standard, and registered companies.
    '91350100M000100Y43',
    '914403001922038216',
    '9144030071526726XG',
    '91330100799655058B',
    '91110000802100433B',
  ])('%s is right', (number) => expect(usccFault(number)).toBeNull());

  it.each([
    ['91350100M000100Y44', 'check-digit'],
    ['914403001922038261', 'check-digit'],
    ['91350100I000100Y43', 'shape'],
    ['91350100m000100y43', 'shape'],
    ['9135010OM000100Y43', 'shape'],
    ['', 'shape'],
  ])('%s is wrong: %s', (number, fault) => expect(usccFault(number)).toBe(fault));
});
