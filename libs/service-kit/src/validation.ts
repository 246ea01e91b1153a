/** Checks what comes from outside, over HTTP and from outside topics alike, and says what is wrong with it in both languages. */
import { type ArgumentMetadata, Injectable, type Type, ValidationPipe } from '@nestjs/common';
import * as transformer from 'class-transformer';
import * as validator from 'class-validator';
import {
  type CodedError,
  type Finding,
  messageInvalid,
  messageTooLarge,
  requestInvalid,
  type Texts,
} from './errors.js';

/** Largest message a service reads, in bytes. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;
/** Deeper than any body here; recursive code below this stays far from the end of the stack. */
const MAX_DEPTH = 32;
const MAX_FINDINGS = 50;

const rules = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  validationError: { target: false, value: false },
} satisfies validator.ValidatorOptions;

/** Chinese texts by class-validator rule; English is class-validator's own. */
const zhByRule: Record<string, string> = {
  whitelistValidation: '不认识的字段',
  isString: '应为文本',
  isNotEmpty: '不能为空',
  isDefined: '必须填写',
  isInt: '应为整数',
  isNumber: '应为数字',
  isBoolean: '应为真或假',
  isArray: '应为列表',
  isObject: '应为对象',
  isIn: '不在允许的取值之内',
  isEnum: '不在允许的取值之内',
  isUuid: '应为 UUID',
  isEmail: '应为电子邮箱地址',
  isDateString: '应为日期',
  isIso8601: '应为日期时间',
  matches: '格式不正确',
  min: '小于允许的最小值',
  max: '大于允许的最大值',
  minLength: '太短',
  maxLength: '太长',
  isLength: '长度不符合要求',
  arrayMinSize: '项目太少',
  arrayMaxSize: '项目太多',
  arrayNotEmpty: '列表不能为空',
  arrayUnique: '列表中有重复项',
  nestedValidation: '应为对象',
  unknownValue: '无法识别的内容',
};

/** Property names come from the sender: they are cut, so that an answer never grows with what was sent. */
const segment = (name: string): string => name.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1');

/** A rule may bring its own texts: `@Matches(/…/, { context: { zh: '…', en: '…' } })`. */
const isTexts = (context: unknown): context is Texts =>
  isRecord(context) && typeof context.zh === 'string' && typeof context.en === 'string';

/** The findings of class-validator's errors; paths are JSON pointers. */
export function findingsOf(errors: readonly validator.ValidationError[], base = ''): Finding[] {
  return errors
    .flatMap((error): Finding[] => {
      const path = `${base}/${segment(error.property ?? '')}`;
      const contexts = (error.contexts ?? {}) as Record<string, unknown>;
      const own = Object.entries(error.constraints ?? {}).map(([rule, text]) => {
        const texts = contexts[rule];
        const message = isTexts(texts)
          ? texts
          : {
              zh: zhByRule[rule] ?? '不符合要求',
              en: rule === 'whitelistValidation' ? 'unknown field' : text.slice(0, 200),
            };
        return { path, message };
      });
      return [...own, ...findingsOf(error.children ?? [], path)];
    })
    .slice(0, MAX_FINDINGS);
}

/** U+FFFD stands where a decoder met broken UTF-8, which the HTTP side does not refuse by itself. */
const badText = (text: string): boolean => text.includes('\u0000') || /[\uFFFD\p{Surrogate}]/u.test(text);
/** Names through which careless code further on reaches a prototype; class-transformer drops the second silently. */
const badName = (name: string): boolean => badText(name) || name === '__proto__' || name === 'constructor';

/**
 * Faults of any JSON value, whatever its class: too deep, text no database column can hold (null characters, half surrogates) or that was broken on
 * the way, numbers JSON cannot say (`1e400` is read as infinite).
 */
function faultsOfValue(root: unknown): Finding[] {
  const findings: Finding[] = [];
  const open: { value: unknown; path: string; depth: number }[] = [{ value: root, path: '', depth: 0 }];
  for (let next = open.pop(); next && findings.length < MAX_FINDINGS; next = open.pop()) {
    const { value, path, depth } = next;
    if (typeof value === 'string' && badText(value))
      findings.push({
        path,
        message: { zh: '含有不允许的字符', en: 'contains characters that are not allowed' },
      });
    if (typeof value === 'number' && !Number.isFinite(value))
      findings.push({ path, message: { zh: '数值超出范围', en: 'is a number out of range' } });
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= MAX_DEPTH) {
      findings.push({ path, message: { zh: '嵌套过深', en: 'is nested too deeply' } });
      continue;
    }
    for (const [key, child] of Object.entries(value)) {
      if (badName(key))
        findings.push({ path, message: { zh: '字段名不被允许', en: 'has a field name that is not allowed' } });
      else open.push({ value: child, path: `${path}/${segment(key)}`, depth: depth + 1 });
    }
  }
  return findings;
}

const notAnObject: Finding = { path: '', message: { zh: '应为对象', en: 'must be an object' } };

/** The global pipe: unknown fields are refused, values become what the class declares; faults are `request.invalid` with findings. */
@Injectable()
export class RequestPipe extends ValidationPipe {
  constructor() {
    super({
      ...rules,
      transform: true,
      validatorPackage: validator,
      transformerPackage: transformer,
      exceptionFactory: (errors): CodedError => requestInvalid({}, findingsOf(errors)),
    });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'custom') return value;
    const faults = faultsOfValue(value);
    if (faults.length > 0) throw requestInvalid({}, faults);
    if (metadata.type === 'body' && metadata.data === undefined && !isRecord(value))
      throw requestInvalid({}, [notAnObject]);
    return (await super.transform(value, metadata)) as unknown;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads a message of an outside topic by the same rules as an HTTP body. Throws `message.too-large`, `message.invalid` (no JSON object in UTF-8),
 * or `request.invalid` with findings.
 */
export async function validateMessage<T extends object>(dto: Type<T>, bytes: Uint8Array): Promise<T> {
  if (bytes.length > MAX_MESSAGE_BYTES) throw messageTooLarge();
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw messageInvalid();
  }
  if (!isRecord(value)) throw messageInvalid({}, [notAnObject]);
  const faults = faultsOfValue(value);
  if (faults.length > 0) throw requestInvalid({}, faults);
  const message = transformer.plainToInstance(dto, value);
  const errors = await validator.validate(message, rules);
  if (errors.length > 0) throw requestInvalid({}, findingsOf(errors));
  return message;
}
