/**
 * Requests that nobody should send, made from a seed: good ones bent by the schema (another type, too long, missing, twice,
 * unknown), by the byte (flipped, cut, doubled), and in their headers. The same seed makes the same requests.
 */
import fc from 'fast-check';

/** How one request is bent. */
export interface Bend {
  /** Which of the good requests; taken modulo their number. */
  readonly base: number;
  readonly values: readonly { readonly at: number; readonly value: unknown }[];
  readonly text: (typeof texts)[number]['how'];
  readonly bytes: readonly { readonly at: number; readonly how: (typeof byteEdits)[number]; readonly byte: number }[];
  readonly header: (typeof headerEdits)[number];
  readonly signed: boolean;
}

const long = 'x'.repeat(9_000);

/** None of them pulls a trigger of the sandbox, which answers 5xx because it was asked to. */
const nasty: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 60,
  '',
  ' ',
  long,
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udfff\ud800',
  '💳',
  '\u202e',
  'İ',
  [],
  {},
  [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]],
  { $ne: '' },
  { toString: 'x', valueOf: 1 },
  Array.from({ length: 400 }, () => 'y'),
  "'; drop table token; --",
  '../../etc/passwd',
  '%00%ff',
  '{{7*7}}',
  '100,00',
  '1e2',
  '-100.00',
  '١٠٠.٠٠',
  '0.00',
  '99999999999999999999.99',
  'file:///etc/passwd',
  'http://169.254.169.254/latest',
  'javascript:alert(1)',
  'https://[::1]:1/x',
  'http://user:pass@127.0.0.1/',
  '2026-13-45T99:99:99Z',
  '0000-01-01T00:00:00Z',
  '+275760-09-13T00:00:00.001Z',
  '{"a":',
  '[]',
  'XXX',
  'tok_0000000000000000000000',
];

/** What is done to the text of the body. */
const texts: readonly { readonly how: string; readonly edit: (json: string) => string }[] = [
  { how: 'as it is', edit: (json) => json },
  { how: 'a member twice', edit: (json) => json.replace('{', '{"merchantInfo":1,"merchantInfo":2,') },
  { how: 'a prototype', edit: (json) => json.replace('{', '{"__proto__":{"admin":true},') },
  { how: 'a constructor', edit: (json) => json.replace('{', '{"constructor":{"prototype":{"x":1}},') },
  { how: 'a number that is none', edit: (json) => json.replace('{', '{"n":1e999,') },
  { how: 'a comment', edit: (json) => `/* */${json}` },
  { how: 'a trailing comma', edit: (json) => json.replace(/\}$/, ',}') },
  { how: 'text after it', edit: (json) => `${json}{}` },
  { how: 'a byte order mark', edit: (json) => `\ufeff${json}` },
  { how: 'an array around it', edit: (json) => `[${json}]` },
  { how: 'a string of it', edit: (json) => JSON.stringify(json) },
  { how: 'nothing', edit: () => '' },
  { how: 'unknown members', edit: (json) => json.replace('{', '{"x":{"y":[1,2,{"z":null}]},') },
  { how: 'deep', edit: () => `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}` },
  { how: 'too long', edit: (json) => json.replace('{', `{"p":"${'x'.repeat(66_000)}",`) },
];

const byteEdits = ['flip', 'insert', 'delete', 'cut', 'double'] as const;
const headerEdits = [
  'none',
  'none',
  'none',
  'no key',
  'another key',
  'no signature',
  'a garbled signature',
  'another type',
  'no type',
  'an encoding',
] as const;

const bends: fc.Arbitrary<Bend> = fc.record({
  base: fc.nat(1_000),
  values: fc.array(fc.record({ at: fc.nat(1_000), value: fc.constantFrom(...nasty, undefined) }), { maxLength: 3 }),
  text: fc.oneof({ weight: 3, arbitrary: fc.constant('as it is') }, fc.constantFrom(...texts.map(({ how }) => how))),
  bytes: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    fc.array(fc.record({ at: fc.nat(70_000), how: fc.constantFrom(...byteEdits), byte: fc.nat(255) }), {
      maxLength: 4,
    }),
  ),
  header: fc.constantFrom(...headerEdits),
  signed: fc.boolean(),
});

/**
 * @param seed - any integer
 * @param count - how many
 */
export const bendsOf = (seed: number, count: number): Bend[] => fc.sample(bends, { seed, numRuns: count });

/** The bytes of a bent request. */
export function bent(good: Record<string, unknown>, bend: Bend): Buffer {
  const body: Record<string, unknown> = structuredClone(good);
  for (const { at, value } of bend.values) place(body, at, value);
  const edit = texts.find(({ how }) => how === bend.text)?.edit ?? ((json: string) => json);
  let bytes = Buffer.from(edit(JSON.stringify(body)));
  for (const { at, how, byte } of bend.bytes) bytes = editedBytes(bytes, at, how, byte);
  return bytes;
}

/** Puts the value at the n-th place of the tree; `undefined` takes the member away. */
function place(body: Record<string, unknown>, at: number, value: unknown): void {
  const places = placesOf(body);
  const found = places[at % places.length];
  if (found !== undefined) found.holder[found.name] = structuredClone(value);
}

function placesOf(holder: Record<string, unknown>): { holder: Record<string, unknown>; name: string }[] {
  return Object.entries(holder).flatMap(([name, value]) => [
    { holder, name },
    ...(typeof value === 'object' && value !== null && !Array.isArray(value)
      ? placesOf(value as Record<string, unknown>)
      : []),
  ]);
}

function editedBytes(bytes: Buffer, at: number, how: Bend['bytes'][number]['how'], byte: number): Buffer<ArrayBuffer> {
  const point = bytes.length === 0 ? 0 : at % bytes.length;
  const [head, tail] = [bytes.subarray(0, point), bytes.subarray(point)];
  switch (how) {
    case 'flip':
      return Buffer.concat([head, Buffer.from([(tail[0] ?? 0) ^ (1 << (byte % 8))]), tail.subarray(1)]);
    case 'insert':
      return Buffer.concat([head, Buffer.from([byte]), tail]);
    case 'delete':
      return Buffer.concat([head, tail.subarray(1)]);
    case 'cut':
      return Buffer.concat([head]);
    case 'double':
      return Buffer.concat([bytes, bytes]);
  }
}

/** The headers of a bent request, from those of a good one. */
export function bentHeaders(good: Readonly<Record<string, string>>, { header, signed }: Bend): Record<string, string> {
  const headers = { ...good };
  if (!signed || header === 'no signature') delete headers['x-signature'];
  if (header === 'a garbled signature') headers['x-signature'] = `${headers['x-signature'] ?? ''}=A-_`;
  if (header === 'no key') delete headers['x-api-key'];
  if (header === 'another key') headers['x-api-key'] = 'wk_test_0000000000000000000000000000000000000';
  if (header === 'another type') headers['content-type'] = 'text/plain; charset=x';
  if (header === 'no type') headers['content-type'] = '';
  if (header === 'an encoding') headers['content-encoding'] = 'gzip';
  return headers;
}
