import { Body, Controller, Module, Post } from '@nestjs/common';
import { Parser } from '@asyncapi/parser';
import { describe, expect, it } from '@jest/globals';
import { May } from '@lianban/access/guard';
import { defineEvent, defineStream } from '@lianban/eventing/contract';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Type } from 'class-transformer';
import { IsArray, IsIn, IsInt, IsOptional, IsString, Length, Max, Min, ValidateNested } from 'class-validator';
import { asyncApiOf, eventsIn, openApiOf } from './describe-service.js';

class Part {
  @IsInt()
  @Min(1)
  @Max(9)
  count: number = 1;
}
class Whole {
  @IsString()
  @Length(2, 20)
  title: string = '';

  @IsOptional()
  @IsIn(['red', 'blue'])
  colour?: string;

  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Part)
  parts: Part[] = [];

  @IsArray()
  @IsString({ each: true })
  tags: string[] = [];
}

@Controller('wholes')
class Wholes {
  constructor() {
    throw new Error('a description must not build anything');
  }
  @Post()
  @May('catalog.write')
  create(@Body() body: Whole): Whole {
    return body;
  }
}
@Module({ controllers: [Wholes] })
class WholesModule {}

describe('the OpenAPI description', () => {
  it('says what the validation rules say, and builds nothing', async () => {
    const document = await openApiOf({ name: 'wholes', module: WholesModule });
    expect(document.components?.schemas?.Whole).toMatchObject({
      required: ['title', 'parts', 'tags'],
      properties: {
        title: { type: 'string', minLength: 2, maxLength: 20 },
        colour: { enum: ['red', 'blue'] },
        parts: { type: 'array', items: { $ref: '#/components/schemas/Part' } },
        tags: { type: 'array', items: { type: 'string' } },
      },
    });
    expect(document.components?.schemas?.Part).toMatchObject({
      properties: { count: { type: 'integer', minimum: 1, maximum: 9 } },
    });
  });
});

const stream = defineStream({ name: 'whole.made', service: 'wholes', topic: 'whole.made.v1' });
const perPlace = defineStream({ name: 'place.wholes', service: 'wholes' });
const schema = {
  type: 'object',
  properties: { title: { type: 'string' } },
  required: ['title'],
  additionalProperties: false,
} as const;
const contracts = {
  made: defineEvent({ type: 'whole.made', version: 1, stream, schema, example: { title: 'a' } }),
  shown: defineEvent({ type: 'place.whole.shown', version: 2, stream: perPlace, schema, example: { title: 'a' } }),
  topicOf: (code: string) => code,
};

describe('the AsyncAPI description', () => {
  const outside = [{ topic: 'outside.v1', description: 'What others send', schema }];

  it('satisfies the parser of the AsyncAPI project', async () => {
    const document = asyncApiOf({
      name: 'wholes',
      publishes: eventsIn(contracts),
      consumes: [contracts.made],
      outside,
      addresses: { 'place.wholes': 'place.{code}.wholes.v1' },
    });
    const { document: parsed, diagnostics } = await new Parser().parse(JSON.stringify(document));
    expect(diagnostics.filter(({ severity }) => Number(severity) === 0)).toEqual([]);
    const addresses = parsed!
      .channels()
      .all()
      .map((channel) => channel.address());
    expect(addresses.sort()).toEqual(['outside.v1', 'place.{code}.wholes.v1', 'whole.made.v1']);
    expect(parsed!.operations().filterBySend()).toHaveLength(2);
    expect(parsed!.operations().filterByReceive()).toHaveLength(2);
  });

  it('refuses a stream without a topic or an address', () => {
    expect(() => asyncApiOf({ name: 'wholes', publishes: [contracts.shown], consumes: [] })).toThrow(/place.wholes/);
  });
});

const services = new URL('../../../services/', import.meta.url);
const described = readdirSync(services).filter((name) => existsSync(new URL(`${name}/asyncapi.json`, services)));

describe('the AsyncAPI file that is checked in', () => {
  it('is there for every service', () => {
    expect(described).toEqual(readdirSync(services).sort());
  });

  it.each(described)('of %s satisfies the parser of the AsyncAPI project', async (name) => {
    const text = readFileSync(new URL(`${name}/asyncapi.json`, services), 'utf8');
    const { document, diagnostics } = await new Parser().parse(text);
    expect(diagnostics.filter(({ severity }) => Number(severity) === 0)).toEqual([]);
    expect(document?.channels().all().length).toBeGreaterThan(0);
  });
});
