import { expect, it } from '@jest/globals';
import { CATALOG_DATA } from '../system/system.js';
import { readPlaces } from '../issuer/identities.js';
import { crowd, ITEMS, outcomeOf, story } from './plan.js';
import { Random } from './random.js';

const { localities, bodies } = readPlaces(CATALOG_DATA);
const places = localities.map(({ code }) => code);
const withoutFund = places.filter((code) => !bodies.some(({ id }) => id === `${code}-housing-fund`));
const plans = (seed: number) => crowd(400, new Random(seed), places, withoutFund);

it('the same seed plays the same cases, another one others', () => {
  expect(plans(7)).toEqual(plans(7));
  expect(plans(8)).not.toEqual(plans(7));
});

it('asks only places that have the bodies a procedure needs, never one place for both ends', () => {
  expect(withoutFund).toEqual(['411200']);
  for (const { item, form } of plans(7)) {
    const origins = (form.origins ?? [form.origin]) as string[];
    const ends = [...origins, form.destination as string];
    expect(new Set(ends).size).toBe(ends.length);
    if (item === 'hpf-transfer' || item === 'company-move') expect(ends).not.toContain('411200');
  }
});

it.each([
  ['the story', story(new Random(1))],
  ['a crowd', plans(7)],
])('%s has every procedure, both ways in, and the mishaps', (_, played) => {
  expect(new Set(played.map(({ item }) => item))).toEqual(new Set(ITEMS));
  expect(new Set(played.map(({ via }) => via))).toEqual(new Set(['http', 'topic']));
  expect(new Set(played.map(outcomeOf))).toEqual(new Set(['approved', 'refused', 'open']));
  expect(played.some(({ parcel }) => parcel === 'lose')).toBe(true);
  expect(played.some(({ messages }) => messages === 'fail')).toBe(true);
});
