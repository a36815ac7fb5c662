import { decodeRecord } from '@waffo/protocol/envelope/record';
import { decodeProtectedHeader } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { findLeaks } from '../../../test/kit/leak-scan.ts';
import { openSession, type SubmitReceiver, startSubmitReceiver } from '../../../test/kit/submit-receiver.ts';
import WaffoSDK, { type SubmitInput, type WaffoSDKOptions } from './index.ts';

let gateway: SubmitReceiver;
beforeAll(async () => {
  gateway = await startSubmitReceiver();
});
afterAll(() => gateway.stop());
beforeEach(() => {
  gateway.requests.length = 0;
  gateway.answer();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const card = { pan: '4111111111111111', name: 'Ada Lovelace', expiry: '12/2099', cvv: '123' };
const sdkFor = (options: WaffoSDKOptions = {}) => new WaffoSDK('wck_test_1', { baseUrl: gateway.baseUrl, ...options });

/** Speaks to the receiver, whatever address the SDK chose, and tells that address. */
function rerouted(seen: string[] = []): typeof fetch {
  return (url, init) => {
    seen.push(String(url));
    return fetch(`${gateway.baseUrl}/tokenization/submit`, init);
  };
}

describe("the guide's call, to the letter", () => {
  test('binds a card in production and says which binding it was', async () => {
    const addresses: string[] = [];
    const { tokenSessionId } = openSession();
    const sdk = new WaffoSDK('your-client-api-key', { env: 'prod', locale: 'en', fetch: rerouted(addresses) });
    const result = await sdk.tokenizationSubmit(tokenSessionId, {
      tokenData: { pan: '4111111111111111', name: 'John Doe', expiry: '12/2099', cvv: '123' },
      billingAddress: {
        countryCode: 'USA',
        region: 'CA',
        city: 'San Francisco',
        postalCode: '94102',
        address: '123 Main St',
      },
    });
    expect(result).toEqual({ success: true, data: { tokenRequestId: 'treq_1' } });
    expect(addresses).toEqual(['https://api.waffo.com/api/v1/tokenization/submit']);
    expect(gateway.requests[0]).toMatchObject({ method: 'POST', headers: { 'x-api-key': 'your-client-api-key' } });
  });

  test.each([
    ['prod', 'https://api.waffo.com/api/v1'],
    ['production', 'https://api.waffo.com/api/v1'],
    ['sandbox', 'https://api-sandbox.waffo.com/api/v1'],
    ['test', 'https://api-sandbox.waffo.com/api/v1'],
  ] as const)('env %s is %s, also when the key is among the options', async (env, address) => {
    const addresses: string[] = [];
    const { tokenSessionId } = openSession();
    await new WaffoSDK({ clientApiKey: 'wck_1', env, fetch: rerouted(addresses) }).tokenizationSubmit(tokenSessionId, {
      tokenData: card,
    });
    expect(addresses).toEqual([`${address}/tokenization/submit`]);
  });

  test('a base URL takes the place of the address that env names', async () => {
    await sdkFor({ env: 'prod' }).tokenizationSubmit(openSession().tokenSessionId, { tokenData: card });
    expect(gateway.requests).toHaveLength(1);
  });

  test('a theme is taken and does nothing', async () => {
    const appearance = { variables: { colorPrimary: '#0af' } };
    await sdkFor({ appearance }).tokenizationSubmit(openSession().tokenSessionId, { tokenData: card });
    expect(Object.keys(gateway.requests[0]?.body)).toEqual(['tokenSessionId', 'encryptedCard']);
  });

  test.each(['', '/', '/api/v1', '/api/v1/'])('a base URL that ends in "%s" is the same gateway', async (ending) => {
    const { origin } = new URL(gateway.baseUrl);
    await sdkFor({ baseUrl: origin + ending }).tokenizationSubmit(openSession().tokenSessionId, { tokenData: card });
    expect(gateway.requests[0]?.url).toBe('/api/v1/tokenization/submit');
  });
});

describe('what leaves the page', () => {
  test('is an envelope that the session alone opens, by a second implementation too', async () => {
    const { tokenSessionId, open } = openSession();
    const spaced = { pan: ' 4111-1111 1111–1111 ', name: ' Ada Lovelace ', expiry: '12 / 2099', cvv: ' 123 ' };
    await sdkFor().tokenizationSubmit(tokenSessionId, { tokenData: spaced });
    const { encryptedCard } = gateway.requests[0]?.body ?? {};
    const record = decodeRecord(await open(encryptedCard));
    expect(Buffer.from(record.pan).toString()).toBe('4111111111111111');
    expect(Buffer.from(record.cvv ?? []).toString()).toBe('123');
    expect(record).toMatchObject({ expiryMonth: 12, expiryYear: 2099, name: 'Ada Lovelace' });
    expect(decodeProtectedHeader(encryptedCard)).toMatchObject({ alg: 'ECDH-ES', enc: 'A256GCM', kid: tokenSessionId });
  });

  test('carries neither number nor code nor name in any byte', async () => {
    await sdkFor().tokenizationSubmit(openSession().tokenSessionId, { tokenData: { ...card, cvv: '7391' } });
    const wire = gateway.wire();
    expect(wire.length).toBeGreaterThan(500);
    expect(findLeaks(wire, { pan: card.pan })).toEqual([]);
    expect(wire.includes('Lovelace')).toBe(false);
    const { tokenSessionId, encryptedCard, ...rest } = gateway.requests.at(-1)?.body ?? {};
    expect(rest).toEqual({});
  });

  test('is of one length, whatever the card', async () => {
    const { tokenSessionId } = openSession();
    const long = { pan: '6200000000000000000', name: '王'.repeat(70), expiry: '01/2088' };
    await sdkFor().tokenizationSubmit(tokenSessionId, { tokenData: card });
    await sdkFor().tokenizationSubmit(tokenSessionId, { tokenData: long });
    const lengths = gateway.requests.map(({ text }) => text.length);
    expect(lengths[0]).toBe(lengths[1]);
  });

  test('holds of the address and the return URL what the gateway knows, and no more', async () => {
    const input = {
      tokenData: card,
      billingAddress: { countryCode: 'USA', city: '', phone: '555' },
      returnUrl: 'https://shop.example/done',
      remember: true,
    } as SubmitInput;
    await sdkFor().tokenizationSubmit(openSession().tokenSessionId, input);
    expect(gateway.requests[0]?.body).toEqual({
      tokenSessionId: expect.any(String),
      encryptedCard: expect.any(String),
      billingAddress: { countryCode: 'USA' },
      returnUrl: 'https://shop.example/done',
    });
  });

  test('a double click is one submission', async () => {
    const { tokenSessionId } = openSession();
    const sdk = sdkFor();
    const both = await Promise.all([1, 2].map(() => sdk.tokenizationSubmit(tokenSessionId, { tokenData: card })));
    expect(gateway.requests).toHaveLength(1);
    expect(both[0]).toEqual(both[1]);
  });
});

describe('a mistake of the programmer is thrown', () => {
  test.each([
    ['no key', () => new WaffoSDK('', { env: 'prod' })],
    ['no key among the options', () => new WaffoSDK({ env: 'production' } as never)],
    ['the secret key', () => new WaffoSDK('wk_live_abc', { env: 'prod' })],
    ['no environment', () => new WaffoSDK('wck_1', {})],
    ['no options', () => new WaffoSDK('wck_1', undefined as never)],
    ['an unknown environment', () => new WaffoSDK('wck_1', { env: 'toString' as never })],
    ['a base URL that is none', () => new WaffoSDK('wck_1', { baseUrl: 'pay.example.com' })],
    ['a base URL with a query', () => new WaffoSDK('wck_1', { baseUrl: 'https://pay.example.com/?x' })],
    ['no time at all', () => new WaffoSDK('wck_1', { env: 'prod', timeoutMs: 0 })],
  ])('%s', (_mistake, make) => {
    expect(make).toThrow(TypeError);
    expect(make).toThrow(/^WaffoSDK: /);
  });

  test('and the thrown text does not repeat a secret key', () => {
    expect(() => new WaffoSDK('wk_live_abc', { env: 'prod' })).not.toThrow(/abc/);
  });

  test.each([undefined, '', ' ', 7])('a session id of %j', async (sessionId) => {
    const submission = sdkFor().tokenizationSubmit(sessionId as string, { tokenData: card });
    await expect(submission).rejects.toThrow(TypeError);
  });
});

describe('a page that is not ours alone', () => {
  test('without WebCrypto the card stays where it is, and the shopper is told why', async () => {
    vi.stubGlobal('crypto', {});
    const result = await sdkFor().tokenizationSubmit(openSession().tokenSessionId, { tokenData: card });
    expect(result).toMatchObject({ success: false, error: { code: 'S0006', message: expect.stringMatching(/HTTPS/) } });
    expect(gateway.requests).toHaveLength(0);
  });

  test('fetch and randomness that are changed later are not asked', async () => {
    const sdk = sdkFor();
    const { tokenSessionId } = openSession();
    const thief = vi.fn();
    const plain = globalThis.fetch;
    vi.stubGlobal('fetch', (...call: Parameters<typeof fetch>) => {
      thief();
      return plain(...call);
    });
    vi.stubGlobal('crypto', {});
    expect(await sdk.tokenizationSubmit(tokenSessionId, { tokenData: card })).toMatchObject({ success: true });
    expect(thief).not.toHaveBeenCalled();
  });

  test('members on Object.prototype are neither options, card, address nor answer', async () => {
    const polluted = {
      baseUrl: 'http://127.0.0.1:9/stolen',
      fetch: () => Promise.reject(new Error('stolen')),
      timeoutMs: 1,
      cvv: '999',
      region: 'XX',
      returnUrl: 'https://evil.example',
      validateUrl: 'https://evil.example',
      tagLength: 32,
    };
    const { tokenSessionId, open } = openSession();
    // Read like any other by its name, and in no loop over members: others in this process have loops, too.
    for (const [name, value] of Object.entries(polluted)) {
      Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
    }
    try {
      const sdk = new WaffoSDK('wck_1', { env: 'sandbox', fetch: rerouted() });
      const { cvv, ...withoutCvv } = card;
      const result = await sdk.tokenizationSubmit(tokenSessionId, { tokenData: withoutCvv });
      expect(Object.entries(result)).toEqual([
        ['success', true],
        ['data', { tokenRequestId: 'treq_1' }],
      ]);
    } finally {
      for (const name of Object.keys(polluted)) Reflect.deleteProperty(Object.prototype, name);
    }
    const { body } = gateway.requests[0] ?? {};
    expect(Object.keys(body)).toEqual(['tokenSessionId', 'encryptedCard']);
    expect(decodeRecord(await open(body.encryptedCard)).cvv).toBeUndefined();
  });
});
