import type { ServerResponse } from 'node:http';
import { faults } from '@waffo/protocol/codes';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  bound,
  envelope,
  openSession,
  type SubmitReceiver,
  startSubmitReceiver,
} from '../../../test/kit/submit-receiver.ts';
import WaffoSDK, { type WaffoSDKOptions } from './index.ts';
import { worthRepeating } from './transport.ts';

let gateway: SubmitReceiver;
beforeAll(async () => {
  gateway = await startSubmitReceiver();
});
afterAll(() => gateway.stop());
const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
beforeEach(() => {
  warn.mockClear();
  gateway.requests.length = 0;
  gateway.answer();
});

const card = { pan: '4111111111111111', name: 'Ada Lovelace', expiry: '12/2099', cvv: '123' };

/** One submission of `fields` over the good card. */
function submit(fields: object = {}, options: WaffoSDKOptions = {}, sessionId = openSession().tokenSessionId) {
  const sdk = new WaffoSDK('wck_test_1', { baseUrl: gateway.baseUrl, ...options });
  return sdk.tokenizationSubmit(sessionId, { tokenData: { ...card, ...fields } });
}

/** Production's rules, with the receiver in production's place. */
const toProduction: WaffoSDKOptions = {
  env: 'prod',
  baseUrl: undefined,
  fetch: (_url, init) => fetch(`${gateway.baseUrl}/tokenization/submit`, init),
};

const hangUp = (response: ServerResponse): void => {
  response.socket?.destroy();
};
const html = (response: ServerResponse): void => {
  response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>');
};

describe('a card that cannot be one is not sent', () => {
  test.each([
    ['pan', { pan: '' }],
    ['pan', { pan: '4111' }],
    ['pan', { pan: '4111x11111111111' }],
    ['pan', { pan: 4111111111111111 }],
    ['pan', { pan: '4'.repeat(20) }],
    ['expiry', { expiry: '12/30' }],
    ['expiry', { expiry: '13/2030' }],
    ['expiry', { expiry: undefined }],
    ['expiry', { expiry: '12/2020' }],
    ['cvv', { cvv: '12' }],
    ['cvv', { cvv: '12a' }],
    ['cvv', { cvv: '12345' }],
    ['name', { name: ' ' }],
    ['name', { name: 'x'.repeat(129) }],
    ['name', { name: '王'.repeat(80) }],
    ['name', { name: 'Ada 4111 1111 1111 1111' }],
    ['name', { name: 'Ada\u0000' }],
  ])('%s of %j', async (field, fields) => {
    const result = await submit(fields);
    expect(result).toEqual({ success: false, error: { code: 'A0029', field, message: expect.any(String) } });
    expect(JSON.stringify(result)).not.toContain('4111');
    expect(gateway.requests).toHaveLength(0);
  });

  test('nor is one whose input is missing altogether', async () => {
    const sdk = new WaffoSDK('wck_test_1', { baseUrl: gateway.baseUrl });
    const result = await sdk.tokenizationSubmit(openSession().tokenSessionId, undefined as never);
    expect(result).toMatchObject({ success: false, error: { code: 'A0029', field: 'pan' } });
  });

  test.each([
    ['pan', { pan: '4111111111111112' }],
    ['pan', { pan: '34000000000000216' }],
    ['cvv', { pan: '378282246310005', cvv: '123' }],
    ['cvv', { cvv: '1234' }],
  ])("and in production one that breaks its scheme's rules: %s of %j", async (field, fields) => {
    expect(await submit(fields, toProduction)).toMatchObject({ success: false, error: { code: 'A0029', field } });
    expect(gateway.requests).toHaveLength(0);
  });

  test.each([
    ['env names production', 'wck_test_1', { env: 'prod' }],
    ['env names it by its long name', 'wck_test_1', { env: 'production' }],
    ['its key is a live one and env says nothing', 'wck_live_1', {}],
  ] as const)('a gateway of your own is production when %s', async (_when, key, options) => {
    const sdk = new WaffoSDK(key, { ...options, baseUrl: gateway.baseUrl });
    const wrong = await sdk.tokenizationSubmit(openSession().tokenSessionId, {
      tokenData: { ...card, pan: '4111111111111112' },
    });
    expect(wrong).toMatchObject({ success: false, error: { code: 'A0029', field: 'pan' } });
    expect(gateway.requests).toHaveLength(0);

    gateway.answer(envelope('A0001', 'Invalid API key'));
    await sdk.tokenizationSubmit(openSession().tokenSessionId, { tokenData: card });
    expect(warn, "the gateway's words are not shown").not.toHaveBeenCalled();

    gateway.answer(envelope('0', 'success', { tokenRequestId: 'treq_1', validateUrl: 'http://pay.example/3ds/1' }));
    const unsafe = await sdk.tokenizationSubmit(openSession().tokenSessionId, { tokenData: card });
    expect(unsafe, 'the shopper is sent to https only').toMatchObject({ success: false, error: { code: 'S0005' } });
  });

  test.each([
    ['env names the sandbox', 'wck_live_1', { env: 'sandbox' }],
    ['its key is no live one and env says nothing', 'wck_test_1', {}],
  ] as const)('and it judges cards itself when %s', async (_when, key, options) => {
    const sdk = new WaffoSDK(key, { ...options, baseUrl: gateway.baseUrl });
    const tokenData = { ...card, pan: '4111111111111112' };
    const result = await sdk.tokenizationSubmit(openSession().tokenSessionId, { tokenData });
    expect(result).toMatchObject({ success: true });
  });

  test('a session id that is none is refused before anything is sealed', async () => {
    for (const sessionId of ['tokenSessionId', 'tsess_xxxxxxxxxxxx', `tsess_${'A'.repeat(44)}`]) {
      const result = await submit({}, {}, sessionId);
      expect(result).toMatchObject({ success: false, error: { code: 'A0003', field: 'tokenSessionId' } });
    }
    expect(gateway.requests).toHaveLength(0);
  });
});

describe('a card that may be one is sent', () => {
  test('without a code, and with this month as its last', async () => {
    const now = new Date();
    const expiry = `${String(now.getUTCMonth() + 1).padStart(2, '0')}/${now.getUTCFullYear()}`;
    expect(await submit({ cvv: undefined, expiry })).toMatchObject({ success: true });
    expect(await submit({ cvv: '' })).toMatchObject({ success: true });
  });

  test("all of the sandbox's published cards, most of which fail the check digit", async () => {
    const published = `4576750000000110 4576750000000220 2226900000000110 2226900000000220 3528000000000214
      3528000000120006 3400000000000216 340000000200027 4001700000000110 4001700000000220 2226930000000110
      2226930000000220 3088850000000116 3088850000200004 340034000100009 340034000400003`;
    const toSandbox: WaffoSDKOptions = { ...toProduction, env: 'sandbox' };
    for (const pan of published.split(/\s+/)) {
      const fields = { pan, expiry: '12/2029', cvv: '123', name: 'TEST USER' };
      expect(await submit(fields, toSandbox)).toMatchObject({ success: true });
    }
    expect(gateway.requests).toHaveLength(16);
  });

  test('and 3-D Secure comes back as an address to go to', async () => {
    const data = { tokenRequestId: 'treq_1', validateUrl: 'https://pay.example/3ds/1', tokenId: 'tok_never' };
    gateway.answer(envelope('0', 'success', data));
    const { tokenId, ...shown } = data;
    expect(await submit()).toEqual({ success: true, data: shown });
  });
});

describe('what the gateway refuses is said to the shopper', () => {
  test.each([
    ['A0029', 'pan: the number fails the check digit', 'pan', 'Check the card number.'],
    ['A0029', 'encryptedCard: cannot be opened', undefined, 'Check the card details.'],
    ['A0031', 'pan: no supported scheme', 'pan', 'This type of card is not accepted. Use another card.'],
    ['A0003', 'tokenSessionId: expired', 'tokenSessionId', /^This form has expired/],
    ['A0003', 'billingAddress.countryCode: three letters', 'billingAddress', 'Check the billing address.'],
    ['A0011', 'This request id was used', undefined, /^This form has expired or was already used/],
    ['A0001', 'Invalid API key', undefined, /contact the shop/],
    ['C0005', 'The card was declined', undefined, 'The card was declined. Use another card.'],
    ['E0001', 'not known yet', undefined, /look at your saved cards/],
    ['B0009', 'toString: x', undefined, /try again in a moment/],
  ])('%s (%s)', async (code, msg, field, message) => {
    gateway.answer(envelope(code, msg));
    const result = await submit();
    const text = typeof message === 'string' ? message : expect.stringMatching(message);
    expect(result).toEqual({ success: false, error: { code, message: text, ...(field && { field }) } });
  });

  test.each([
    ['en-GB', 'The card was declined. Use another card.'],
    ['fr', 'The card was declined. Use another card.'],
    ['zh', '此卡被拒绝，请换一张卡。'],
    ['zh-Hans-HK', '此卡被拒绝，请换一张卡。'],
    ['zh-HK', '此卡被拒絕，請改用其他卡片。'],
    ['zh_TW', '此卡被拒絕，請改用其他卡片。'],
    ['ja-JP', 'カードが承認されませんでした。別のカードをお使いください。'],
  ])('in the language of %s', async (locale, message) => {
    gateway.answer(envelope('C0005', 'The card was declined'));
    expect(await submit({}, { locale })).toMatchObject({ success: false, error: { message } });
  });

  test("and the gateway's own words to the developer, outside production only", async () => {
    const refusal = envelope('A0001', 'Invalid API key', null, 401, { 'X-Waffo-Hint': 'this is a production key' });
    gateway.answer(refusal, refusal);
    await submit();
    expect(warn.mock.calls).toEqual([['WaffoSDK: A0001 Invalid API key (this is a production key)']]);
    await submit({}, toProduction);
    expect(warn).toHaveBeenCalledOnce();
  });
});

describe('nothing that the network does is thrown', () => {
  test('the same bytes are sent again until they are answered, and no others', async () => {
    gateway.answer(hangUp, html, bound);
    expect(await submit()).toMatchObject({ success: true });
    expect(new Set(gateway.requests.map(({ text }) => text)).size).toBe(1);
    expect(gateway.requests).toHaveLength(3);
  });

  test('after the third failure it is told', async () => {
    gateway.answer(hangUp, hangUp, hangUp);
    expect(await submit()).toMatchObject({ success: false, error: { code: 'S0001' } });
    expect(gateway.requests).toHaveLength(3);
  });

  test('an answer that takes too long is told as none, in the time that was given', async () => {
    const begun = performance.now();
    gateway.answer(() => {});
    expect(await submit({}, { timeoutMs: 150 })).toMatchObject({ success: false, error: { code: 'S0001' } });
    expect(performance.now() - begun).toBeLessThan(1000);
  });

  test('a fetch that throws at once or never heeds its signal is survived', async () => {
    const throwing = (() => {
      throw new Error('blocked');
    }) as typeof fetch;
    const hanging = (() => new Promise(() => {})) as typeof fetch;
    for (const odd of [throwing, hanging]) {
      const result = await submit({}, { fetch: odd, timeoutMs: 100 });
      expect(result).toMatchObject({ success: false, error: { code: 'S0001' } });
    }
  });

  test.each([
    ['a page that scripts run from', { tokenRequestId: 't', validateUrl: 'javascript:alert(1)' }],
    ['no binding', {}],
    ['nothing', null],
  ])('success with %s is not believed', async (_what, data) => {
    gateway.answer(envelope('0', 'success', data));
    expect(await submit()).toMatchObject({ success: false, error: { code: 'S0005' } });
  });

  test('what may be sent again is what the fault table says', () => {
    const codes = Object.values(faults).map(({ code, retry }) => [code, retry === 'same-request'] as const);
    for (const [code, isRepeatable] of codes)
      expect([code, worthRepeating.includes(code)]).toEqual([code, isRepeatable]);
  });
});
