import { describe, expect, it } from '@jest/globals';
import { codeOf, isConflict, isTransient } from './pg-errors.js';

const coded = (code: string, text = 'x') => Object.assign(new Error(text), { code });

describe('database errors', () => {
  it.each([
    '08006',
    '40001',
    '40P01',
    '53100',
    '53300',
    '57P01',
    '57014',
    '55P03',
    '25P03',
    '28P01',
    '42P01',
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'ENOTFOUND',
  ])('%s is tried again', (code) => expect(isTransient(coded(code))).toBe(true));
  it.each([
    '23505',
    '23514',
    '22P02',
    '22021',
    '42601',
    '25P02',
    'P0001',
    'task.already-decided',
    'ERR_INVALID_ARG_TYPE',
    'EXCEL',
  ])('%s is the fault of the message or of the code', (code) => expect(isTransient(coded(code))).toBe(false));
  it('knows the errors of the driver that have no code', () => {
    expect(isTransient(new Error('Connection terminated unexpectedly'))).toBe(true);
    expect(isTransient(new Error('timeout exceeded when trying to connect'))).toBe(true);
    expect(isTransient(new Error('no such case'))).toBe(false);
    for (const odd of [undefined, null, 'text', 1, {}, { code: 5 }]) expect(isTransient(odd)).toBe(false);
  });
  it('looks behind wrapping errors', () => {
    expect(codeOf(new Error('outer', { cause: coded('40P01') }))).toBe('40P01');
    expect(isConflict(new Error('outer', { cause: coded('40P01') }))).toBe(true);
    expect(isConflict(coded('08006'))).toBe(false);
  });
});
