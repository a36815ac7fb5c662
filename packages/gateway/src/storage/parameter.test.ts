import { describe, expect, test } from 'vitest';
import { freshDatabase } from '../../../../test/kit/database.ts';
import { statement } from './database.ts';
import { parameter } from './parameter.ts';

describe('a value comes back from the server as it was sent', () => {
  test.each<[string, string, unknown]>([
    ['a text with quotes, backslashes, commas and braces', 'text', `"\\{a,b}' \\"`],
    ['an empty text', 'text', ''],
    ['a text that reads like nothing', 'text', 'NULL'],
    ['the smallest bigint', 'bigint', -(2n ** 63n)],
    ['bytes', 'bytea', Buffer.from([0, 34, 92, 255])],
    ['a moment before 1970', 'timestamptz', new Date('1969-12-31T23:59:59.999Z')],
    ['truth', 'boolean', false],
    ['an object', 'jsonb', { a: [1, null, '"\\'], b: { c: 'é' } }],
    ['nothing', 'text', null],
    ['texts', 'text[]', [`"\\{a,b}'`, '', 'NULL', null, 'é\n']],
    ['no texts', 'text[]', []],
    ['several bytes', 'bytea[]', [Buffer.from([0, 255]), Buffer.from('"\\')]],
    ['moments', 'timestamptz[]', [new Date('2026-01-02T03:04:05.678Z'), null]],
    ['numbers', 'bigint[]', [1n, -1n]],
  ])('%s', async (_what, type, value) => {
    const database = await freshDatabase({ empty: true });
    const echo = statement<{ value: unknown }>(`test/echo-${type}`, `select $1::${type} as value`);
    const [row] = await database.rows(echo, [value]);
    const comparable = type === 'bigint[]' ? (value as bigint[]).map(String) : value;
    expect(row?.value).toEqual(comparable);
  });
});

test('a moment that is none is refused before anything is sent', () => {
  expect(() => parameter(new Date(Number.NaN))).toThrow(RangeError);
});
