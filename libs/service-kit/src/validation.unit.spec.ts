import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsArray, IsInt, IsOptional, IsString, MaxLength, ValidateNested } from 'class-validator';
import fc from 'fast-check';
import { CodedError } from './errors.js';
import { MAX_MESSAGE_BYTES, validateMessage } from './validation.js';

class Line {
  @IsInt()
  count: number = 0;
}
class Order {
  @IsString()
  @MaxLength(10)
  title: string = '';

  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Line)
  lines?: Line[];
}
const bytes = (text: string) => Buffer.from(text, 'utf8');
const refusal = async (message: Uint8Array): Promise<CodedError> => {
  const error: unknown = await validateMessage(Order, message).catch((thrown: unknown) => thrown);
  if (error instanceof CodedError) return error;
  throw new Error('the message was not refused with a code', { cause: error });
};

describe('an outside message', () => {
  it('becomes an object of its class', async () => {
    const order = await validateMessage(Order, bytes('{"title":"a","lines":[{"count":2}]}'));
    expect(order).toBeInstanceOf(Order);
    expect(order.lines?.[0]).toBeInstanceOf(Line);
    expect(order).toEqual({ title: 'a', lines: [{ count: 2 }] });
  });

  it.each<[string, Uint8Array, string]>([
    ['no JSON', bytes('{"title":'), 'message.invalid'],
    ['empty', bytes(''), 'message.invalid'],
    ['a list', bytes('[]'), 'message.invalid'],
    ['null', bytes('null'), 'message.invalid'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), 'message.invalid'],
    ['over 1 MiB', Buffer.alloc(MAX_MESSAGE_BYTES + 1, 0x20), 'message.too-large'],
    ['of the wrong type', bytes('{"title":7}'), 'request.invalid'],
    ['with an unknown field', bytes('{"title":"a","colour":"red"}'), 'request.invalid'],
    ['with a prototype', bytes('{"title":"a","__proto__":{"polluted":true}}'), 'request.invalid'],
    ['with a null character', bytes('{"title":"a\\u0000"}'), 'request.invalid'],
    ['with a number beyond all bounds', bytes('{"title":"a","lines":[{"count":1e400}]}'), 'request.invalid'],
    ['nested too deeply', bytes(`{"title":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), 'request.invalid'],
  ])('that is %s is refused with a code', async (_, message, code) => {
    expect((await refusal(message)).code).toBe(code);
  });

  it('is answered with findings that do not grow with what was sent', async () => {
    const fields = Array.from({ length: 500 }, (_, index) => [`${'x'.repeat(500)}${index}`, index]);
    const { findings } = await refusal(bytes(JSON.stringify(Object.fromEntries(fields))));
    expect(findings.length).toBeLessThanOrEqual(50);
    expect(Math.max(...findings.map(({ path }) => path.length))).toBeLessThanOrEqual(65);
  });

  it('is taken or refused with a code, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.json().map(bytes)), async (message) => {
        await validateMessage(Order, message).then(
          (order) => expect(typeof order.title).toBe('string'),
          (error: unknown) => expect(error).toBeInstanceOf(CodedError),
        );
      }),
      { numRuns: 300 },
    );
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});
