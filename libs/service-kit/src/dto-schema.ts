/** Tells the API description what the validation rules of the DTO classes already say, so that nobody writes it twice. */
import { createRequire } from 'node:module';
import type { Type } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { getMetadataStorage } from 'class-validator';

interface Rule {
  propertyName: string;
  name?: string;
  type: string;
  constraints?: unknown[];
  each: boolean;
}

// The only place where class-transformer keeps the class of a list's elements; it has no public reader.
const { defaultMetadataStorage: transforms } = createRequire(import.meta.url)('class-transformer/cjs/storage.js') as {
  defaultMetadataStorage: {
    findTypeMetadata(target: object, property: string): { typeFunction: () => Type } | undefined;
  };
};

/** What one rule means in JSON Schema; a rule without a counterpart says nothing. */
function schemaOf({ name, constraints = [] }: Rule): object {
  const [first, second] = constraints;
  switch (name) {
    case 'isString':
      return { type: 'string' };
    case 'isInt':
      return { type: 'integer' };
    case 'isNumber':
      return { type: 'number' };
    case 'isBoolean':
      return { type: 'boolean' };
    case 'isIn':
      return { enum: first };
    case 'isUuid':
      return { type: 'string', format: 'uuid' };
    case 'isEmail':
      return { type: 'string', format: 'email' };
    case 'isIso8601':
    case 'isDateString':
      return { type: 'string', format: 'date-time' };
    case 'matches':
      return first instanceof RegExp ? { type: 'string', pattern: first.source } : {};
    case 'isLength':
      return { minLength: first, ...(second === undefined ? {} : { maxLength: second }) };
    case 'minLength':
      return { minLength: first };
    case 'maxLength':
      return { maxLength: first };
    case 'isNotEmpty':
      return { minLength: 1 };
    case 'min':
      return { minimum: first };
    case 'max':
      return { maximum: first };
    case 'arrayMinSize':
      return { minItems: first };
    case 'arrayMaxSize':
      return { maxItems: first };
    case 'isObject':
      return { type: 'object', additionalProperties: true };
    default:
      return {};
  }
}

function optionsOf(dto: Type, property: string, rules: readonly Rule[]): ApiPropertyOptions {
  const nested = transforms.findTypeMetadata(dto, property)?.typeFunction();
  const isArray = rules.some((rule) => rule.name === 'isArray' || rule.each);
  const required = !rules.some((rule) => rule.name === 'isOptional' || rule.type === 'conditionalValidation');
  if (rules.some((rule) => rule.type === 'nestedValidation') && nested) return { type: nested, isArray, required };
  const ofElements = Object.assign({}, ...rules.filter((rule) => rule.each).map(schemaOf)) as object;
  const own = Object.assign({}, ...rules.filter((rule) => !rule.each).map(schemaOf)) as object;
  return isArray ? { ...own, type: 'array', items: ofElements, required } : { ...own, required };
}

const DESCRIBED = 'swagger/apiModelProperties';

/** Describes every property of every DTO class loaded so far that says nothing about itself. */
export function describeDtos(): void {
  const storage = getMetadataStorage();
  const { validationMetadatas } = storage as unknown as { validationMetadatas: Map<Type, Rule[]> };
  for (const [dto, rules] of validationMetadatas) {
    for (const property of new Set(rules.map((rule) => rule.propertyName))) {
      if (Reflect.hasMetadata(DESCRIBED, dto.prototype as object, property)) continue;
      const own = rules.filter((rule) => rule.propertyName === property);
      ApiProperty(optionsOf(dto, property, own))(dto.prototype as object, property);
    }
  }
}
