/** From raw bytes to a checked request. Only the object that the schema has built again travels on; unknown members stay behind. */
import type { z } from 'zod';
import { Fault } from '../fault.ts';
import { parseStrictJson } from './strict-json.ts';

/** What a body says. */
interface ParsedRequest {
  /** The whole body, without the members that are null. */
  readonly sent: Readonly<Record<string, unknown>>;
  /** The declared members only, checked. */
  readonly input: unknown;
}

type Issue = z.core.$ZodIssue;

/** More would not help to find the next mistake. */
const shownIssues = 3;

/**
 * @param schema - of the operation's request
 * @param body - raw bytes
 * @throws Fault `PARAMETER_INVALID`; its message names each member and what is expected, and never repeats a value
 * @example parseRequest(schema, Buffer.from('{"orderAmount":1}')) // Fault: orderAmount: expected a string
 */
export function parseRequest(schema: z.ZodType, body: Uint8Array): ParsedRequest {
  const sent = parseStrictJson(body);
  dropNulls(sent);
  const result = schema.safeParse(sent);
  if (result.success) return { sent, input: result.data };
  const sentences = result.error.issues.slice(0, shownIssues).map((issue) => sentence(issue, sent));
  throw new Fault('PARAMETER_INVALID', sentences.join('; '));
}

/** A member that is null was not given: some clients write down each member that they know (decision 36). */
function dropNulls(value: object): void {
  for (const [name, member] of Object.entries(value)) {
    if (typeof member !== 'object') continue;
    if (member !== null) dropNulls(member);
    else if (!Array.isArray(value)) Reflect.deleteProperty(value, name);
  }
}

function sentence(issue: Issue, sent: unknown): string {
  const absent = valueAt(sent, issue.path) === undefined;
  return `${issue.path.join('.') || 'body'}: ${absent ? 'missing; ' : ''}expected ${expectation(issue)}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
}

const article = (noun: string): string => `${/^[aeio]/.test(noun) ? 'an' : 'a'} ${noun}`;

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.expected === 'never') return 'that it is absent, for it is not offered';
      return article(issue.expected === 'int' ? 'integer' : issue.expected);
    case 'too_big':
      return issue.origin === 'string' ? `at most ${issue.maximum} characters` : `at most ${issue.maximum}`;
    case 'too_small':
      if (issue.origin !== 'string') return `at least ${issue.minimum}`;
      return issue.minimum === 1 ? 'a text that is not empty' : `at least ${issue.minimum} characters`;
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ');
    case 'invalid_format':
      return formats[issue.format] ?? 'another format';
    case 'invalid_union':
      return [...new Set(issue.errors.flatMap(([first]) => (first ? [expectation(first)] : [])))].join(' or ');
    default:
      return 'another value';
  }
}

const formats: Readonly<Record<string, string>> = {
  datetime: 'a date-time of ISO 8601 with a zone, e.g. 2026-04-01T12:00:00.000Z',
  url: 'a URL',
};
