/** The operator API: a merchant's whole life over HTTP, and who is kept out of it. */
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { exportPublicKey, parsePublicKey, sign, verify } from '@waffo/protocol/signature';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operatorRoutes } from '../../packages/gateway/src/operator.ts';
import { orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';

let gateway: TestGateway;
let key: string;
beforeAll(async () => {
  gateway = await startTestGateway({ WAFFO_OPERATOR_PORT: '0' });
  key = readFileSync(keyFile(), 'utf8').trim();
});
afterAll(() => gateway.stop());

const keyFile = () => join(gateway.app.gateway.config.home, 'operator.key');

async function operate(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${gateway.app.operatorUrl}/operator/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }), ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    // biome-ignore lint/suspicious/noExplicitAny: tests look into many shapes
    json: text ? (JSON.parse(text) as any) : undefined,
  };
}

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** A merchant that can call: made, its key claimed and proved. */
async function newMerchant(fields: object = {}) {
  const made = (await operate('POST', '/merchants', { name: 'Teapots', ...fields })).json;
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const path = `/merchants/${made.merchantId}/public-keys`;
  const claimed = (await operate('POST', path, { publicKey: exportPublicKey(keys.publicKey) })).json;
  const proof = await sign(Buffer.from(claimed.challenge), keys.privateKey);
  expect(await operate('PUT', `${path}/${claimed.keyId}/proof`, { proof })).toMatchObject({ status: 204 });
  return { ...made, keyId: claimed.keyId as string, privateKey: keys.privateKey };
}

async function inquire(merchant: {
  apiKey: string;
  privateKey: typeof pair.privateKey;
  waffoPublicKey: string;
  merchantId: string;
}) {
  const body = Buffer.from(
    JSON.stringify({ merchantInfo: { merchantId: merchant.merchantId }, merchantUserId: 'user_1' }),
  );
  const response = await fetch(`${gateway.url}/api/v1/tokenization/inquiry`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-api-key': merchant.apiKey,
      'x-signature': await sign(body, merchant.privateKey),
    },
  });
  const raw = Buffer.from(await response.arrayBuffer());
  const signed = verify(raw, response.headers.get('x-signature') ?? '', parsePublicKey(merchant.waffoPublicKey));
  return { code: (JSON.parse(raw.toString()) as { code: string }).code, signed };
}

describe('a merchant', () => {
  test('is made, proves its key, calls, is suspended, and comes back, each at once', async () => {
    const merchant = await newMerchant();
    expect(await inquire(merchant)).toEqual({ code: '0', signed: true });
    const path = `/merchants/${merchant.merchantId}/status`;
    expect((await operate('PUT', path, { status: 'SUSPENDED' })).json).toMatchObject({ status: 'SUSPENDED' });
    expect(await inquire(merchant)).toEqual({ code: 'A0006', signed: true });
    await operate('PUT', path, { status: 'ACTIVE' });
    expect(await inquire(merchant)).toEqual({ code: '0', signed: true });
  });

  test('is never changed without an entry in the access log of who did what', async () => {
    const { merchantId } = await newMerchant();
    await operate('PUT', `/merchants/${merchantId}/status`, { status: 'SUSPENDED' });
    await operate('GET', `/merchants/${merchantId}`);
    const entries = await gateway.app.gateway.database.rows<{ actor: string; purpose: string }>(
      {
        name: 'test/acts',
        text: `select actor, purpose from access_entry
        where merchant_id = '' and act = 'operator.act' and subject = $1 order by sequence`,
      },
      [`merchant/${merchantId}`],
    );
    expect(entries).toEqual([
      { actor: 'operator', purpose: 'POST /merchants/:merchantId/public-keys' },
      { actor: 'operator', purpose: 'PUT /merchants/:merchantId/public-keys/:keyId/proof' },
      { actor: 'operator', purpose: 'PUT /merchants/:merchantId/status' },
    ]);
  });

  test('cannot call before it has proved a key, whatever it signs with', async () => {
    const made = (await operate('POST', '/merchants', { name: 'Eager' })).json;
    expect(await inquire({ ...made, privateKey: pair.privateKey })).toMatchObject({ code: 'A0002' });
  });

  test('replaces its API key without a gap, and a revoked one is refused from then on', async () => {
    const merchant = await newMerchant();
    const path = `/merchants/${merchant.merchantId}/api-keys`;
    const second = (await operate('POST', path)).json;
    expect(await inquire(merchant)).toMatchObject({ code: '0' });
    expect(await inquire({ ...merchant, apiKey: second.apiKey })).toMatchObject({ code: '0' });
    const { apiKeys } = (await operate('GET', `/merchants/${merchant.merchantId}`)).json;
    const first = apiKeys
      .map((row: { keyId: string }) => row.keyId)
      .find((id: string) => merchant.apiKey.startsWith(id));
    expect(await operate('DELETE', `${path}/${first}`)).toMatchObject({ status: 204 });
    expect(await inquire(merchant)).toMatchObject({ code: 'A0001' });
    expect(await inquire({ ...merchant, apiKey: second.apiKey })).toMatchObject({ code: '0' });
  });

  test('keeps both of two changes at once', async () => {
    const { merchantId } = await newMerchant();
    for (let round = 1; round <= 5; round++) {
      const enforceTokenOwner = round % 2 === 1;
      await Promise.all([
        operate('PATCH', `/merchants/${merchantId}`, { settings: { enforceTokenOwner } }),
        operate('PATCH', `/merchants/${merchantId}`, { name: `Shop ${round}`, settings: { renewalAttempts: round } }),
      ]);
      const { json } = await operate('GET', `/merchants/${merchantId}`);
      expect(json).toMatchObject({ name: `Shop ${round}`, settings: { enforceTokenOwner, renewalAttempts: round } });
    }
  });

  test('keeps what a change does not name', async () => {
    const { merchantId } = await newMerchant({ pciCertified: true, settings: { lenientAck: true } });
    const url = gateway.receiver.url;
    const changed = await operate('PATCH', `/merchants/${merchantId}`, { settings: { tokenNotifyUrl: url } });
    expect(changed.json).toMatchObject({
      name: 'Teapots',
      pciCertified: true,
      settings: { lenientAck: true, notifyRemoval: true, tokenNotifyUrl: url },
    });
    const cleared = await operate('PATCH', `/merchants/${merchantId}`, {
      pciCertified: false,
      settings: { tokenNotifyUrl: null },
    });
    expect(cleared.json).toMatchObject({ pciCertified: false, settings: { lenientAck: true } });
    expect(cleared.json.settings).not.toHaveProperty('tokenNotifyUrl');
  });

  test('is listed, page by page, and never with a secret', async () => {
    const merchant = await newMerchant();
    const seen: string[] = [];
    for (let page = 0; page < 100; page++) {
      const { json } = await operate('GET', `/merchants?limit=2&after=${seen.at(-1) ?? ''}`);
      if (json.length === 0) break;
      seen.push(...json.map((row: { merchantId: string }) => row.merchantId));
    }
    expect(seen).toContain(merchant.merchantId);
    expect(new Set(seen).size).toBe(seen.length);
    const shown = JSON.stringify((await operate('GET', `/merchants/${merchant.merchantId}`)).json);
    expect(shown).toContain(merchant.waffoPublicKey);
    expect(shown).not.toContain(merchant.apiKey);
    expect(shown).not.toContain(merchant.clientApiKey);
  });

  test('cannot be told to notify what the egress guard forbids', async () => {
    const { merchantId } = await newMerchant();
    const refused = await operate('PATCH', `/merchants/${merchantId}`, {
      settings: { tokenNotifyUrl: 'http://169.254.169.254/latest/meta-data' },
    });
    expect(refused).toMatchObject({
      status: 400,
      json: { code: 'REFUSED', detail: expect.stringMatching(/^tokenNotifyUrl: /) },
    });
  });
});

describe('limits', () => {
  const path = () => `/merchants/${gateway.merchant.merchantId}/limits`;

  test('hold from the next order on, for one payment and for a day, and end when they are taken away', async () => {
    const tokenId = await gateway.bind();
    const pay = async (orderAmount: string) =>
      (await gateway.call('/order/create', orderOf(gateway, { tokenId, orderAmount }))).code;
    expect((await operate('GET', path())).json).toEqual([]);
    await operate('PUT', `${path()}/HKD`, { transactionLimit: '100.00', dailyLimit: '150.00' });
    expect((await operate('GET', path())).json).toEqual([
      { currency: 'HKD', transactionLimit: '100.00', dailyLimit: '150.00' },
    ]);
    expect(await pay('100.01')).toBe('A0020');
    expect(await pay('100.00')).toBe('0');
    expect(await pay('60.00')).toBe('A0021');
    expect(await operate('DELETE', `${path()}/HKD`)).toMatchObject({ status: 204 });
    expect(await pay('160.00')).toBe('0');
  });

  test.each([
    ['XXX', { transactionLimit: '1', dailyLimit: null }, /currency: XXX is not supported/],
    ['JPY', { transactionLimit: '1.50', dailyLimit: null }, /transactionLimit: /],
    ['HKD', { transactionLimit: null, dailyLimit: '0.00' }, /dailyLimit: must be greater than zero/],
  ])('that make no sense in %s are refused with what is expected', async (currency, limits, sentence) => {
    const refused = await operate('PUT', `${path()}/${currency}`, limits);
    expect(refused).toMatchObject({ status: 400, json: { code: 'REFUSED', detail: expect.stringMatching(sentence) } });
    expect((await operate('GET', path())).json).toEqual([]);
  });
});

describe('notifications', () => {
  test('are listed, shown with every attempt, and sent again one by one or by choice', async () => {
    const { merchantId } = gateway.merchant;
    await gateway.bind({}, 'user_of_webhooks');
    const { events } = (await operate('GET', `/webhooks?merchantId=${merchantId}&status=DELIVERED&limit=1`)).json;
    const [{ eventId }] = events;
    const shown = (await operate('GET', `/webhooks/${eventId}`)).json;
    expect(shown).toMatchObject({ eventId, merchantId, history: [expect.objectContaining({ attempt: 1 })] });
    const received = gateway.receiver.received.length;
    expect((await operate('POST', `/webhooks/${eventId}/resend`)).json).toEqual({ result: 'resent' });
    await gateway.settle();
    expect(gateway.receiver.received.length).toBe(received + 1);
    const from = gateway.clock.now().toISOString();
    expect((await operate('POST', '/webhooks/resend', { merchantId, from: '2099-01-01T00:00:00Z' })).json).toEqual({
      resent: 0,
      underWay: 0,
    });
    const all = (await operate('POST', '/webhooks/resend', { merchantId, objectId: shown.objectId, to: from })).json;
    expect(all.resent + all.underWay).toBeLessThanOrEqual(2);
    await gateway.settle();
  });

  test('are not all sent again by a slip, and an unknown one is said to be so', async () => {
    expect(await operate('POST', '/webhooks/resend', {})).toMatchObject({ status: 400, json: { code: 'REFUSED' } });
    for (const id of ['01983f6e-7c1a-7d30-9a55-0a8f6f1f3c11', 'nonsense'])
      expect(await operate('GET', `/webhooks/${id}`)).toMatchObject({ status: 400, json: { code: 'REFUSED' } });
  });

  test('are tried at an endpoint, with what is wrong in words', async () => {
    const path = `/merchants/${gateway.merchant.merchantId}/endpoint-test`;
    expect((await operate('POST', path, { url: gateway.receiver.url })).json).toHaveProperty('checks');
    const dead = (await operate('POST', path, { url: 'http://127.0.0.1:9/' })).json;
    expect(dead.ok).toBe(false);
  });
});

describe('a refusal', () => {
  test.each([
    ['an unknown merchant', 'GET', '/merchants/M_NOBODY', undefined, 400, 'REFUSED'],
    ['a body that is not declared', 'POST', '/merchants', { nam: 'x' }, 400, 'INPUT_INVALID'],
    [
      'a private key',
      'POST',
      '/merchants/M_SANDBOX_1/public-keys',
      { publicKey: pair.privateKey.export({ format: 'pem', type: 'pkcs8' }) },
      400,
      'KEY_REFUSED',
    ],
    [
      'an origin with a path',
      'POST',
      '/merchants/M_SANDBOX_1/client-keys',
      { origins: ['https://shop.example/a'] },
      400,
      'KEY_REFUSED',
    ],
    [
      'a key that nobody has',
      'DELETE',
      '/merchants/M_SANDBOX_1/api-keys/wk_test_nothere0',
      undefined,
      400,
      'KEY_REFUSED',
    ],
    ['a path that is not there', 'GET', '/nothing', undefined, 404, 'PATH_UNKNOWN'],
  ] as const)('of %s is a problem that says what to do', async (_, method, path, body, status, code) => {
    const answer = await operate(method, path, body);
    expect(answer).toMatchObject({
      status,
      type: expect.stringMatching(/^application\/problem\+json/),
      json: { status, code },
    });
    expect(answer.json.detail.length).toBeGreaterThan(10);
    expect(JSON.stringify(answer.json)).not.toMatch(/PRIVATE KEY|MII/);
  });
});

describe('nobody else gets in', () => {
  test.each([
    ['without a key', { authorization: '' }],
    ['with a wrong key', { authorization: 'Bearer wrong' }],
    ['with a prefix of the key', { authorization: 'Bearer ' }],
    ["with a merchant's API key", { authorization: 'Bearer wk_test_x' }],
  ])('%s', async (_, headers) => {
    for (const { method, path } of operatorRoutes) {
      const url = path.replace(/:\w+/g, 'x');
      expect(await operate(method, url, undefined, headers), `${method} ${path}`).toMatchObject({
        status: 401,
        json: { code: 'KEY_INVALID' },
      });
    }
  });

  test('through a name that a page made point to this machine', async () => {
    const { hostname, port } = new URL(gateway.app.operatorUrl ?? '');
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'attacker.example', authorization: `Bearer ${key}` };
      request({ hostname, port, path: '/operator/v1/merchants', headers }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode));
      })
        .once('error', reject)
        .end();
    });
    expect(status).toBe(421);
  });

  test('through the public port, which does not know these paths', async () => {
    const response = await fetch(`${gateway.url}/operator/v1/merchants`, {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(response.status).toBe(404);
  });

  test('who cannot read the file of the key', () => {
    expect(statSync(keyFile()).mode & 0o077).toBe(0);
    expect(key).toMatch(/^[0-9A-Za-z]{43}$/);
  });

  test('and there is no such port unless it is set', async () => {
    const other = await startTestGateway();
    await other.stop();
    expect(other.app.operatorUrl).toBeUndefined();
  });
});
