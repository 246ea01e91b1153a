/** Check of the two numbers applicants are known by. Pure; `today` is an argument. */

/** Why a number cannot be right; `null` where it can. */
export type IdentityFault = 'shape' | 'birth-date' | 'check-digit';

const RESIDENT_ID_CHECKS = '10X98765432';

/**
 * Citizen identification number (公民身份号码, GB 11643-1999): six digits of a division, date of birth, three digits of order, check
 * character by ISO 7064 MOD 11-2. The division is not looked up: a number keeps the code of its first registration for life, also
 * when that division has long been merged or renamed. `today` is `yyyymmdd` in China.
 */
export function residentIdFault(number: string, today: string): IdentityFault | null {
  if (!/^[1-9]\d{16}[\dX]$/.test(number)) return 'shape';
  const [year, month, day] = [number.slice(6, 10), number.slice(10, 12), number.slice(12, 14)].map(Number);
  const date = new Date(Date.UTC(year!, month! - 1, day));
  const real = date.getUTCFullYear() === year && date.getUTCMonth() === month! - 1 && date.getUTCDate() === day;
  if (!real || year < 1850 || number.slice(6, 14) > today) return 'birth-date';
  // Weights 2^(18 - i) mod 11 for the places i = 1 … 17.
  let sum = 0;
  for (const digit of number.slice(0, 17)) sum = (sum + Number(digit)) * 2;
  return RESIDENT_ID_CHECKS[sum % 11] === number[17] ? null : 'check-digit';
}

const USCC_ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';

/**
 * Unified social credit code (统一社会信用代码, GB 32100-2015): 18 characters of an alphabet without I, O, S, V, Z; the last one makes the
 * sum of value × 3^(i - 1) over the places i = 1 … 17, plus its own value, divisible by 31.
 */
export function usccFault(number: string): IdentityFault | null {
  if (!/^[0-9A-HJ-NP-RTUWXY]{2}\d{6}[0-9A-HJ-NP-RTUWXY]{10}$/.test(number)) return 'shape';
  let sum = 0;
  let weight = 1;
  for (const character of number.slice(0, 17)) {
    sum += USCC_ALPHABET.indexOf(character) * weight;
    weight = (weight * 3) % 31;
  }
  return (sum + USCC_ALPHABET.indexOf(number[17]!)) % 31 === 0 ? null : 'check-digit';
}
