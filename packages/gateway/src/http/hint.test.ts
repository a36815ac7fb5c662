import { constants, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { sign } from '@waffo/protocol/signature';
import { describe, expect, test } from 'vitest';
import { hintFor, type Seen } from './hint.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const body = Buffer.from('{ "b": 1, "a": "ü" }\n');
const seen = (change: Partial<Seen>): Seen => ({
  door: 'merchant',
  apiKey: 'wk_test_x',
  signature: '',
  body,
  publicKeys: [publicKey],
  ...change,
});
const signatureHint = async (signature: string | Promise<string>) =>
  hintFor('SIGNATURE_INVALID', seen({ signature: await signature }));

describe('a refused signature', () => {
  test('that is missing', async () => expect(await signatureHint('')).toMatch('X-SIGNATURE is missing'));

  test('in url-safe base64', async () => {
    const signature = Buffer.from(await sign(body, privateKey), 'base64').toString('base64url');
    expect(await signatureHint(signature)).toMatch(/base64url|without padding/);
  });

  test.each([
    ['without its last line break', '{ "b": 1, "a": "ü" }'],
    ['without white space', '{"b":1,"a":"ü"}'],
    ['indented', '{\n  "b": 1,\n  "a": "ü"\n}'],
  ])('over the body %s', async (_how, signed) => {
    expect(await signatureHint(sign(Buffer.from(signed), privateKey))).toMatch('sign the very bytes that are sent');
  });

  test('with the other padding', async () => {
    const key = { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING };
    expect(await signatureHint(signBytes('sha256', body, key).toString('base64'))).toMatch('RSASSA-PSS');
  });

  test('by a stranger', async () => {
    expect(await signatureHint(sign(body, stranger.privateKey))).toMatch('another key than the registered ones');
  });

  test('over a body that is no JSON', async () => {
    const signature = await sign(Buffer.from('x'), privateKey);
    expect(hintFor('SIGNATURE_INVALID', seen({ signature, body: Buffer.from('{') }))).toMatch('over other bytes');
  });
});

describe('a refused key', () => {
  test.each<[string, Partial<Seen>, string]>([
    ['that is missing', { apiKey: '' }, 'X-API-KEY is missing'],
    ['of production', { apiKey: 'wk_live_x' }, 'here is the sandbox'],
    ["that is a page's, from a backend", { apiKey: 'wck_test_x' }, 'a backend uses the API key'],
    ["that is a backend's, from a page", { apiKey: 'wk_test_x', door: 'browser' }, 'must never hold the other'],
    ['that nobody has', {}, 'sandbox.json'],
  ])('%s', (_which, change, words) => expect(hintFor('API_KEY_INVALID', seen(change))).toMatch(words));
});

test('a fault whose message says it all gets no hint', () =>
  expect(hintFor('PARAMETER_INVALID', seen({}))).toBeUndefined());
