/** The two descriptions a service checks in: openapi.json and asyncapi.json. Its specs compare them with the code. */
import 'reflect-metadata';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { type EventDefinition, dataSchemaUri, type Stream } from '@lianban/eventing/contract';
import { describeApi } from './openapi.js';
import { CONFIG, DATABASE, EVENTING, LOGGER, METRICS, VERIFIER } from './tokens.js';

/** The OpenAPI description of a service, without starting it: nothing is instantiated, nothing connected. */
export async function openApiOf(service: { name: string; module: DynamicModule | Type }): Promise<OpenAPIObject> {
  const app = await NestFactory.create(withStandIns(service.module), new FastifyAdapter(), {
    preview: true,
    logger: false,
    abortOnError: false,
  });
  try {
    return describeApi(app, service.name);
  } finally {
    await app.close();
  }
}

class DescribedService {}

/** The module of a running service provides these; here nobody uses them, but Nest wants to find them. */
function withStandIns(inner: DynamicModule | Type): DynamicModule {
  const tokens = [DATABASE, EVENTING, CONFIG, VERIFIER, LOGGER, METRICS];
  return {
    module: DescribedService,
    global: true,
    imports: [inner],
    providers: tokens.map((provide) => ({ provide, useValue: {} })),
    exports: tokens,
  };
}

/** A topic of outside parties that a service reads: `schema` is the JSON Schema of a message's value. */
export interface OutsideTopic {
  topic: string;
  description: string;
  schema: object;
  headers?: object;
}

export interface EventInterface {
  name: string;
  description?: string;
  /** Every event the service publishes. */
  publishes: readonly EventDefinition[];
  consumes: readonly EventDefinition[];
  outside?: readonly OutsideTopic[];
  /** Address of streams whose events name their own topic, by stream name: `locality.{code}.tasks.v1`. */
  addresses?: Readonly<Record<string, string>>;
}

const envelopeHeaders = {
  type: 'object',
  description: 'CloudEvents 1.0, binary mode',
  properties: Object.fromEntries(
    [
      'id',
      'source',
      'type',
      'dataschema',
      'time',
      'caseid',
      'lane',
      'seq',
      'correlationid',
      'causationid',
      'actor',
      'locality',
      'traceparent',
    ].map((name) => [`ce_${name}`, { type: 'string' }]),
  ),
  required: [
    'ce_id',
    'ce_source',
    'ce_type',
    'ce_dataschema',
    'ce_time',
    'ce_caseid',
    'ce_lane',
    'ce_seq',
    'ce_correlationid',
  ],
};

/** The AsyncAPI 3.0 description of what a service says on the event log and listens to there. */
export function asyncApiOf(service: EventInterface): object {
  const channels: Record<string, { messages: Record<string, object>; [property: string]: unknown }> = {};
  const messages: Record<string, object> = {};
  const operations: Record<string, object> = {};

  const channelOf = (id: string, address: string, description?: string) =>
    (channels[id] ??= {
      address,
      ...(description ? { description } : {}),
      ...(address.includes('{') ? { parameters: parametersOf(address) } : {}),
      messages: {},
    });
  const event = (definition: EventDefinition, action: 'send' | 'receive') => {
    const { stream, type, version } = definition;
    const address = addressOf(stream, service.addresses);
    const channel = channelOf(
      stream.name,
      address,
      stream.compacted ? 'Compacted: the last event per key stays' : undefined,
    );
    const id = `${type}.v${version}`;
    channel.messages[id] = { $ref: `#/components/messages/${id}` };
    messages[id] = {
      name: type,
      title: type,
      contentType: 'application/json',
      headers: envelopeHeaders,
      payload: definition.schema,
      'x-dataschema': dataSchemaUri(definition),
      examples: [{ name: 'example', payload: definition.example }],
    };
    addOperation(stream.name, action, id);
  };
  const addOperation = (channelId: string, action: 'send' | 'receive', messageId: string) => {
    const operation = (operations[`${action}.${channelId}`] ??= {
      action,
      channel: { $ref: `#/channels/${channelId}` },
      messages: [],
    }) as { messages: object[] };
    operation.messages.push({ $ref: `#/channels/${channelId}/messages/${messageId}` });
  };

  for (const definition of service.publishes) event(definition, 'send');
  for (const definition of service.consumes) event(definition, 'receive');
  for (const { topic, description, schema, headers } of service.outside ?? []) {
    channelOf(topic, topic, description).messages[topic] = { $ref: `#/components/messages/${topic}` };
    messages[topic] = {
      name: topic,
      contentType: 'application/json',
      ...(headers ? { headers } : {}),
      payload: schema,
    };
    addOperation(topic, 'receive', topic);
  }
  return {
    asyncapi: '3.0.0',
    info: {
      title: `Lianban ${service.name}`,
      version: '1',
      description: service.description ?? `What ${service.name} says on the event log and listens to there.`,
    },
    defaultContentType: 'application/json',
    channels,
    operations,
    components: { messages },
  };
}

function addressOf(stream: Stream, addresses: EventInterface['addresses'] = {}): string {
  const address = stream.topic ?? addresses[stream.name];
  if (address === undefined) throw new Error(`stream ${stream.name} has no topic: name its address`);
  return address;
}

const parametersOf = (address: string): object =>
  Object.fromEntries(
    [...address.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name, { description: `Part of the topic's name` }]),
  ) as object;

/** The event definitions among the exports of a contracts module, in order of their names. */
export const eventsIn = (contracts: Readonly<Record<string, unknown>>): EventDefinition[] =>
  Object.values(contracts)
    .filter(
      (value): value is EventDefinition => typeof value === 'object' && value !== null && 'validateStrictly' in value,
    )
    .sort((a, b) => a.type.localeCompare(b.type));
