import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../fault.ts';
import { depthLimit, parseStrictJson } from './strict-json.ts';

const parse = (body: string | Uint8Array) => parseStrictJson(Buffer.from(body as string));

function refusal(body: string | Uint8Array): string {
  try {
    parse(body);
  } catch (error) {
    expect(error).toBeInstanceOf(Fault);
    expect((error as Fault).fault).toBe('PARAMETER_INVALID');
    return (error as Fault).message;
  }
  throw new Error('it was accepted');
}

const nested = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`;
const expectedInteger = (at: number) =>
  `body: expected an integer of at most 15 digits (amounts are strings) at byte ${at}`;

describe('what has two meanings is refused, with its place', () => {
  test.each<[promise: string, body: string | Uint8Array, message: string]>([
    [
      'one of two amounts cannot win',
      '{"amount":"1.00","amount":"9.00"}',
      'body: duplicate member "amount" at byte 17',
    ],
    ['nor inside an object', '{"a":{"b":1,"b":2}}', 'body: duplicate member "b" at byte 12'],
    ['nor inside an array', '{"a":[{"b":1,"b":2}]}', 'body: duplicate member "b" at byte 13'],
    ['nor when one is spelled with an escape', '{"ab":1,"\\u0061b":2}', 'body: duplicate member "ab" at byte 8'],
    ['a place is counted in bytes', '{"é":"é","a":1,"a":2}', 'body: duplicate member "a" at byte 17'],
    ['prototypes are out of reach', '{"__proto__":{}}', 'body: the member name "__proto__" is not allowed at byte 1'],
    ['also by an escape', '{"__proto\\u005f_":{}}', 'body: the member name "__proto__" is not allowed at byte 1'],
    [
      'also by their constructor',
      '{"a":{"constructor":{}}}',
      'body: the member name "constructor" is not allowed at byte 6',
    ],
    ['also by name', '{"prototype":1}', 'body: the member name "prototype" is not allowed at byte 1'],
    ['a fraction is no integer', '{"a":1.5}', expectedInteger(5)],
    ['nor is 1.0', '{"a":1.0}', expectedInteger(5)],
    ['nor an exponent', '{"a":1e2}', expectedInteger(5)],
    ['infinity cannot come in', '{"a":1e400}', expectedInteger(5)],
    ['minus zero neither', '{"a":-0}', expectedInteger(5)],
    ['2^53 + 1 does not lose its last digit', '{"a":9007199254740993}', expectedInteger(5)],
    ['an octal look-alike', '{"a":007}', expectedInteger(5)],
    ['a lone minus', '{"a":-}', expectedInteger(5)],
    ['a plus', '{"a":+1}', 'body: expected a value at byte 5'],
    ['a hexadecimal', '{"a":0x10}', 'body: expected "," or "}" at byte 6'],
    ['U+0000 cannot reach the database', '{"a":"\\u0000"}', 'body: U+0000 is not allowed at byte 6'],
    ['nor raw', '{"a":"\0"}', 'body: a control character must be escaped (U+0000 is never allowed) at byte 6'],
    ['half a pair, high', '{"a":"\\ud83d"}', 'body: half a surrogate pair at byte 6'],
    ['half a pair, low', '{"a":"\\ude00"}', 'body: half a surrogate pair at byte 6'],
    ['two high halves', '{"a":"\\ud83d\\ud83d"}', 'body: half a surrogate pair at byte 6'],
    ['half a pair in a name', '{"\\ud83d":1}', 'body: half a surrogate pair at byte 2'],
    ['an encoded surrogate is no UTF-8', Buffer.from('7b2261223a22eda0bd227d', 'hex'), 'body: not valid UTF-8'],
    ['an overlong slash is no UTF-8', Buffer.from('7b2261223a22c0af227d', 'hex'), 'body: not valid UTF-8'],
    ['Latin-1 is no UTF-8', Buffer.from('{"a":"é"}', 'latin1'), 'body: not valid UTF-8'],
    ['a byte order mark', '\uFEFF{}', 'body: a byte order mark is not allowed at byte 0'],
    ['a second document', '{} {}', 'body: nothing may follow the object at byte 3'],
    ['trailing bytes', '{}x', 'body: nothing may follow the object at byte 2'],
    ['nothing', '', 'body: empty; expected a JSON object'],
    ['only blanks', ' \n', 'body: expected a JSON object at byte 2'],
    ['an array on top', '[{}]', 'body: expected a JSON object at byte 0'],
    ['a string on top', '"a"', 'body: expected a JSON object at byte 0'],
    ['null on top', 'null', 'body: expected a JSON object at byte 0'],
    ['a comma too many', '{"a":1,}', 'body: expected a member name at byte 7'],
    ['a comma too many in an array', '{"a":[1,]}', 'body: expected a value at byte 8'],
    ['a comment', '{/**/}', 'body: expected a member name at byte 1'],
    ['single quotes', "{'a':1}", 'body: expected a member name at byte 1'],
    ['a colon missing', '{"a" 1}', 'body: expected ":" at byte 5'],
    ['the end missing', '{"a":1', 'body: expected "," or "}" at byte 6'],
    ['the end of an array missing', '{"a":[1', 'body: expected "," or "]" at byte 7'],
    ['the end of a string missing', '{"a":"b', 'body: a string does not end at byte 7'],
    ['an escape cut off', '{"a":"\\', 'body: an unknown escape at byte 6'],
    ['an escape that is none', '{"a":"\\x41"}', 'body: an unknown escape at byte 6'],
    ['a short escape', '{"a":"\\u12"}', 'body: an unknown escape at byte 6'],
    ['NaN', '{"a":NaN}', 'body: expected a value at byte 5'],
    ['17 levels', nested(depthLimit + 1), 'body: more than 16 levels at byte 80'],
    ['100,000 levels do not end the stack', '{"a":'.repeat(100_000), 'body: more than 16 levels at byte 80'],
    ['100,000 arrays neither', `{"a":${'['.repeat(100_000)}`, 'body: more than 16 levels at byte 20'],
  ])('%s', (_promise, body, message) => expect(refusal(body)).toBe(message));

  test('a card number is not repeated, not even one that is a member name', () => {
    expect(refusal('{"4111111111111111":1,"4111111111111111":2}')).not.toContain('4111');
    expect(refusal('{"pan":"4111111111111111\\q"}')).not.toContain('4111');
  });
});

describe('what has one meaning passes', () => {
  test.each([
    '{}',
    ' \r\n\t{ "a" : [ 1 , -1 , 0 , 999999999999999 ] } \n',
    '{"a":"\\ud83d\\ude00","b":"😀","c":"\\"\\\\\\/\\b\\f\\n\\r\\t","d":"\u202e"}',
    '{"a":true,"b":false,"c":null,"d":"","toString":"x","":1}',
    nested(depthLimit),
  ])('%s', (body) => expect(parse(body)).toEqual(JSON.parse(body)));
});

/** JSON as text, with white space, escapes and duplicates that a value alone would not have. */
const jsonText = fc.letrec<{ value: string; member: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    fc.constantFrom(
      '0',
      '-0',
      '1',
      '-17',
      '1.5',
      '1e3',
      '123456789012345',
      '1234567890123456',
      'true',
      'null',
      ' false ',
    ),
    fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
    fc.constantFrom('"\\u0061"', '"\\ud800"', '"\\ud83d\\ude00"', '"\\u0000"', '"\\/"'),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
    fc.array(tie('member'), { maxLength: 4 }).map((members) => `{${members.join(' ,')}}`),
  ),
  member: fc
    .tuple(fc.constantFrom('"a"', '"b"', '"\\u0061"', '"toString"', '"__proto__"'), tie('value'))
    .map(([name, value]) => `${name}: ${value}`),
}));

const outcome = (read: () => unknown): { value: unknown } | undefined => {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof Fault || error instanceof SyntaxError) return undefined;
    throw error;
  }
};

describe('against JSON.parse', () => {
  test('whatever is accepted means the same, and nothing is accepted that JSON.parse refuses', () => {
    let accepted = 0;
    const text = fc.oneof(
      jsonText.value,
      fc.array(jsonText.member, { maxLength: 4 }).map((members) => `{${members.join(',')}}`),
    );
    fc.assert(
      fc.property(text, (body) => {
        const ours = outcome(() => parse(body));
        if (ours === undefined) return;
        accepted++;
        expect(ours.value).toStrictEqual(JSON.parse(body));
      }),
      { numRuns: 3_000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  test('one changed byte never makes the scanner more generous than JSON.parse, and throws nothing but a Fault', () => {
    const body = Buffer.from('{"a":{"b":[1,-20,"x\\u00e9\\n\\ud83d\\ude00"],"c":null},"d":true,"é":"😀"}');
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const changed = Buffer.from(body);
        changed[at] = byte;
        const ours = outcome(() => parseStrictJson(changed));
        if (ours !== undefined) expect(ours.value).toStrictEqual(JSON.parse(changed.toString()));
      }),
      { numRuns: 3_000 },
    );
  });

  test('what JSON.stringify writes of plain data passes and comes back', () => {
    const name = fc.stringMatching(/^[a-z]{1,8}$/);
    const member = fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.boolean(), fc.constant(null));
    fc.assert(
      fc.property(fc.dictionary(name, member, { noNullPrototype: true }), (value) => {
        expect(parse(JSON.stringify(value))).toEqual(value);
      }),
    );
  });
});
