/** Plain TypeScript interfaces from JSON Schema, so that a consumer of the SDK needs no schema library. */
import { faults } from '../src/codes.ts';
import { notifications } from '../src/notifications.ts';
import { operations } from '../src/operations/all.ts';
import { type Components, type Json, schemaOf } from './openapi.ts';

type Schema = { [name: string]: Json };

const begins = '// Made by `npm run generate` from packages/protocol. Do not edit.\n';

/** The text of `packages/waffo-node/src/generated/types.ts`. */
export function typescript(): string {
  const components: Components = new Map();
  const tops = operations.flatMap((operation) => {
    const name = pascal(operation.path);
    return [
      alias(`${name}Request`, schemaOf(operation.request, components), `The request of \`${operation.path}\`: ${operation.summary}.`),
      alias(`${name}Data`, schemaOf(operation.data, components), `The \`data\` of a successful answer of \`${operation.path}\`.`),
    ];
  });
  const events = notifications.map((notification) => ref(schemaOf(notification, components)));
  const parts = [...components].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, schema]) => declare(name, schema));
  const codes = [...new Set(Object.values(faults).map(({ code }) => code))].map((code) => `'${code}'`);
  return [
    begins,
    ...parts,
    ...tops.filter((text) => text !== ''),
    `/** What arrives at a notify URL. */\nexport type Notification = ${events.join(' | ')};\n`,
    `/** Every code that a gateway sends; \`0\` is success. */\nexport type WireCode = '0' | ${codes.join(' | ')};\n`,
  ].join('\n');
}

const pascal = (path: string): string =>
  path
    .split('/')
    .filter((part) => part !== '')
    .map((part) => `${part[0]?.toUpperCase()}${part.slice(1)}`)
    .join('');

/** `{$ref}` schemas are named already: then an alias is only needed when the names differ. */
function alias(name: string, schema: Schema, comment: string): string {
  const type = typeOf(schema, 0);
  return type === name ? '' : `/** ${comment} */\nexport type ${name} = ${type};\n`;
}

const ref = (schema: Schema): string => String(schema.$ref).split('/').at(-1) ?? 'unknown';

function declare(name: string, schema: Schema): string {
  const comment = typeof schema.description === 'string' ? `/** ${schema.description} */\n` : '';
  if (schema.type !== 'object' || schema.properties === undefined) return `${comment}export type ${name} = ${typeOf(schema, 0)};\n`;
  return `${comment}export interface ${name} ${objectOf(schema, 0)}\n`;
}

function typeOf(schema: Schema, depth: number): string {
  if (typeof schema.$ref === 'string') return ref(schema);
  if (schema.const !== undefined) return literal(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map(literal).join(' | ');
  const either = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(either)) return either.map((part) => typeOf(part as Schema, depth)).join(' | ');
  switch (schema.type) {
    case 'string':
      return 'string';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'null':
      return 'null';
    case 'array':
      return `${grouped(typeOf(schema.items as Schema, depth))}[]`;
    case 'object':
      return schema.properties === undefined ? 'Record<string, unknown>' : objectOf(schema, depth);
    default:
      return 'unknown';
  }
}

const grouped = (type: string): string => (type.includes(' ') ? `(${type})` : type);
const literal = (value: Json): string => (typeof value === 'string' ? `'${value}'` : JSON.stringify(value));

function objectOf(schema: Schema, depth: number): string {
  const required = new Set((schema.required as string[] | undefined) ?? []);
  const indent = '  '.repeat(depth + 1);
  const members = Object.entries(schema.properties as { [name: string]: Schema }).map(([name, member]) => {
    const comment = describe(member);
    const optional = required.has(name) ? '' : '?';
    const type = typeOf(member, depth + 1);
    return `${comment === '' ? '' : `${indent}/** ${comment} */\n`}${indent}${name}${optional}: ${type}${optional && ' | undefined'};`;
  });
  return `{\n${members.join('\n')}\n${'  '.repeat(depth)}}`;
}

function describe(schema: Schema): string {
  const meaning = typeof schema.description === 'string' ? schema.description.replaceAll('*/', '* /') : '';
  const limit = typeof schema.maxLength === 'number' ? `At most ${schema.maxLength} characters.` : '';
  return [meaning && `${meaning.replace(/\.$/, '')}.`, limit].filter((part) => part !== '').join(' ');
}
