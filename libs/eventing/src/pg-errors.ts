/** Which database errors say "later" and which say "never". */

/** SQLSTATE of PostgreSQL or code of the socket; undefined where there is none. */
export function codeOf(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; typeof at === 'object' && at !== null && depth < 5; depth++) {
    if ('code' in at && typeof at.code === 'string') return at.code;
    at = 'cause' in at ? at.cause : undefined;
  }
  return undefined;
}

/** Deadlock or serialization failure: the same transaction may be run again at once. */
export const isConflict = (error: unknown): boolean => ['40001', '40P01'].includes(codeOf(error) ?? '');

// Errors of pg and pg-pool that carry no code.
const connectionTexts = [
  'Connection terminated',
  'Client has encountered a connection error',
  'Client was closed',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Cannot use a pool after calling end',
  'Query read timeout',
];
const socketCodes =
  /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|ENOTFOUND|EAI_AGAIN|EADDRNOTAVAIL|EMFILE|ENFILE)/;

// A table, column, function or right that is not there: this version and its database do not fit together (yet).
const misfits = ['42P01', '42703', '42883', '42501', '3F000', '3D000'];

/**
 * The database is away, full, overloaded, being restarted (classes 08, 28, 40, 53, 57, 58, time limits, read-only after a fail-over) or not
 * migrated: nothing is wrong with the message, it must be tried again.
 */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E')) {
    return /^(08|28|40|53|57|58)/.test(code) || ['55P03', '25006', '25P03', '25P04', ...misfits].includes(code);
  }
  if (code !== undefined && socketCodes.test(code)) return true;
  const text = error instanceof Error ? error.message : '';
  return connectionTexts.some((part) => text.includes(part));
}
