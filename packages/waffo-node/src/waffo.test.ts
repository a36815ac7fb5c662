import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportPrivateKey, exportPublicKey, sign, verify } from '@waffo/protocol/signature';
import { afterEach, describe, expect, test } from 'vitest';
import { Waffo, WaffoError, type WaffoOptions, WaffoUnknownStatusError } from './index.ts';
import { version } from './version.ts';

const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 });
const platform = generateKeyPairSync('rsa', { modulusLength: 2048 });

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
  stops.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const make = (options: Partial<WaffoOptions> = {}) => new Waffo({ ...keys, baseUrl, maxRetries: 0, ...options });
  return { calls, baseUrl, make };
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

async function reply(response: ServerResponse, status: number, answer: object, headers: Record<string, string> = {}) {
  const body = Buffer.from(JSON.stringify(answer));
  const signature = await sign(body, platform.privateKey);
  response.writeHead(status, { 'content-type': 'application/json', 'x-signature': signature, ...headers }).end(body);
}

const ok = (data: unknown) => ({ code: '0', msg: 'Success', data });
const refused = (code: string) => ({ code, msg: 'no', data: {} });
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

describe('a request', () => {
  test('is signed over its exact bytes and carries what the contract asks for', async () => {
    const gateway = await gatewayThat((_, response) => reply(response, 200, ok({ orderStatus: 'PAY_SUCCESS' })));
    const response = await gateway
      .make()
      .order()
      .create({ ...order, somethingNew: 'passes through' });
    expect(response.unwrap()).toEqual({ orderStatus: 'PAY_SUCCESS' });
    const [call] = gateway.calls as [Call];
    expect(call.url).toBe('/api/v1/order/create');
    expect(verify(call.body, String(call.headers['x-signature']), merchant.publicKey)).toBe(true);
    expect(call.headers).toMatchObject({
      'x-api-key': 'wk_test_key',
      'x-api-version': '1.0.0',
      'x-sdk-version': `waffo-node/${version}`,
    });
    const sent = JSON.parse(call.body.toString());
    expect(sent).toMatchObject({ merchantInfo: { merchantId: 'M1' }, somethingNew: 'passes through' });
    expect(sent.orderRequestedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test('keeps what the caller filled in', async () => {
    const gateway = await gatewayThat((_, response) => reply(response, 200, ok([])));
    await gateway
      .make()
      .tokenization()
      .inquiry({ merchantUserId: 'u', merchantInfo: { merchantId: 'M1', subMerchantId: 'S' } });
    expect(JSON.parse(String(gateway.calls[0]?.body)).merchantInfo).toEqual({ merchantId: 'M1', subMerchantId: 'S' });
  });

  test.each(['', '/', '/api/v1', '/api/v1/'])('goes to the same place with baseUrl ending in "%s"', async (ending) => {
    const gateway = await gatewayThat((_, response) => reply(response, 200, ok(null)));
    await gateway
      .make({ baseUrl: `${gateway.baseUrl}${ending}` })
      .tokenization()
      .remove({ tokenId: 'tok_x' });
    expect(gateway.calls[0]?.url).toBe('/api/v1/tokenization/remove');
  });
});

describe('an answer', () => {
  test('that is not signed is refused, though it says success', async () => {
    const gateway = await gatewayThat((_, response) => response.end(JSON.stringify(ok({ tokenId: 'forged' }))));
    const response = await gateway.make().tokenization().inquiry({ merchantUserId: 'u' });
    expect(response.isSuccess()).toBe(false);
    expect(response.getCode()).toBe('S0004');
    expect(response.getData()).toBeUndefined();
  });

  test('that was changed on its way is refused', async () => {
    const gateway = await gatewayThat(async (_, response) => {
      const signature = await sign(
        Buffer.from(JSON.stringify(ok({ orderStatus: 'ORDER_CLOSE' }))),
        platform.privateKey,
      );
      response.writeHead(200, { 'x-signature': signature }).end(JSON.stringify(ok({ orderStatus: 'PAY_SUCCESS' })));
    });
    expect((await gateway.make().order().create(order)).getCode()).toBe('S0004');
  });

  test('A0001 under another key says to check the API key', async () => {
    const gateway = await gatewayThat(async (_, response) => {
      const body = Buffer.from(JSON.stringify(refused('A0001')));
      response.writeHead(401, { 'x-signature': await sign(body, merchant.privateKey) }).end(body);
    });
    const error = await gateway
      .make()
      .order()
      .inquiry({ paymentRequestId: 'p' })
      .then((r) => caught(() => r.unwrap()));
    expect(error).toMatchObject({ code: 'S0004', hint: expect.stringMatching(/check apiKey and baseUrl/) });
  });

  test('that is no gateway at all says to check baseUrl', async () => {
    const gateway = await gatewayThat((_, response) => response.end('<html>hello</html>'));
    const error = await gateway
      .make()
      .order()
      .inquiry({ paymentRequestId: 'p' })
      .then((r) => caught(() => r.unwrap()));
    expect(error).toMatchObject({ code: 'S0004', hint: expect.stringMatching(/baseUrl/) });
  });

  test('of refusal becomes a WaffoError with code, request id, hint and advice', async () => {
    const headers = { 'x-request-id': 'req_1', 'x-waffo-hint': 'bind a card first' };
    const gateway = await gatewayThat((_, response) => reply(response, 400, refused('A0037'), headers));
    const error = await gateway
      .make()
      .order()
      .create(order)
      .then((r) => caught(() => r.unwrap()));
    expect(error).toBeInstanceOf(WaffoError);
    expect(error).not.toBeInstanceOf(WaffoUnknownStatusError);
    expect(error).toMatchObject({
      code: 'A0037',
      requestId: 'req_1',
      hint: 'bind a card first',
      retry: 'never',
      httpStatus: 400,
    });
  });
});

describe('a repeat', () => {
  test('sends the very same bytes, and so the same request id, after C0001', async () => {
    const gateway = await gatewayThat((_, response, count) =>
      count < 3 ? reply(response, 503, refused('C0001')) : reply(response, 200, ok({ orderStatus: 'PAY_SUCCESS' })),
    );
    expect((await gateway.make({ maxRetries: 2 }).order().create(order)).isSuccess()).toBe(true);
    expect(gateway.calls).toHaveLength(3);
    expect(new Set(gateway.calls.map(({ body }) => body.toString())).size).toBe(1);
  });

  test('follows a connection that broke', async () => {
    const gateway = await gatewayThat((_, response, count) =>
      count === 1 ? response.socket?.destroy() : reply(response, 200, ok(null)),
    );
    expect((await gateway.make({ maxRetries: 1 }).tokenization().remove({ tokenId: 't' })).isSuccess()).toBe(true);
  });

  test('never follows an unknown status: E0001 is thrown as such', async () => {
    const gateway = await gatewayThat((_, response) => reply(response, 500, refused('E0001')));
    const response = await gateway.make({ maxRetries: 5 }).order().create(order);
    expect(gateway.calls).toHaveLength(1);
    expect(caught(() => response.unwrap())).toBeInstanceOf(WaffoUnknownStatusError);
  });

  test('never follows a refusal', async () => {
    const gateway = await gatewayThat((_, response) => reply(response, 503, refused('C0005')));
    await gateway.make({ maxRetries: 5 }).order().create(order);
    expect(gateway.calls).toHaveLength(1);
  });

  test('never follows silence: a timeout is an unknown status', async () => {
    const gateway = await gatewayThat(() => {});
    const response = await gateway.make({ maxRetries: 5, timeoutMs: 100 }).order().create(order);
    expect(gateway.calls).toHaveLength(1);
    expect(response.getCode()).toBe('S0001');
    expect(caught(() => response.unwrap())).toBeInstanceOf(WaffoUnknownStatusError);
  });

  test('ends when the caller gives up', async () => {
    const gateway = await gatewayThat(() => {});
    const signal = AbortSignal.timeout(50);
    expect((await gateway.make({ maxRetries: 5 }).order().create(order, { signal })).getCode()).toBe('S0001');
    expect(gateway.calls).toHaveLength(1);
  });
});

describe('settings', () => {
  test.each([
    ['no API key', { apiKey: '' }, 'S0006', /apiKey is missing/],
    ['no environment', { environment: undefined as never }, 'S0006', /'sandbox' or 'production'/],
    ['a private key that is none', { privateKey: 'AAAA' }, 'S0007', /privateKey cannot be read/],
    ['a public key that is none', { waffoPublicKey: 'AAAA' }, 'S0002', /waffoPublicKey cannot be read/],
  ])('with %s are refused at once, naming the option', (_, change, code, message) => {
    const error = caught(() => new Waffo({ ...keys, ...change }));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('never show a key in an error', () => {
    const error = caught(() => new Waffo({ ...keys, waffoPublicKey: 'c2VjcmV0' })) as Error;
    expect(`${error.stack} ${error.message}`).not.toContain('c2VjcmV0');
  });

  test.each(['pkcs8 pem', 'pkcs1 pem', 'pkcs1 base64'])('take a private key as %s', async (form) => {
    const [type, format] = form.split(' ') as ['pkcs8' | 'pkcs1', string];
    const pem = merchant.privateKey.export({ type, format: 'pem' }).toString();
    const privateKey = format === 'pem' ? pem : pem.replace(/-----.*-----|\n/g, '');
    const gateway = await gatewayThat((_, response) => reply(response, 200, ok(null)));
    expect((await gateway.make({ privateKey }).tokenization().remove({ tokenId: 't' })).isSuccess()).toBe(true);
    const [call] = gateway.calls as [Call];
    expect(verify(call.body, String(call.headers['x-signature']), merchant.publicKey)).toBe(true);
  });

  test('come from the environment under the names of the vendor', () => {
    const names = {
      WAFFO_API_KEY: 'k',
      WAFFO_PRIVATE_KEY: keys.privateKey,
      WAFFO_PUBLIC_KEY: keys.waffoPublicKey,
      WAFFO_ENVIRONMENT: 'sandbox',
      WAFFO_MERCHANT_ID: 'M',
    };
    const before = { ...process.env };
    try {
      Object.assign(process.env, names);
      expect(Waffo.fromEnv()).toBeInstanceOf(Waffo);
      delete process.env.WAFFO_MERCHANT_ID;
      expect(caught(() => Waffo.fromEnv())).toMatchObject({
        message: expect.stringMatching(/WAFFO_MERCHANT_ID is not set/),
      });
    } finally {
      process.env = before;
    }
  });

  test('name the version that package.json has', () => {
    const { version: published } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    expect(version).toBe(published);
  });
});

function caught(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
