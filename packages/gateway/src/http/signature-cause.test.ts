import { constants, createHash, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { signatureCause } from './signature-cause.ts';

const own = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const long = generateKeyPairSync('rsa', { modulusLength: 3072 });

const value = {
  orderDescription: 'Tee für zwei <&> 茶',
  notifyUrl: 'https://shop.example/hook',
  b: { z: 1, a: [1, 'x'] },
};
const body = Buffer.from(JSON.stringify(value));
const signed = (bytes: Buffer | string, key = own.privateKey) =>
  signBytes('sha256', Buffer.from(bytes), key).toString('base64');
const cause = (signature: string, over = body) =>
  signatureCause({
    signature,
    body: over,
    publicKeys: [own.publicKey],
    otherKeys: [{ whose: "the platform's own key", key: other.publicKey }],
  });

describe('a merchant whose signature is refused is told which mistake it is', () => {
  test('and a signature that fits has none', () => {
    expect(cause(signed(body))).toBeUndefined();
  });

  const right = signed(body);
  test.each([
    ['no signature', '', /X-SIGNATURE is missing/],
    ['quotes around it', `"${right}"`, /white space or quotes/],
    ['line breaks in it', right.replace(/(.{64})/g, '$1\n'), /several lines/],
    ['URL-encoding', encodeURIComponent(right), /URL-encoded/],
    ['base64url', Buffer.from(right, 'base64').toString('base64url'), /base64url|without padding/],
    ['hex', Buffer.from(right, 'base64').toString('hex'), /in hex/],
    ['base64 of base64', Buffer.from(right).toString('base64'), /base64 of base64/],
    ['no base64 at all', 'a!b', /not base64/],
    ['SHA-1', signBytes('sha1', body, own.privateKey).toString('base64'), /SHA-1; expected/],
    ['SHA-512', signBytes('sha512', body, own.privateKey).toString('base64'), /SHA-512; expected/],
    [
      'PSS padding',
      signBytes('sha256', body, { key: own.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING }).toString('base64'),
      /RSASSA-PSS; expected/,
    ],
    ['a digest that was hashed again', signed(createHash('sha256').update(body).digest()), /hashed twice/],
    ['a hex digest', signed(createHash('sha256').update(body).digest('hex')), /hex digest/],
    ['an empty body', signed(''), /an empty body/],
    ['a newline more', signed(`${body}\n`), /a newline after it/],
    ['Latin-1', signed(Buffer.from(body.toString(), 'latin1')), /Latin-1/],
    ['UTF-16', signed(Buffer.from(body.toString(), 'utf16le')), /UTF-16/],
    ['a JSON string of the body', signed(JSON.stringify(body.toString())), /as a JSON string/],
    ['indented JSON', signed(JSON.stringify(value, undefined, 2)), /written in another way/],
    [
      "Python's spaces",
      signed(
        JSON.stringify(value, undefined, 1)
          .replace(/\n\s*/g, ' ')
          .replace(/([{[]) /g, '$1')
          .replace(/ ([}\]])/g, '$1'),
      ),
      /spaces after/,
    ],
    ["PHP's slashes", signed(body.toString().replaceAll('/', '\\/')), /\\\/ for \//],
    ["Go's escapes", signed(body.toString().replace('<&>', '\\u003c\\u0026\\u003e')), /escapes for </],
    [
      'sorted members',
      signed(
        '{"b":{"a":[1,"x"],"z":1},"notifyUrl":"https://shop.example/hook","orderDescription":"Tee für zwei <&> 茶"}',
      ),
      /order of the alphabet/,
    ],
    ["the platform's key", signed(body, other.privateKey), /the platform's own key/],
    ['a key of another size', signed(body, long.privateKey), /384 bytes, and a registered key of 2048 bits gives 256/],
    ['other bytes', signed('{"other":1}'), /other bytes, or by another key/],
  ])('%s', (_, signature, sentence) => {
    expect(cause(signature)).toMatch(sentence);
  });

  test('spaces for +, as form decoding makes them', () => {
    const bodies = Array.from({ length: 100 }, (_, n) => Buffer.from(`{"n":${n}}`));
    const over = bodies.find((candidate) => signed(candidate).includes('+'));
    expect(over && cause(signed(over).replaceAll('+', ' '), over)).toMatch(/spaces for \+/);
  });

  test('line ends and byte order marks that an editor put in', () => {
    const typed = Buffer.from('{\n "a": 1\n}');
    expect(cause(signed('{\r\n "a": 1\r\n}'), typed)).toMatch(/other line ends/);
    expect(cause(signed('{"a":1}'), Buffer.from('\uFEFF{"a":1}'))).toMatch(/byte order mark/);
  });

  test('every sentence can travel in a header', () => {
    for (const signature of ['', 'x', signed('y'), signed(body, long.privateKey)])
      expect(cause(signature)).toMatch(/^[\x20-\x7e]+$/);
  });
});
