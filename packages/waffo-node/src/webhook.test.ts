import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportPrivateKey, exportPublicKey, sign, verify } from '@waffo/protocol/signature';
import { describe, expect, test } from 'vitest';
import { signWebhookForTest, Waffo, type Webhook, type WebhookAnswer } from './index.ts';

const merchant = generateKeyPairSync('rsa', { modulusLength: 2048 });
const platform = generateKeyPairSync('rsa', { modulusLength: 2048 });
const waffo = new Waffo({
  apiKey: 'k',
  privateKey: exportPrivateKey(merchant.privateKey),
  waffoPublicKey: exportPublicKey(platform.publicKey),
  environment: 'sandbox',
  merchantId: 'M1',
});

const signed = (body: string | Uint8Array, key = platform.privateKey) => sign(Buffer.from(body as string), key);

const event = {
  eventType: 'TOKENIZATION_NOTIFICATION',
  result: { tokenId: 'tok_x', tokenStatus: 'UNVERIFIED', merchantUserId: '用戶' },
};
const body = JSON.stringify(event);
const signature = await signed(body);

/** Every answer is one of the two published bodies, signed by the merchant. */
function expectSignedAnswer(answer: WebhookAnswer): void {
  expect(answer.body).toBe(answer.success ? '{"message":"success"}' : '{"message":"failed"}');
  expect(answer.status).toBe(200);
  expect(answer.headers).toEqual({ 'Content-Type': 'application/json', 'X-SIGNATURE': answer.signature });
  expect(verify(Buffer.from(answer.body), answer.signature, merchant.publicKey)).toBe(true);
}

describe('a genuine notification', () => {
  test('reaches its handler, whole, and is acknowledged to the byte', async () => {
    const seen: unknown[] = [];
    const webhook = waffo.webhook().onTokenization((result, whole) => seen.push(result, whole));
    const answer = await webhook.handleWebhook(body, signature);
    expect(seen).toEqual([event.result, event]);
    expect(answer).toMatchObject({ success: true, handled: true, event });
    expectSignedAnswer(answer);
  });

  test.each([
    ['a string', body],
    ['a Buffer', Buffer.from(body)],
    ['a part of a larger buffer', new Uint8Array(Buffer.from(`--${body}--`)).subarray(2, 2 + Buffer.byteLength(body))],
    ['an ArrayBuffer', new Uint8Array(Buffer.from(body)).buffer],
  ])('may arrive as %s', async (_, rawBody) => {
    expect(await waffo.webhook().handleWebhook(rawBody, signature)).toMatchObject({ success: true, event });
  });

  test('may carry its header as a list, as Node types it', async () => {
    expect(await waffo.webhook().handleWebhook(body, [signature])).toMatchObject({ success: true });
  });

  test.each([
    ['rejects', () => Promise.reject(new Error('the database is away'))],
    [
      'throws',
      () => {
        throw new Error('the database is away');
      },
    ],
  ])('whose handler %s is answered failed, so that it is sent again', async (_, handler) => {
    const answer = await waffo.webhook().onTokenization(handler).handleWebhook(body, signature);
    expect(answer).toMatchObject({ success: false, handled: true, event });
    expect(answer.error).toMatchObject({ code: 'S0006', cause: { message: 'the database is away' } });
    expectSignedAnswer(answer);
  });

  test('is acknowledged only after its handler has finished', async () => {
    const order: string[] = [];
    const slow = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push('stored');
    };
    await waffo.webhook().onTokenization(slow).handleWebhook(body, signature);
    order.push('acknowledged');
    expect(order).toEqual(['stored', 'acknowledged']);
  });

  test('without a handler is acknowledged, for it would only be sent seven times more', async () => {
    const answer = await waffo
      .webhook()
      .onPayment(() => {})
      .handleWebhook(body, signature);
    expect(answer).toMatchObject({ success: true, handled: false, event });
    expectSignedAnswer(answer);
  });

  test('of a type that this version does not know reaches onOther, which may refuse it', async () => {
    const unknown = JSON.stringify({ eventType: 'CHARGEBACK_NOTIFICATION', result: { chargebackId: 'c' } });
    const refusing = waffo.webhook().onOther(({ eventType }) => Promise.reject(new Error(eventType)));
    expect(await refusing.handleWebhook(unknown, await signed(unknown))).toMatchObject({
      success: false,
      error: { cause: { message: 'CHARGEBACK_NOTIFICATION' } },
    });
    expect(await waffo.webhook().handleWebhook(unknown, await signed(unknown))).toMatchObject({
      success: true,
      handled: false,
    });
  });

  test.each([
    'null',
    '[]',
    '"success"',
    '{}',
    '{"eventType":"PAYMENT_NOTIFICATION"}',
    '{"eventType":1,"result":{}}',
    'hello',
  ])('that is none though signed, %s, is refused and does not throw', async (text) => {
    const answer = await waffo
      .webhook()
      .onOther(() => {})
      .handleWebhook(text, await signed(text));
    expect(answer).toMatchObject({ success: false, error: { code: 'S0005' } });
    expectSignedAnswer(answer);
  });
});

describe('what is not genuine never reaches a handler', () => {
  const never = () => {
    throw new Error('a forged notification was handled');
  };
  const indented = JSON.stringify(event, undefined, 2);
  const shuffled = JSON.stringify({ result: event.result, eventType: event.eventType });
  const parsedCase = /parsed before verification: pass the raw bytes/;

  test.each<[string, unknown, string | string[] | null | undefined | Promise<string>, RegExp]>([
    ['without its header', body, undefined, /X-SIGNATURE header is missing/],
    ['with null for a header, as Headers.get says', body, null, /X-SIGNATURE header is missing/],
    ['with an empty header', body, '', /X-SIGNATURE header is missing/],
    ['signed twice', body, [signature, signature], /not base64 of a signature/],
    ['signed by a stranger', body, signed(body, merchant.privateKey), /another key: check that waffoPublicKey/],
    ['with a header that is no signature', body, 'yes', /not base64 of a signature/],
    ['changed by one byte', body.replace('tok_x', 'tok_y'), signature, /right key but over other bytes/],
    [
      'parsed and written again, indented',
      indented,
      signature,
      /right key but over other bytes: the body was parsed and written again/,
    ],
    ['parsed and written again, in another order', shuffled, signature, /right key but over other bytes/],
    ['read as Latin-1', Buffer.from(body).toString('latin1'), signature, /right key but over other bytes/],
    ['passed as an object', event, signature, parsedCase],
    ['passed as what a JSON parser made of a Buffer', { type: 'Buffer', data: [1] }, signature, parsedCase],
    ['passed as nothing', undefined, signature, parsedCase],
    ['with a body that was read before', '', signature, /the body is empty/],
  ])('%s', async (_, raw, header, message) => {
    const webhook = waffo.webhook().onTokenization(never).onPayment(never).onOther(never);
    const answer = await webhook.handleWebhook(raw as string, await header);
    expect(answer).toMatchObject({ success: false, handled: false, error: { code: 'S0004', retry: 'never' } });
    expect(answer.error?.message).toMatch(message);
    expect(answer.event).toBeUndefined();
    expectSignedAnswer(answer);
  });
});

describe('a delivery that must be fresh', () => {
  const secondsAgo = (seconds: number) => String(Math.floor(Date.now() / 1_000) - seconds);
  const receive = (freshness: Parameters<Webhook['handleWebhook']>[2]) => {
    let handled = 0;
    const webhook = waffo.webhook().onTokenization(() => {
      handled += 1;
    });
    return webhook.handleWebhook(body, signature, freshness).then((answer) => ({ answer, handled }));
  };

  test.each<[string, string | string[] | undefined, number | undefined]>([
    ['was sent now', secondsAgo(0), undefined],
    ['took almost five minutes', secondsAgo(290), undefined],
    ['comes from a clock that is a little ahead', secondsAgo(-60), undefined],
    ['is as old as the merchant allows', [secondsAgo(3_500)], 3_600],
  ])('is taken when it %s', async (_, timestamp, maxAgeSeconds) => {
    const { answer, handled } = await receive({ timestamp, ...(maxAgeSeconds && { maxAgeSeconds }) });
    expect([answer.success, handled]).toEqual([true, 1]);
  });

  test.each<[string, string | null | undefined, RegExp]>([
    ['is older than five minutes', secondsAgo(310), /an old one came again, or a clock is wrong/],
    ['comes from far in the future', secondsAgo(-310), /a clock is wrong/],
    ['does not say when it was sent', undefined, /webhook-timestamp header is missing/],
    ['says so in words', 'yesterday', /no number of seconds/],
  ])('reaches no handler when it %s', async (_, timestamp, message) => {
    const { answer, handled } = await receive({ timestamp });
    expect(answer).toMatchObject({ success: false, error: { code: 'S0004', retry: 'never' } });
    expect(answer.error?.message).toMatch(message);
    expect(handled).toBe(0);
    expectSignedAnswer(answer);
  });
});

test('a receiver can be tested without a gateway, over a real socket', async () => {
  const seen: unknown[] = [];
  const webhook = waffo.webhook().onTokenization(({ tokenId }) => seen.push(tokenId));
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = await webhook.handleWebhook(Buffer.concat(chunks), request.headers['x-signature']);
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const test = await signWebhookForTest(event, exportPrivateKey(platform.privateKey));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const headers = { 'content-type': 'application/json', 'x-signature': test.signature };
    const response = await fetch(url, { method: 'POST', body: test.rawBody, headers });
    expect(response.headers.get('content-type')).toBe('application/json');
    const acknowledged = await response.text();
    expect(acknowledged).toBe('{"message":"success"}');
    expect(verify(Buffer.from(acknowledged), response.headers.get('x-signature') ?? '', merchant.publicKey)).toBe(true);
    expect(seen).toEqual(['tok_x']);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
