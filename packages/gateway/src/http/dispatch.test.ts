import { constants, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sign } from '@waffo/protocol/signature';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openDoor, type TestDoor } from '../../../../test/kit/door.ts';
import { Fault } from '../fault.ts';
import { newApiKey } from '../id.ts';

let door: TestDoor;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());
beforeEach(() => {
  door.handled.length = 0;
  door.logLines.length = 0;
});
afterEach(() => door.onEcho(undefined));

const path = '/api/v1/order/echo';
let statements = 0;
const sql = (text: string, values: unknown[] = []) =>
  door.database.rows({ name: `test/${++statements}`, text }, values);
const lastLine = () => JSON.parse(door.logLines.at(-1) ?? '{}');

describe('a good call', () => {
  test('is answered with the envelope to the byte, signed for the merchant', async () => {
    const answer = await door.call({ text: 'ü' });
    expect(answer.raw).toBe('{"code":"0","msg":"success","data":{"text":"ü","merchantId":"alice"}}');
    expect(answer).toMatchObject({ status: 200, signedFor: 'alice' });
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
    });
  });

  test('hands the handler what was declared and nothing else', async () => {
    await door.call({ text: 'a', isAdmin: true, merchantInfo: { merchantId: 'alice', role: 'root' } });
    expect(door.handled).toMatchObject([{ caller: { door: 'merchant', merchant: { merchantId: 'alice' } } }]);
    expect(door.handled[0]?.input).toEqual({ text: 'a', merchantInfo: { merchantId: 'alice' } });
  });

  test.each([
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'application/json; charset=utf8',
    'application/json;',
  ])('may be of the type %s', async (type) =>
    expect((await door.call({ text: 'a' }, door.alice, { 'content-type': type })).status).toBe(200),
  );

  test('may say that it is not coded', async () =>
    expect((await door.call({ text: 'a' }, door.alice, { 'content-encoding': 'identity' })).status).toBe(200));

  test('may be signed with either key while one replaces the other, and with the old one no longer than that', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    await sql(`insert into merchant_public_key (merchant_id, spki, created_at) values ('alice', $1, now())`, [spki]);
    const signature = await sign(Buffer.from('{"text":"a"}'), privateKey);
    expect((await door.call('{"text":"a"}', door.alice, { 'x-signature': signature })).status).toBe(200);
    expect((await door.call('{"text":"a"}')).status).toBe(200);
    await sql(`update merchant_public_key set status = 'REVOKED' where spki = $1`, [spki]);
    expect((await door.call('{"text":"a"}', door.alice, { 'x-signature': signature })).json.code).toBe('A0002');
  });

  test('leaves one line in the log, without what was said', async () => {
    const answer = await door.call({ text: 'very private' });
    expect(door.logLines).toHaveLength(1);
    expect(lastLine()).toMatchObject({ operation: '/order/echo', merchantId: 'alice', code: '0', status: 200, ms: 0 });
    expect(lastLine().requestId).toBe(answer.headers['x-request-id']);
    expect(door.logLines.join()).not.toContain('private');
  });

  test('waits for those on their way, and sets out with all who came meanwhile', async () => {
    // So that nobody sets out because of the time.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const setOut: string[] = [];
    let letThrough = (): void => {};
    const through = new Promise<void>((resolve) => {
      letThrough = resolve;
    });
    door.onEcho(async ({ text }) => {
      setOut.push(text);
      await through;
      return { text };
    });
    try {
      const first = door.call({ text: 'first' });
      while (setOut.length === 0) await sleep(1);
      const later = [door.call({ text: 'second' }), door.call({ text: 'third' })];
      await sleep(200);
      expect(setOut).toEqual(['first']);
      letThrough();
      expect((await Promise.all([first, ...later])).map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(setOut).toHaveLength(3);
    } finally {
      letThrough();
      vi.useRealTimers();
    }
  });

  test('cannot choose its own request id', async () => {
    const answer = await door.call({ text: 'a' }, door.alice, { 'request-id': 'mine', 'x-request-id': 'mine' });
    expect(answer.headers['x-request-id']).not.toBe('mine');
  });
});

describe('a refused call reaches no handler', () => {
  afterEach(() => expect(door.handled).toEqual([]));

  test.each([
    ['no key', () => ''],
    ['an unknown key', () => newApiKey('test')],
    ['what is no key', () => 'wk_test_nobody'],
    ['a known key with another end', () => `${door.alice.apiKey.slice(0, -7)}zzzzzzz`],
    ['a client key', () => door.alice.clientApiKey],
    ['a key sent twice', () => `${door.alice.apiKey}, ${door.alice.apiKey}`],
  ])('%s gives the same bytes as any other bad key, signed by the system', async (_which, apiKey) => {
    const answer = await door.call({ text: 'a' }, door.alice, { 'x-api-key': apiKey() });
    expect(answer.raw).toBe('{"code":"A0001","msg":"Invalid API key","data":{}}');
    expect(answer).toMatchObject({ status: 401, signedFor: 'system' });
  });

  const body = Buffer.from('{"text":"a"}');
  test.each<[string, () => Promise<string> | string]>([
    ['absent', () => ''],
    ['no base64', () => '%%%'],
    ['over other bytes', () => sign(Buffer.from('{"text":"b"}'), door.alice.privateKey)],
    ['over the same JSON written differently', () => sign(Buffer.from('{"text": "a"}'), door.alice.privateKey)],
    ["by another merchant's key", () => sign(body, door.bob.privateKey)],
    [
      'in url-safe base64',
      async () => Buffer.from(await sign(body, door.alice.privateKey), 'base64').toString('base64url'),
    ],
    ['without its padding', async () => (await sign(body, door.alice.privateKey)).replace(/=+$/, '')],
    ['with something behind it', async () => `${await sign(body, door.alice.privateKey)}A`],
    [
      'sent twice',
      async () => `${await sign(body, door.alice.privateKey)}, ${await sign(body, door.alice.privateKey)}`,
    ],
    [
      'with one bit flipped',
      async () => (await sign(body, door.alice.privateKey)).replace(/^./, (c) => (c === 'A' ? 'B' : 'A')),
    ],
    ['with SHA-1', () => signBytes('sha1', body, door.alice.privateKey).toString('base64')],
    [
      'with PSS',
      () =>
        signBytes('sha256', body, { key: door.alice.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING }).toString(
          'base64',
        ),
    ],
  ])('a signature %s gives the same bytes as any other bad signature', async (_which, signature) => {
    const answer = await door.call(body, door.alice, { 'x-signature': await signature() });
    expect(answer.raw).toBe('{"code":"A0002","msg":"Invalid signature","data":{}}');
    expect(answer).toMatchObject({ status: 401, signedFor: 'alice' });
  });

  test.each([
    'text/plain',
    'application/json, application/json',
    'application/json; charset=utf-16',
    'application/json; charset=utf-8; charset=utf-8',
    'application/json;version=1',
    'application/jsonp',
    'application/vnd.api+json',
    'multipart/form-data; boundary=x',
    'nonsense',
    '',
  ])('the type "%s" is 400', async (type) => {
    const answer = await door.call({ text: 'a' }, door.alice, { 'content-type': type });
    expect(answer).toMatchObject({ status: 400, signedFor: 'alice', json: { code: 'A0003' } });
  });

  test('a coded body is 400: the bytes that are signed are the bytes that are sent', async () => {
    const answer = await door.call({ text: 'a' }, door.alice, { 'content-encoding': 'gzip' });
    expect(answer).toMatchObject({ status: 400, signedFor: 'alice' });
  });

  test('65,536 bytes are read and 65,537 are not', async () => {
    const fill = (size: number) => `{"text":"${'x'.repeat(size - 11)}"}`;
    const answer = await door.call(fill(65_537));
    expect(answer).toMatchObject({ status: 413, signedFor: 'alice', json: { code: 'A0003', data: {} } });
    expect(door.handled).toEqual([]);
    expect((await door.call(fill(65_536))).status).toBe(200);
    door.handled.length = 0;
  });

  test.each([
    ['JSON with two meanings', '{"text":"a","text":"b"}', 'body: duplicate member "text" at byte 12'],
    ['no JSON', '{', 'body: expected a member name at byte 1'],
    ['an empty body', '', 'body: empty; expected a JSON object'],
    ['a member of the wrong type', '{"text":1}', 'text: expected a string'],
    ['a member missing', '{}', 'text: missing; expected a string'],
  ])('%s gives 400 and says where', async (_which, bytes, msg) => {
    const answer = await door.call(bytes);
    expect(answer).toMatchObject({ status: 400, signedFor: 'alice', json: { code: 'A0003', msg, data: {} } });
  });

  test('a body is not looked into before its signature is proved', async () => {
    const answer = await door.call('{', door.alice, { 'x-signature': 'AAAA' });
    expect(answer.json.code).toBe('A0002');
  });

  test.each([
    ['in merchantInfo', { text: 'a', merchantInfo: { merchantId: 'bob' } }],
    ['on the top level', { text: 'a', merchantId: 'bob' }],
    ['in the second place only', { text: 'a', merchantInfo: { merchantId: 'alice' }, merchantId: 'bob' }],
  ])("another merchant's id %s gives A0004", async (_where, wrong) => {
    expect(await door.call(wrong)).toMatchObject({ status: 401, signedFor: 'alice', json: { code: 'A0004' } });
  });

  test('a suspended merchant is told so', async () => {
    await sql(`update merchant set status = 'SUSPENDED' where merchant_id = 'bob'`);
    expect(await door.call({ text: 'a' }, door.bob)).toMatchObject({
      status: 400,
      signedFor: 'bob',
      json: { code: 'A0006' },
    });
    await sql(`update merchant set status = 'ACTIVE' where merchant_id = 'bob'`);
  });

  test.each([
    ['POST', '/api/v1/order/nothing', '{"code":"A0003","msg":"There is no such operation'],
    ['POST', '/api/v1/tokenization/nothing', '"msgParams":{},"data":null,"success":false,"fail":true}'],
    ['POST', '/api/v1/order/echo/', '"code":"A0003"'],
    ['POST', '/API/v1/order/echo', '"code":"A0003"'],
    ['POST', '/api/v1/order/%zz', '"code":"A0003"'],
    ['POST', `/api/v1/order/${'x'.repeat(5_000)}`, '"code":"A0003"'],
    ['GET', path, '"code":"A0003"'],
    ['PUT', path, '"code":"A0003"'],
    ['DELETE', path, '"code":"A0003"'],
    ['OPTIONS', path, '"code":"A0003"'],
    ['GET', '/', '"code":"A0003"'],
  ])('%s %s is no operation: 404, signed for who asks', async (method, url, words) => {
    const answer = await door.send(url, '', { 'x-api-key': door.alice.apiKey }, method);
    expect(answer).toMatchObject({ status: 404, signedFor: 'alice' });
    expect(answer.raw).toContain(words);
  });

  test('HEAD is answered with the signature of the body that GET has', async () => {
    const get = await door.http.inject({ method: 'GET', url: path });
    const head = await door.http.inject({ method: 'HEAD', url: path });
    expect(head.statusCode).toBe(404);
    expect(head.headers['x-signature']).toBe(get.headers['x-signature']);
  });

  test('the path of a stranger is not repeated, for it may be a card number', async () => {
    const answer = await door.send('/api/v1/cards/4111111111111111', '', {});
    expect(answer).toMatchObject({ status: 404, signedFor: 'system' });
    expect(answer.raw + JSON.stringify(answer.headers) + door.logLines.join()).not.toContain('4111');
  });
});

describe('what a handler throws', () => {
  test('a fault is answered by its row, with its own message', async () => {
    door.onEcho(() => Promise.reject(new Fault('RISK_REJECTED')));
    expect(await door.call({ text: 'a' })).toMatchObject({
      status: 406,
      signedFor: 'alice',
      json: { code: 'D0001', data: {} },
    });
    door.onEcho(() => Promise.reject(new Fault('ORDER_NOT_FOUND', 'nothing here')));
    expect((await door.call({ text: 'a' })).json).toEqual({ code: 'A0009', msg: 'nothing here', data: {} });
  });

  test('the cause of a fault is for the log only', async () => {
    door.onEcho(() => Promise.reject(new Fault('CHANNEL_ERROR', undefined, { cause: new Error('acquirer said 17') })));
    expect((await door.call({ text: 'a' })).raw).not.toContain('17');
    expect(lastLine()).toMatchObject({ level: 30, code: 'C0006', error: { message: 'acquirer said 17' } });
  });

  test('anything else is a bug: logged once with its cause and request id, and nothing of it is told', async () => {
    door.onEcho(() => Promise.reject(new Error('outer', { cause: new Error('secret inner') })));
    const answer = await door.call({ text: 'a' });
    expect(answer.raw).toBe('{"code":"C0001","msg":"System error","data":{}}');
    expect(answer).toMatchObject({ status: 500, signedFor: 'alice' });
    expect(door.logLines).toHaveLength(1);
    expect(lastLine()).toMatchObject({
      level: 50,
      requestId: answer.headers['x-request-id'],
      error: { message: 'outer', cause: { message: 'secret inner' } },
    });
  });

  test.each([
    ['undefined', undefined],
    ['a string', 'oops'],
    ['an error that looks like the framework’s', Object.assign(new Error('x'), { statusCode: 400, code: 'FST_X' })],
  ])('%s is a bug too', async (_what, thrown) => {
    door.onEcho(() => Promise.reject(thrown));
    expect(await door.call({ text: 'a' })).toMatchObject({ status: 500, signedFor: 'alice', json: { code: 'C0001' } });
  });

  test('an answer that is no JSON is a bug, and not an empty success', async () => {
    door.onEcho(() => ({ text: 1n }));
    expect(await door.call({ text: 'a' })).toMatchObject({ status: 500, signedFor: 'alice', json: { code: 'C0001' } });
  });
});

describe('while the database is away', () => {
  test('a known merchant reads C0001 with 503, signed with its own key', async () => {
    await door.call({ text: 'a' });
    const answer = await door.database.whileUnreachable(() => door.call({ text: 'a' }));
    expect(answer).toMatchObject({ status: 503, signedFor: 'alice', json: { code: 'C0001' } });
    expect((await door.call({ text: 'a' })).status).toBe(200);
  });

  test('a key that was not seen before gets the answer signed by the system', async () => {
    const headers = { 'x-api-key': newApiKey('test') };
    const answer = await door.database.whileUnreachable(() => door.call({ text: 'a' }, door.alice, headers));
    expect(answer).toMatchObject({ status: 503, signedFor: 'system' });
  });

  test('the gateway lives and is not ready', async () => {
    const get = (url: string) => door.http.inject({ method: 'GET', url });
    expect((await get('/health/ready')).json()).toEqual({ status: 'ready', checks: { database: 'ok' } });
    await door.database.whileUnreachable(async () => {
      expect((await get('/health/live')).json()).toEqual({ status: 'live' });
      const ready = await get('/health/ready');
      expect(ready).toMatchObject({ statusCode: 503 });
      expect(ready.json()).toEqual({ status: 'unavailable', checks: { database: 'failed' } });
    });
    expect((await get('/health/ready')).statusCode).toBe(200);
  });
});

describe('hints', () => {
  test('tell a developer in the sandbox what is wrong', async () => {
    const pretty = await sign(Buffer.from('{\n  "text": "a"\n}'), door.alice.privateKey);
    const answer = await door.call({ text: 'a' }, door.alice, { 'x-signature': pretty });
    expect(answer.headers['x-waffo-hint']).toMatch('sign the very bytes');
  });

  test('tell nothing in production', async () => {
    const production = await openDoor('production');
    try {
      const answer = await production.call({ text: 'a' }, production.alice, { 'x-signature': '' });
      expect(answer.json.code).toBe('A0002');
      expect(answer.headers).not.toHaveProperty('x-waffo-hint');
    } finally {
      await production.close();
    }
  });
});
