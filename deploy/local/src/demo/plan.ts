/** What shall happen in a demo: which applications come in, where, how, and what goes wrong on their way. */
import type { Applicant } from '@lianban/contracts-intake/shapes';
import { company, person } from './applicants.js';
import type { Random } from './random.js';

export const ITEMS = ['pension-transfer', 'hpf-transfer', 'unemployment-transfer', 'company-move'] as const;
export type ItemId = (typeof ITEMS)[number];

export interface Plan {
  /** From 0; part of the window's own number. */
  n: number;
  item: ItemId;
  receiving: string;
  form: Record<string, unknown>;
  applicant: Applicant;
  /** How the window hands it in. */
  via: 'http' | 'topic';
  /** A body refuses this step; with `locality` only the one there. */
  refuse?: { stepId: string; locality?: string };
  /** The first parcel of the case gets lost, or comes back. */
  parcel?: 'lose' | 'return';
  /** This step stays open: its body takes months. */
  leaveOpen?: string;
  /** The window sends the same application again. */
  repeat?: boolean;
  /** The window sends its number again with other content, which is refused. */
  reuse?: boolean;
  /** How the provider of messages behaves when the first notice goes out. */
  messages?: 'fail' | 'twice' | 'drop';
}

/** What an item needs, and which materials also come as paper. */
export const materialsOf: Record<ItemId, { kind: string; original?: true }[]> = {
  'pension-transfer': [{ kind: 'id-card' }, { kind: 'application-form' }],
  'hpf-transfer': [{ kind: 'id-card' }, { kind: 'application-form' }],
  'unemployment-transfer': [{ kind: 'id-card' }, { kind: 'application-form' }],
  'company-move': [
    { kind: 'change-application' },
    { kind: 'resolution' },
    { kind: 'articles-amendment' },
    { kind: 'premises-proof' },
    { kind: 'business-licence', original: true },
  ],
};

/** Steps a body may refuse so that the case ends. */
const refusable: Record<ItemId, string[]> = {
  'pension-transfer': ['review', 'out', 'in'],
  'hpf-transfer': ['accept', 'check', 'match'],
  'unemployment-transfer': ['review', 'out', 'in'],
  'company-move': ['check', 'consent', 'license'],
};

/** Items with papers to send. */
const travels = new Set<ItemId>(['pension-transfer', 'company-move']);

/** The four procedures with one mishap each, always the same: the story the demo tells. */
export function story(random: Random): Plan[] {
  return [
    {
      n: 0,
      item: 'pension-transfer',
      receiving: '430600',
      form: { origin: '340100', destination: '371300' },
      applicant: person(random),
      via: 'http',
      parcel: 'lose',
      repeat: true,
    },
    {
      n: 1,
      item: 'hpf-transfer',
      receiving: '131000',
      form: { origin: '320500', destination: '131000' },
      applicant: person(random),
      via: 'topic',
      messages: 'fail',
    },
    {
      n: 2,
      item: 'unemployment-transfer',
      receiving: '371300',
      form: { origins: ['430600', '340100', '411200'], destination: '371300' },
      applicant: person(random),
      via: 'http',
      refuse: { stepId: 'out', locality: '411200' },
      reuse: true,
    },
    {
      n: 3,
      item: 'company-move',
      receiving: '430600',
      form: {
        companyName: '岳阳洞庭精密机械有限公司',
        origin: '430600',
        destination: '320500',
        newAddress: '苏州市金鸡湖路八十八号',
      },
      applicant: company(random),
      via: 'topic',
      leaveOpen: 'archive',
      messages: 'twice',
    },
  ];
}

/** How the case must stand at the end: a body's refusal ends it, and what a body leaves lying keeps it open. */
export const outcomeOf = ({ refuse, leaveOpen }: Plan): 'approved' | 'refused' | 'open' =>
  refuse ? 'refused' : leaveOpen ? 'open' : 'approved';

/** Many cases, spread over procedures, places and mishaps. `places`: every locality; `withoutFund`: those without a housing fund centre. */
export function crowd(
  count: number,
  random: Random,
  places: readonly string[],
  withoutFund: readonly string[],
): Plan[] {
  return Array.from({ length: count }, (_, n): Plan => {
    const item = ITEMS[n % ITEMS.length]!;
    const able =
      item === 'hpf-transfer' || item === 'company-move' ? places.filter((p) => !withoutFund.includes(p)) : places;
    const [origin, destination, third] = random.some(able, 3) as [string, string, string];
    const applicant = item === 'company-move' ? company(random) : person(random);
    const form: Record<string, unknown> =
      item === 'unemployment-transfer'
        ? { origins: random.chance(0.5) ? [origin, third] : [origin], destination }
        : item === 'company-move'
          ? { companyName: applicant.name, origin, destination, newAddress: `高新区创业大道${1 + random.below(999)}号` }
          : { origin, destination };
    const refused = random.chance(0.12);
    const one = random.next();
    return {
      n,
      item,
      // At home at one of the ends, or somewhere else altogether.
      receiving: random.chance(0.5) ? random.pick([origin, destination]) : random.pick(places),
      form,
      applicant,
      via: random.chance(0.5) ? 'http' : 'topic',
      ...(refused ? { refuse: { stepId: random.pick(refusable[item]) } } : {}),
      ...(!refused && travels.has(item) && random.chance(0.1)
        ? { parcel: random.pick(['lose', 'return'] as const) }
        : {}),
      ...(!refused && item === 'company-move' && random.chance(0.1) ? { leaveOpen: 'archive' } : {}),
      ...(random.chance(0.1) ? { repeat: true } : {}),
      ...(random.chance(0.03) ? { reuse: true } : {}),
      ...(one < 0.03 ? { messages: 'fail' as const } : one < 0.05 ? { messages: 'twice' as const } : {}),
    };
  });
}
