import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportPrivateKey, exportPublicKey, sign, verify } from '@waffo/protocol/signature';
import { afterEach, describe, expect, test } from 'vitest';
import { type ApiResponse, Waffo, WaffoError, type WaffoOptions, WaffoUnknownStatusError } from './index.ts';
import { version } from './version.ts';

const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 });
const platform = generateKeyPairSync('rsa', { modulusLength: 2048 });
const system = generateKeyPairSync('rsa', { modulusLength: 2048 });

interface Call {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** A gateway that answers what the test says; it keeps what it was sent. */
async function gatewayThat(answer: (call: Call, response: ServerResponse, count: number) => unknown) {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const call = { url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) };
      calls.push(call);
      answer(call, response, calls.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  stops.push(stop);
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const make = (options: Partial<WaffoOptions> = {}) => new Waffo({ ...keys, baseUrl, maxRetries: 0, ...options });
  return { calls, baseUrl, make, stop };
}

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

const keys = {
  apiKey: 'wk_test_key',
  privateKey: exportPrivateKey(merchant.privateKey),
  waffoPublicKey: exportPublicKey(platform.publicKey),
  environment: 'sandbox',
  merchantId: 'M1',
} as const;

interface ReplyOptions {
  readonly headers?: Record<string, string>;
  readonly key?: KeyObject;
  /** What is signed, when it is not what is sent. */
  readonly signed?: unknown;
}

async function reply(response: ServerResponse, status: number, answer: unknown, options: ReplyOptions = {}) {
  const { headers = {}, key = platform.privateKey, signed = answer } = options;
  const signature = await sign(Buffer.from(JSON.stringify(signed)), key);
  response.writeHead(status, { 'content-type': 'application/json', 'x-signature': signature, ...headers });
  response.end(JSON.stringify(answer));
}

const ok = (data: unknown) => ({ code: '0', msg: 'Success', data });
const refused = (code: string) => ({ code, msg: 'no', data: {} });
const paid = ok({ paymentRequestId: 'p1', orderStatus: 'PAY_SUCCESS' });
const order = {
  paymentRequestId: 'p1',
  merchantOrderId: 'm1',
  orderCurrency: 'HKD',
  orderAmount: '100.00',
  orderDescription: 'Three teapots',
  notifyUrl: 'https://shop.example/webhook',
  tokenId: 'tok_x',
  userInfo: { userId: 'u', userEmail: 'u@example.com', userTerminal: 'WEB' },
  paymentInfo: { productName: 'ONE_TIME_PAYMENT' },
};

/** What `unwrap()` throws. */
function failureOf(response: ApiResponse<unknown>): WaffoError {
  expect(response.isSuccess()).toBe(false);
  expect(response.getData()).toBeUndefined();
  try {
    response.unwrap();
  } catch (error) {
    expect(error).toBeInstanceOf(WaffoError);
    expect(response.getError()).toMatchObject({ ...(error as WaffoError) });
    expect((error as WaffoError).code).toBe(response.getCode());
    return error as WaffoError;
  }
  throw new Error('nothing was thrown');
}

const isUnknown = (response: ApiResponse<unknown>) => failureOf(response) instanceof WaffoUnknownStatusError;
const sentTo = ({ calls }: { calls: Call[] }) => JSON.parse(String(calls[0]?.body));

describe('a request', () => {
  test('is signed over its exact bytes and carries what the contract asks for', async () => {
    const gateway = await gatewayThat((_, response) => reply(response, 200, paid));
    const params = { ...order, orderDescription: '三隻茶壺', somethingNew: { passes: 'through' } };
    const response = await gateway.make().order().create(params);
    expect(response.unwrap()).toEqual(paid.data);
    const [call] = gateway.calls as [Call];
    expect(call.url).toBe('/api/v1/order/create');
    expect(verify(call.body, String(call.headers['x-signature']), merchant.publicKey)).toBe(true);
    expect(call.headers).toMatchObject({
      'content-type': 'application/json',
      'x-api-key': 'wk_test_key',
      'x-api-version': '1.0.0',
      'x-sdk-version': `waffo-node/${version}`,
    });
    const { orderRequestedAt, ...sent } = sentTo(gateway);
    expect(sent).toEqual({ ...params, merchantInfo: { merchantId: 'M1' } });
    expect(orderRequestedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test('keeps what the caller filled in', async () => {
    const gateway = await gatewayThat((_, response) => reply(response, 200, paid));
    const given = { merchantInfo: { merchantId: 'M2' }, orderRequestedAt: '2026-04-01T12:00:00.000Z' };
    await gateway
      .make()
      .order()
      .create({ ...order, ...given });
    expect(sentTo(gateway)).toMatchObject(given);
  });

  test('is filled in where the caller left a part out, or wrote undefined', async () => {
    const gateway = await gatewayThat((_, response) => reply(response, 200, paid));
    const given = { merchantInfo: { subMerchantId: 'S1' }, orderRequestedAt: undefined };
    await gateway
      .make()
      .order()
      .create({ ...order, ...given });
    expect(sentTo(gateway)).toMatchObject({
      merchantInfo: { merchantId: 'M1', subMerchantId: 'S1' },
      orderRequestedAt: expect.any(String),
    });
  });

  test.each([
    [
      'tokenization/generate',
      (waffo: Waffo) => waffo.tokenization().generate({ tokenRequestId: 't', merchantUserId: 'u', tokenType: 'CARD' }),
    ],
    ['tokenization/inquiry', (waffo: Waffo) => waffo.tokenization().inquiry({ merchantUserId: 'u' })],
    ['tokenization/remove', (waffo: Waffo) => waffo.tokenization().remove({ tokenId: 'tok_x' })],
    ['order/inquiry', (waffo: Waffo) => waffo.order().inquiry({ paymentRequestId: 'p1' })],
  ] as const)('for %s goes to its path; only an order is looked up without naming the merchant', async (path, work) => {
    const gateway = await gatewayThat((_, response) => reply(response, 200, ok({})));
    expect((await work(gateway.make())).isSuccess()).toBe(true);
    expect(gateway.calls[0]?.url).toBe(`/api/v1/${path}`);
    expect('merchantInfo' in sentTo(gateway)).toBe(path !== 'order/inquiry');
  });

  test('that cannot be written as JSON is a result, not an exception', async () => {
    const gateway = await gatewayThat((_, response) => reply(response, 200, paid));
    const response = await gateway
      .make()
      .order()
      .create({ ...order, orderAmount: 100n as never });
    expect(failureOf(response)).toMatchObject({ code: 'S0005', retry: 'never' });
    expect(gateway.calls).toEqual([]);
  });
});

describe('an answer is not used', () => {
  const forged = ok({ paymentRequestId: 'p1', orderStatus: 'ORDER_CLOSE' });

  test.each<[string, (response: ServerResponse) => unknown, string, RegExp]>([
    ['that is not signed', (r) => r.end(JSON.stringify(paid)), 'S0004', /is not signed: .* drops X-SIGNATURE/],
    [
      'that was changed on its way',
      (r) => reply(r, 200, paid, { signed: forged }),
      'S0004',
      /right key but its bytes were changed/,
    ],
    [
      'of another gateway',
      (r) => reply(r, 200, paid, { key: system.privateKey }),
      'S0004',
      /another key: check that waffoPublicKey/,
    ],
    ['signed with our own key', (r) => reply(r, 200, paid, { key: merchant.privateKey }), 'S0004', /another key/],
    [
      'that knows no such API key, and says so',
      (r) => reply(r, 401, refused('A0001'), { key: system.privateKey }),
      'S0004',
      /says A0001 \(API key unknown\) but is signed by another key: check apiKey and baseUrl/,
    ],
    [
      'of something that is no gateway',
      (r) => r.end('<html>hello</html>'),
      'S0004',
      /HTTP 200 from http.* is not JSON: check baseUrl/,
    ],
    ['that is empty', (r) => r.writeHead(502).end(), 'S0004', /HTTP 502 from .* not JSON/],
    [
      'that is a redirect',
      (r) => r.writeHead(307, { location: '/elsewhere' }).end(),
      'S0004',
      /redirect, which is not followed: check baseUrl/,
    ],
    ['that never ends', (r) => r.end(Buffer.alloc(5 * 1024 * 1024, ' ')), 'S0004', /more than 4194304 bytes/],
    [
      'that is signed but has no code',
      (r) => reply(r, 200, { message: 'success' }),
      'S0005',
      /not \{code, msg, data\}/,
    ],
    ['that is signed but null', (r) => reply(r, 200, null), 'S0005', /not \{code, msg, data\}/],
    [
      'that is genuine but of another order',
      (r) => reply(r, 200, ok({ paymentRequestId: 'p0', orderStatus: 'PAY_SUCCESS' })),
      'S0004',
      /of another request: its paymentRequestId differs/,
    ],
  ])('%s', async (_, answer, code, message) => {
    const gateway = await gatewayThat((_call, response) => answer(response));
    const waffo = gateway.make({ maxRetries: 3 });
    const created = failureOf(await waffo.order().create(order));
    expect(created).toMatchObject({ code, message: expect.stringMatching(message), retry: 'inquire-first' });
    expect(created).toBeInstanceOf(WaffoUnknownStatusError);
    expect(gateway.calls, 'nor is it asked again').toHaveLength(1);
    const read = failureOf(await waffo.order().inquiry({ paymentRequestId: 'p1' }));
    expect(read, 'reading leaves nothing unknown').not.toBeInstanceOf(WaffoUnknownStatusError);
    expect(read).toMatchObject({ code, retry: 'never' });
  });
});

describe('a refusal', () => {
  test('becomes a WaffoError with all that is known', async () => {
    const headers = { 'x-request-id': 'req_1', 'x-waffo-hint': 'bind a card first' };
    const gateway = await gatewayThat((_, response) => reply(response, 400, refused('A0037'), { headers }));
    const response = await gateway.make().order().create(order);
    expect([response.getCode(), response.getMessage(), response.getRequestId()]).toEqual(['A0037', 'no', 'req_1']);
    const error = failureOf(response);
    expect(error).not.toBeInstanceOf(WaffoUnknownStatusError);
    expect(error).toMatchObject({
      name: 'WaffoError',
      code: 'A0037',
      message: 'A0037: no (bind a card first)',
      requestId: 'req_1',
      hint: 'bind a card first',
      httpStatus: 400,
      retry: 'never',
      docUrl: expect.stringMatching(/^https:\/\/waffo\.com\/docs\/.*error-codes$/),
    });
  });

  test.each(['A0003', 'A0011', 'A0037', 'C0005', 'D0001'])('with %s is never repeated', async (code) => {
    const gateway = await gatewayThat((_, response) => reply(response, 400, refused(code)));
    expect(failureOf(await gateway.make({ maxRetries: 5 }).order().create(order)).code).toBe(code);
    expect(gateway.calls).toHaveLength(1);
  });

  test.each(['E0001', 'Z9999'])('with %s is an unknown status and never repeated', async (code) => {
    const gateway = await gatewayThat((_, response) => reply(response, 500, refused(code)));
    const response = await gateway.make({ maxRetries: 5 }).order().create(order);
    expect(isUnknown(response)).toBe(true);
    expect(failureOf(response)).toMatchObject({ name: 'WaffoUnknownStatusError', code, retry: 'inquire-first' });
    expect(gateway.calls).toHaveLength(1);
  });
});

describe('a repeat', () => {
  test.each(['C0001', 'C0006', 'C0007', 'A0040'])(
    'after %s sends the very same bytes, and so the same request id',
    async (code) => {
      const gateway = await gatewayThat((_, response, count) =>
        count < 3 ? reply(response, 503, refused(code)) : reply(response, 200, paid),
      );
      expect((await gateway.make({ maxRetries: 2 }).order().create(order)).isSuccess()).toBe(true);
      expect(gateway.calls).toHaveLength(3);
      expect(new Set(gateway.calls.map(({ body }) => body.toString())).size).toBe(1);
    },
  );

  test('follows a connection that broke', async () => {
    const gateway = await gatewayThat((_, response, count) =>
      count === 1 ? response.socket?.destroy() : reply(response, 200, paid),
    );
    expect((await gateway.make({ maxRetries: 1 }).order().create(order)).isSuccess()).toBe(true);
    expect(new Set(gateway.calls.map(({ body }) => body.toString())).size).toBe(1);
  });

  test('ends after maxRetries, and says what the gateway said last', async () => {
    const gateway = await gatewayThat((_, response) => reply(response, 503, refused('C0001')));
    const response = await gateway.make({ maxRetries: 1 }).order().create(order);
    expect(failureOf(response)).toMatchObject({ code: 'C0001', retry: 'same-request' });
    expect(gateway.calls).toHaveLength(2);
  });

  test.each([
    ['seconds', () => '1'],
    ['a date', () => new Date(Date.now() + 2_000).toUTCString()],
  ])('waits as Retry-After says, in %s', async (_, value) => {
    const headers = { 'retry-after': value() };
    const gateway = await gatewayThat((_call, response, count) =>
      count === 1 ? reply(response, 429, refused('C0001'), { headers }) : reply(response, 200, paid),
    );
    const since = performance.now();
    expect((await gateway.make({ maxRetries: 1 }).order().create(order)).isSuccess()).toBe(true);
    expect(performance.now() - since).toBeGreaterThan(900);
  });

  test('is left to the caller when the gateway asks to wait for long', async () => {
    const headers = { 'retry-after': '3600' };
    const gateway = await gatewayThat((_, response) => reply(response, 429, refused('C0001'), { headers }));
    const response = await gateway.make({ maxRetries: 5 }).order().create(order);
    expect(failureOf(response)).toMatchObject({ code: 'C0001', retry: 'same-request', retryAfterMs: 3_600_000 });
    expect(gateway.calls).toHaveLength(1);
  });
});

describe('nobody knows what became of an order', () => {
  test('when the gateway is silent; it is not sent again', async () => {
    const gateway = await gatewayThat(() => {});
    const response = await gateway.make({ maxRetries: 5, timeoutMs: 100 }).order().create(order);
    expect(isUnknown(response)).toBe(true);
    expect(failureOf(response)).toMatchObject({
      code: 'S0001',
      message: expect.stringMatching(/no answer within 100 ms/),
    });
    expect(gateway.calls).toHaveLength(1);
  });

  test('when the answer stops half way', async () => {
    const gateway = await gatewayThat((_, response) => response.writeHead(200, { 'content-length': '99' }).write('{'));
    expect(isUnknown(await gateway.make({ timeoutMs: 200 }).order().create(order))).toBe(true);
  });

  test('when each attempt broke', async () => {
    const gateway = await gatewayThat((_, response) => response.socket?.destroy());
    const response = await gateway.make({ maxRetries: 1 }).order().create(order);
    expect(isUnknown(response)).toBe(true);
    expect(failureOf(response)).toMatchObject({
      code: 'S0001',
      message: expect.stringMatching(/whether the request arrived/),
    });
    expect(gateway.calls).toHaveLength(2);
  });

  test('when an attempt broke and then the gateway was gone', async () => {
    const gateway = await gatewayThat(() => gateway.stop());
    const response = await gateway.make({ maxRetries: 1 }).order().create(order);
    expect(failureOf(response).message).toMatch(/ECONNREFUSED/);
    expect(isUnknown(response)).toBe(true);
  });

  test('when an attempt broke and its repeat was not served', async () => {
    const gateway = await gatewayThat((_, response, count) =>
      count === 1 ? response.socket?.destroy() : reply(response, 503, refused('C0001')),
    );
    expect(isUnknown(await gateway.make({ maxRetries: 1 }).order().create(order))).toBe(true);
  });

  test('but a definite answer to the repeat settles the matter', async () => {
    const gateway = await gatewayThat((_, response, count) =>
      count === 1 ? response.socket?.destroy() : reply(response, 400, refused('A0037')),
    );
    expect(isUnknown(await gateway.make({ maxRetries: 1 }).order().create(order))).toBe(false);
  });

  test('when the caller gave up after sending', async () => {
    const caller = new AbortController();
    const gateway = await gatewayThat(() => caller.abort());
    const response = await gateway.make({ maxRetries: 5 }).order().create(order, { signal: caller.signal });
    expect(isUnknown(response)).toBe(true);
    expect(failureOf(response).message).toMatch(/the caller gave up/);
    expect(gateway.calls).toHaveLength(1);
  });
});

describe('nothing happened, and that is known', () => {
  test('when there was nobody to connect to', async () => {
    const gateway = await gatewayThat(() => {});
    gateway.stop();
    const response = await gateway.make({ maxRetries: 1 }).order().create(order);
    expect(isUnknown(response)).toBe(false);
    expect(failureOf(response)).toMatchObject({
      code: 'S0001',
      message: expect.stringMatching(/ECONNREFUSED; the request was not sent/),
      retry: 'same-request',
    });
  });

  test.each([
    ['a name that does not resolve', { code: 'ENOTFOUND', syscall: 'getaddrinfo' }],
    ['a connection that takes too long', { code: 'UND_ERR_CONNECT_TIMEOUT' }],
    ['a certificate that has expired', { code: 'CERT_HAS_EXPIRED' }],
    [
      'two addresses that both refuse',
      {
        errors: [
          { code: 'ECONNREFUSED', syscall: 'connect' },
          { code: 'ENETUNREACH', syscall: 'connect' },
        ],
      },
    ],
  ])('with %s', async (_, cause) => {
    const fetch = () => Promise.reject(Object.assign(new TypeError('fetch failed'), { cause }));
    expect(isUnknown(await new Waffo({ ...keys, fetch, maxRetries: 0 }).order().create(order))).toBe(false);
  });

  test.each([
    ['a connection that was reset', { code: 'ECONNRESET', syscall: 'read' }],
    [
      'two addresses, one of which may have been reached',
      {
        errors: [
          { code: 'ECONNREFUSED', syscall: 'connect' },
          { code: 'EPIPE', syscall: 'write' },
        ],
      },
    ],
    ['no reason at all', undefined],
  ])('but not with %s', async (_, cause) => {
    const fetch = () => Promise.reject(Object.assign(new TypeError('fetch failed'), { cause }));
    expect(isUnknown(await new Waffo({ ...keys, fetch, maxRetries: 0 }).order().create(order))).toBe(true);
  });

  test('when the caller had given up before', async () => {
    const gateway = await gatewayThat((_, response) => reply(response, 200, paid));
    const response = await gateway.make().order().create(order, { signal: AbortSignal.abort() });
    expect(isUnknown(response)).toBe(false);
    expect(gateway.calls).toEqual([]);
  });

  test('when only reading, whatever went wrong', async () => {
    const gateway = await gatewayThat(() => {});
    const response = await gateway.make({ timeoutMs: 100 }).order().inquiry({ paymentRequestId: 'p1' });
    expect(isUnknown(response)).toBe(false);
    expect(failureOf(response).retry).toBe('same-request');
  });
});

test('a caller who gives up does not wait for the next attempt', async () => {
  const headers = { 'retry-after': '9' };
  const gateway = await gatewayThat((_, response) => reply(response, 429, refused('C0001'), { headers }));
  const since = performance.now();
  const response = await gateway
    .make({ maxRetries: 5 })
    .order()
    .create(order, { signal: AbortSignal.timeout(150) });
  expect(failureOf(response).code).toBe('C0001');
  expect(performance.now() - since).toBeLessThan(3_000);
  expect(gateway.calls).toHaveLength(1);
});

test('neither a client nor an error shows a key', async () => {
  const { inspect } = await import('node:util');
  const waffo = new Waffo({ ...keys, fetch: () => Promise.reject(new Error('down')), maxRetries: 0 });
  const error = failureOf(await waffo.order().create(order));
  const shown = [
    inspect(waffo, { depth: 9 }),
    JSON.stringify(waffo),
    inspect(error, { depth: 9 }),
    String(error.stack),
  ].join();
  for (const secret of [keys.privateKey.slice(40, 80), keys.apiKey]) expect(shown).not.toContain(secret);
});
