import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openDoor, type TestDoor } from '../../../../test/kit/door.ts';

let door: TestDoor;
let production: TestDoor;
beforeAll(async () => {
  [door, production] = await Promise.all([openDoor(), openDoor('production')]);
});
afterAll(() => Promise.all([door.close(), production.close()]));
beforeEach(() => {
  door.handled.length = 0;
});

const url = '/api/v1/tokenization/touch';
const loopback = [
  'http://localhost:4020',
  'http://127.0.0.1:3000',
  'http://[::1]:8080',
  'http://shop.localhost',
  'https://localhost',
];
const foreign = [
  'https://evil.example',
  'http://alice.example',
  'https://alice.example:444',
  'https://alice.example.evil.example',
  'https://ALICE.example',
  'http://localhost.evil.example',
  'http://127.0.0.1.evil.example',
  'http://localhost@evil.example',
  'http://localhost/',
  'file://localhost',
  'null',
  '',
];

const touch = (at: TestDoor, headers: Record<string, string>, body: object = {}) =>
  at.send(url, JSON.stringify(body), {
    'content-type': 'application/json',
    'x-api-key': at.alice.clientApiKey,
    ...headers,
  });
const preflight = (at: TestDoor, origin: string) =>
  at.send(
    url,
    '',
    { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,x-api-key' },
    'OPTIONS',
  );

describe('a preflight', () => {
  test('from a registered origin may go on, whoever registered it', async () => {
    for (const origin of ['https://alice.example', 'https://bob.example']) {
      const answer = await preflight(production, origin);
      expect(answer).toMatchObject({ status: 204, raw: '' });
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-methods': 'POST',
        'access-control-allow-headers': 'Content-Type, X-API-KEY, X-API-VERSION, X-SDK-VERSION',
        vary: 'Origin',
      });
      expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
    }
  });

  test.each(foreign)('from %s may not', async (origin) => {
    const answer = await preflight(door, origin);
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    expect(answer.headers.vary).toBe('Origin');
  });

  test.each(loopback)('from %s may go on in the sandbox only', async (origin) => {
    expect((await preflight(door, origin)).headers['access-control-allow-origin']).toBe(origin);
    expect((await preflight(production, origin)).headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('a call from a page', () => {
  test('of the registered origin is answered, and the page may read the signature and the request id', async () => {
    const answer = await touch(door, { origin: 'https://alice.example' });
    expect(answer.raw).toBe(
      '{"code":"0","msg":"success","msgParams":{},"data":{"merchantId":"alice","origin":"https://alice.example","mayReturn":false},"success":true,"fail":false}',
    );
    expect(answer).toMatchObject({ status: 200, signedFor: 'alice' });
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': 'https://alice.example',
      'access-control-expose-headers': 'X-SIGNATURE, Retry-After, X-Request-Id, X-Waffo-Hint',
      vary: 'Origin',
    });
  });

  test.each(foreign)('at %s is refused and may not read why', async (origin) => {
    const answer = await touch(door, { origin });
    expect(answer).toMatchObject({
      status: 401,
      signedFor: 'alice',
      json: { code: 'A0004', success: false, fail: true },
    });
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    expect(door.handled).toEqual([]);
  });

  test("at another merchant's origin is refused, and may read why", async () => {
    const answer = await touch(door, { origin: 'https://bob.example' });
    expect(answer).toMatchObject({ status: 401, json: { code: 'A0004' } });
    expect(answer.headers['access-control-allow-origin']).toBe('https://bob.example');
    expect(door.handled).toEqual([]);
  });

  test.each(loopback)('at %s is answered in the sandbox only', async (origin) => {
    expect((await touch(door, { origin })).status).toBe(200);
    expect(await touch(production, { origin })).toMatchObject({ status: 401, json: { code: 'A0004' } });
  });

  test('with a wrong key may read that the key is wrong', async () => {
    const answer = await touch(door, { origin: 'https://alice.example', 'x-api-key': 'wck_test_nobody' });
    expect(answer).toMatchObject({ status: 401, signedFor: 'system', json: { code: 'A0001', data: null } });
    expect(answer.headers['access-control-allow-origin']).toBe('https://alice.example');
  });

  test('with a body that is too large may read so', async () => {
    const answer = await touch(door, { origin: 'https://alice.example' }, { returnUrl: 'x'.repeat(70_000) });
    expect(answer).toMatchObject({ status: 413, signedFor: 'alice', json: { code: 'A0003' } });
    expect(answer.headers['access-control-allow-origin']).toBe('https://alice.example');
  });

  test('gets its refusal also while the database is away', async () => {
    const answer = await door.database.whileUnreachable(() => touch(door, { origin: 'https://alice.example' }));
    expect(answer).toMatchObject({ status: 503, signedFor: 'alice', json: { code: 'C0001' } });
  });
});

test('an app that is no browser sends no origin and is answered', async () => {
  const answer = await touch(production, {});
  expect(answer).toMatchObject({ status: 200, json: { data: { origin: '' } } });
  expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
});

test('the secret key opens nothing here', async () => {
  const answer = await touch(door, { 'x-api-key': door.alice.apiKey });
  expect(answer).toMatchObject({ status: 401, json: { code: 'A0001' } });
  expect(answer.headers['x-waffo-hint']).toMatch('must never hold the other');
});

test('the merchant’s operations tell no page anything', async () => {
  const answer = await door.call({ text: 'a' }, door.alice, { origin: 'https://alice.example' });
  expect(answer.status).toBe(200);
  expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
});

describe('a shopper is sent back', () => {
  test.each([
    ['https://alice.example/done?order=1', true],
    ['https://bob.example/done', false],
    ['https://evil.example/?https://alice.example', false],
    ['https://alice.example@evil.example/', false],
    ['javascript:alert(1)//https://alice.example', false],
    ['data:text/html,x', false],
    ['/done', false],
    ['', false],
  ])('to %s: %s', async (returnUrl, expected) => {
    expect((await touch(production, {}, { returnUrl })).json.data.mayReturn).toBe(expected);
  });

  test('to the developer’s machine in the sandbox only', async () => {
    const returnUrl = 'http://localhost:4020/done';
    expect((await touch(door, {}, { returnUrl })).json.data.mayReturn).toBe(true);
    expect((await touch(production, {}, { returnUrl })).json.data.mayReturn).toBe(false);
  });
});
