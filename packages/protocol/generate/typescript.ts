/** Plain TypeScript interfaces from JSON Schema, so that a consumer of the SDK needs no schema library. */
import { faults } from '../src/codes.ts';
import { notifications } from '../src/notifications.ts';
import { apiPrefix, type Operation } from '../src/operation.ts';
import { operations } from '../src/operations/all.ts';
import { type Components, type Json, schemaOf } from './openapi.ts';

type Schema = { [name: string]: Json };

const begins = '// Made by `npm run generate` from packages/protocol. Do not edit.\n';

/** The text of `packages/waffo-node/src/generated/types.ts`: what a merchant's server sends and receives. */
export function typescript(): string {
  const components: Components = new Map();
  /** Comments of what has no description of its own. */
  const comments = new Map<string, string>();
  const unnamed: string[] = [];
  for (const operation of operations as readonly Operation[]) {
    if (operation.door !== 'merchant') continue;
    const call = `\`POST ${apiPrefix}${operation.path}\``;
    const parts = [
      {
        role: 'Request',
        schema: operation.request,
        comment: `The request of ${call}: ${operation.summary}. ${operation.description}`,
      },
      { role: 'Data', schema: operation.data, comment: `The \`data\` of a successful answer of ${call}.` },
    ];
    for (const { role, schema, comment } of parts) {
      const type = typeOf(schemaOf(schema, components), 0);
      if (components.has(type)) comments.set(type, comment);
      else unnamed.push(declared(comment, `export type ${pascal(operation.path)}${role} = ${type};`));
    }
  }
  const events = notifications.map((notification) => typeOf(schemaOf(notification, components), 0));
  const named = [...components].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    begins,
    ...named.map(([name, schema]) => declare(name, schema, comments.get(name))),
    ...unnamed,
    declared('What arrives at a notify URL.', `export type Notification = ${events.join(' | ')};`),
    wireCodes(),
  ].join('\n');
}

/** One line for each code, with all that it may mean. */
function wireCodes(): string {
  const codes = new Map<string, string[]>([['0', ['Success']]]);
  for (const { code, msg } of Object.values(faults)) codes.set(code, [...(codes.get(code) ?? []), msg]);
  const lines = [...codes].map(([code, meanings]) => `  /** ${meanings.join('. ')}. */\n  | '${code}'`);
  return declared('Every code that a gateway sends.', `export type WireCode =\n${lines.join('\n')};`);
}

const pascal = (path: string): string =>
  path
    .split('/')
    .filter((part) => part !== '')
    .map((part) => `${part[0]?.toUpperCase()}${part.slice(1)}`)
    .join('');

const declared = (comment: string, declaration: string): string =>
  comment === '' ? `${declaration}\n` : `/** ${sentence(comment)} */\n${declaration}\n`;

function declare(name: string, schema: Schema, comment: string | undefined): string {
  const text = comment ?? (typeof schema.description === 'string' ? schema.description : '');
  if (schema.type !== 'object' || schema.properties === undefined) {
    return declared(text, `export type ${name} = ${typeOf(schema, 0)};`);
  }
  return declared(text, `export interface ${name} ${objectOf(schema, 0)}`);
}

function typeOf(schema: Schema, depth: number): string {
  if (typeof schema.$ref === 'string') return schema.$ref.split('/').at(-1) ?? 'unknown';
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
  const meaning = typeof schema.description === 'string' ? sentence(schema.description) : '';
  const time = schema.format === 'date-time' ? 'ISO 8601 with zone, e.g. `2026-04-01T12:00:00.000Z`.' : '';
  const limit = typeof schema.maxLength === 'number' ? `At most ${schema.maxLength} characters.` : '';
  return [meaning, time, limit].filter((part) => part !== '').join(' ');
}

/** One line that ends in a full stop and cannot end the comment. */
function sentence(text: string): string {
  const line = text.replaceAll('*/', '* /').trim();
  return /[.…]$/.test(line) ? line : `${line}.`;
}
