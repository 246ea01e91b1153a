import { describe, expect, it } from '@jest/globals';
import { resultMessage } from '@lianban/contracts-review/events';
import { CodedError } from '@lianban/service-kit/errors';
import { validateMessage } from '@lianban/service-kit/validation';
import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { ResultMessage } from './result-message.js';

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
(addFormats as unknown as typeof addFormats.default)(ajv);
const keepsSchema = ajv.compile(resultMessage.schema as unknown as AnySchema);

async function codeOf(bytes: Buffer): Promise<string> {
  try {
    await validateMessage(ResultMessage, bytes);
    return 'readable';
  } catch (error) {
    if (error instanceof CodedError) return error.code;
    throw error;
  }
}
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const good = resultMessage.example;

describe('a message of a back office', () => {
  it.each([
    ['the example', good, 'readable'],
    ['a refusal with its reason', { ...good, outcome: 'refuse', reason: '参保关系未终止' }, 'readable'],
    ['null for what is not said', { ...good, reason: null, reference: null }, 'readable'],
    ['an unknown field', { ...good, extra: 1 }, 'request.invalid'],
    ['no task', { outcome: 'approve' }, 'request.invalid'],
    ['a task id that is none', { ...good, taskId: '17' }, 'request.invalid'],
    ['no outcome', { taskId: good.taskId }, 'request.invalid'],
    ['an unknown outcome', { ...good, outcome: 'maybe' }, 'request.invalid'],
    ['a reason that is no text', { ...good, reason: 7 }, 'request.invalid'],
    ['an empty reason', { ...good, reason: '' }, 'request.invalid'],
    ['a text beyond its limit', { ...good, reason: '长'.repeat(2001) }, 'request.invalid'],
    ['a character no database keeps', { ...good, reason: 'a\u0000b' }, 'request.invalid'],
    ['a list', [good], 'message.invalid'],
    ['a text', 'approve', 'message.invalid'],
    ['nothing', null, 'message.invalid'],
  ])('with %s is judged as its published schema says', async (_, value, code) => {
    expect(await codeOf(json(value))).toBe(code);
    expect(keepsSchema(value)).toBe(code === 'readable');
  });

  it.each([
    ['broken JSON', Buffer.from('{"taskId": '), 'message.invalid'],
    ['broken UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'message.invalid'],
    ['no bytes', Buffer.alloc(0), 'message.invalid'],
    ['__proto__', Buffer.from(`{"__proto__": {"outcome": "approve"}, "taskId": "${good.taskId}"}`), 'request.invalid'],
    ['5 MB', json({ ...good, reason: 'x'.repeat(5_000_000) }), 'message.too-large'],
  ])('of %s gets its code', async (_, bytes, code) => {
    expect(await codeOf(bytes)).toBe(code);
  });
});
