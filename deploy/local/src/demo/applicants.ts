/** Made-up people and companies with numbers that pass every check. Names are rare enough to be found again wherever they leak. */
import type { Applicant } from '@lianban/contracts-intake/shapes';
import type { Random } from './random.js';

const FAMILY = [...'欧阳上官司徒闻人夏侯诸葛皇甫尉迟公羊澹台'];
const GIVEN = [...'澈沅霁昱珩翀焜璟祎骁翊蘅弈岚熹'];

/** GB 11643-1999 with its check character. */
export function residentId(random: Random): string {
  const body = `110105${1950 + random.below(50)}${String(1 + random.below(12)).padStart(2, '0')}${String(1 + random.below(28)).padStart(2, '0')}${random.digits(3)}`;
  let sum = 0;
  for (const digit of body) sum = (sum + Number(digit)) * 2;
  return body + '10X98765432'[sum % 11]!;
}

/** GB 32100-2015 with its check character. */
export function creditCode(random: Random): string {
  const alphabet = '0123456789ABCDEFGHJKLMNPQRTUWXY';
  const body = `91${random.digits(6)}MA${random.digits(7)}`;
  let sum = 0;
  let weight = 1;
  for (const character of body) {
    sum += alphabet.indexOf(character) * weight;
    weight = (weight * 3) % 31;
  }
  return body + alphabet[(31 - (sum % 31)) % 31]!;
}

const phone = (random: Random): string => `139${random.digits(8)}`;

export function person(random: Random): Applicant {
  const name = random.pick(FAMILY) + random.pick(GIVEN) + random.pick(GIVEN) + random.pick(GIVEN);
  return { name, idType: 'resident-id', idNumber: residentId(random), phone: phone(random) };
}

export function company(random: Random): Applicant {
  const name = `${random.pick(GIVEN)}${random.pick(GIVEN)}${random.pick(GIVEN)}精密机械有限公司`;
  return {
    name,
    idType: 'uscc',
    idNumber: creditCode(random),
    phone: phone(random),
    email: `office${random.digits(6)}@example.com`,
  };
}
