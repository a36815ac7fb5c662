import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { exportPrivateKey, exportPublicKey, sign, verify } from '@waffo/protocol/signature';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Shop, startShop } from './shop.ts';

const keys = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const merchant = keys();
const gateway = keys();

const sandbox = {
  baseUrl: 'http://127.0.0.1:9/api/v1',
  merchantId: 'M_1',
  apiKey: 'wk_test_1',
  merchantPrivateKey: exportPrivateKey(merchant.privateKey),
  waffoPublicKey: exportPublicKey(gateway.publicKey),
  clientApiKey: 'wck_test_1',
};

let shop: Shop;
beforeAll(async () => {
  shop = await startShop({ sandbox, port: 0 });
});
afterAll(() => shop.stop());

/** Delivers as the gateway does. */
async function deliver(event: object, signedBy: KeyObject = gateway.privateKey): Promise<string> {
  const body = Buffer.from(JSON.stringify(event));
  const headers = { 'content-type': 'application/json', 'x-signature': await sign(body, signedBy) };
  const response = await fetch(`${shop.url}/webhook`, { method: 'POST', body, headers });
  const answer = await response.text();
  expect(response.status).toBe(200);
  expect(verify(Buffer.from(answer), response.headers.get('x-signature') ?? '', merchant.publicKey)).toBe(true);
  return answer;
}

/** Follows the live log until it has told of `count` webhooks. */
async function follow(
  count: number,
  lastEventId = '',
): Promise<{ number: number; verified: boolean; problem?: string }[]> {
  const abort = new AbortController();
  const response = await fetch(`${shop.url}/api/webhooks`, {
    headers: { 'last-event-id': lastEventId },
    signal: abort.signal,
  });
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (text.split('data: ').length > count && text.endsWith('\n\n')) break;
  }
  abort.abort();
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json ?? ''));
}

describe('a webhook', () => {
  const event = { eventType: 'PAYMENT_NOTIFICATION', result: { orderStatus: 'PAY_SUCCESS' } };

  test('is acknowledged with a signature, and shown', async () => {
    expect(await deliver(event)).toBe('{"message":"success"}');
    expect((await follow(1)).at(-1)).toMatchObject({ verified: true, body: event });
  });

  test('of a forger is not acknowledged, and shown as refused with the reason', async () => {
    expect(await deliver(event, merchant.privateKey)).not.toContain('success');
    expect((await follow(2)).at(-1)).toMatchObject({ verified: false, problem: expect.stringContaining('signature') });
  });

  test('is told once to a page that comes back', async () => {
    const [first, second] = await follow(2);
    expect(await follow(1, String(first?.number))).toEqual([second]);
  });

  test('is kept among the last two hundred', async () => {
    for (let i = 0; i < 201; i++) await deliver(event);
    const kept = await follow(200);
    expect(kept).toHaveLength(200);
    expect(kept.at(-1)?.number).toBe(203);
  });
});

describe('a browser', () => {
  test.each(['/tsconfig.json', '/globals.d.ts', '/card-rules.test.ts', '/../shop.ts', '/%2e%2e/shop.ts', '/shop.ts'])(
    'is given no file but those of the page: %s',
    async (path) => {
      expect((await fetch(shop.url + path)).status).toBe(404);
    },
  );

  test('on a page of another site can do nothing here', async () => {
    for (const site of ['cross-site', 'same-site']) {
      const headers = { 'sec-fetch-site': site };
      const response = await fetch(`${shop.url}/api/cards/tok_1/payments`, { method: 'POST', headers });
      expect(response.status).toBe(403);
    }
  });

  test('never learns a secret of the merchant', async () => {
    const settings = await (await fetch(`${shop.url}/api/shop`)).text();
    expect(settings).toContain(sandbox.clientApiKey);
    expect(settings).not.toContain(sandbox.apiKey);
    expect(settings).not.toContain(sandbox.merchantPrivateKey.slice(0, 40));
  });

  test('may talk to the gateway and to nobody else', async () => {
    const { headers } = await fetch(shop.url);
    expect(headers.get('content-security-policy')).toContain("connect-src 'self' http://127.0.0.1:9;");
  });

  test('is told in a sentence when the shop does not sell what it asks for', async () => {
    const response = await fetch(`${shop.url}/api/cards/tok_1/payments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"productId":"moon","price":"0.01"}',
    });
    expect([response.status, await response.json()]).toEqual([400, { message: 'The shop does not sell this.' }]);
  });
});

test('the shop stops at once, though a page follows its log', async () => {
  const other = await startShop({ sandbox, port: 0 });
  const following = fetch(`${other.url}/api/webhooks`).then((response) => response.text());
  following.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 100));
  const begun = performance.now();
  await other.stop();
  expect(performance.now() - begun).toBeLessThan(1000);
  await expect(following).rejects.toThrow();
});
