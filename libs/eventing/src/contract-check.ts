/** What every published event must keep; used by a spec of each contracts package. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventDefinition } from './contract.js';

/** `<service>.<noun>.<past verb>`, all in lower case. */
const TYPE = /^[a-z]+\.[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$/;
const PAST = /(ed|done|drawn|lost|sent)$/;

/** All definitions among the exports of a module, also those inside arrays. */
export function definitionsIn(exported: object): EventDefinition[] {
  const all = Object.values(exported).flat() as unknown[];
  return [...new Set(all.filter(isDefinition))];
}

/** Name of the file with the event's example: `application-received.v1.json`. */
export const exampleFile = ({ type, version }: Pick<EventDefinition, 'type' | 'version'>): string =>
  `${type.split('.').slice(1).join('-')}.v${version}.json`;

/**
 * Checks all events of a contracts package against the rules of naming and of examples, and against the files in `folder`, one per event, which
 * other languages and the documentation use. With UPDATE_EXAMPLES=1 the files are written. Resolves to the faults in words.
 */
export function contractFaults(exported: object, folder: string): string[] {
  const definitions = definitionsIn(exported);
  const faults: string[] = definitions.length === 0 ? ['no event is exported'] : [];
  const seen = new Set<string>();
  for (const definition of definitions) {
    const { type, version, stream, example } = definition;
    const fault = (text: string): void => void faults.push(`${type} v${version}: ${text}`);
    if (seen.has(`${type} ${version}`)) fault('is defined twice');
    seen.add(`${type} ${version}`);
    if (!TYPE.test(type) || !PAST.test(type)) fault('is not named <service>.<noun>.<past verb>');
    if (type.split('.')[0] !== stream.service) fault(`is published by ${stream.service}, which its name does not say`);
    if (
      stream.topic !== undefined &&
      !new RegExp(`^${stream.name.replaceAll('.', '\\.')}\\.v[1-9][0-9]*$`).test(stream.topic)
    ) {
      fault(`the topic ${stream.topic} is not the name of its stream with a version`);
    }
    for (const text of definition.validateStrictly(example)) fault(`the example breaks the schema: ${text}`);
    // What an example leaves out nobody sees.
    for (const path of unseen(definition.schema, example)) fault(`the example does not show ${path}`);
  }
  return [...faults, ...fileFaults(definitions, folder)];
}

function fileFaults(definitions: readonly EventDefinition[], folder: string): string[] {
  if (process.env.UPDATE_EXAMPLES === '1') {
    mkdirSync(folder, { recursive: true });
    for (const definition of definitions) writeFileSync(join(folder, exampleFile(definition)), jsonOf(definition));
  }
  const files = existsSync(folder) ? readdirSync(folder) : [];
  const wanted = new Map(definitions.map((definition) => [exampleFile(definition), definition]));
  const faults = files.filter((file) => !wanted.has(file)).map((file) => `examples/${file} belongs to no event`);
  for (const [file, definition] of wanted) {
    if (!files.includes(file)) faults.push(`examples/${file} is missing; UPDATE_EXAMPLES=1 writes it`);
    else if (compact(readFileSync(join(folder, file), 'utf8')) !== compact(jsonOf(definition))) {
      faults.push(`examples/${file} is not the example of ${definition.type}; UPDATE_EXAMPLES=1 writes it`);
    }
  }
  return faults;
}

const jsonOf = ({ example }: EventDefinition): string => `${JSON.stringify(example, null, 2)}\n`;

/** The formatting of the files is the formatter's business. */
const compact = (json: string): string => JSON.stringify(JSON.parse(json));

/** Required properties that the example lacks are a fault of the schema check; this finds optional ones at the top. */
function unseen(schema: object, example: unknown): string[] {
  const { properties } = schema as { properties?: Record<string, unknown> };
  if (!properties || typeof example !== 'object' || example === null) return [];
  return Object.keys(properties).filter((name) => !Object.hasOwn(example, name));
}

function isDefinition(value: unknown): value is EventDefinition {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['type', 'version', 'stream', 'schema', 'example', 'validateStrictly'].every((name) => name in value)
  );
}
