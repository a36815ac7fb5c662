/** Bad input is answered with the documented code, signed, never a 5xx, and nothing of it is stored. */
import { seal } from '@waffo/protocol/envelope/seal';
import { sign } from '@waffo/protocol/signature';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { privateKeyOf, publicKeyOf } from '../kit/keys.ts';
import { dump } from '../kit/leak-scan.ts';
import { testCard } from '../kit/test-card.ts';

let gateway: TestGateway;
let before: string;
const contents = () => dump((statement) => gateway.database.rows(statement));

beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

/** A signed request of exactly these bytes. */
async function signed(path: string, bytes: string | Buffer, as = gateway.merchant) {
  const body = Buffer.from(bytes as string);
  const signature = await sign(body, privateKeyOf(as.merchantPrivateKey));
  const headers = { 'content-type': 'application/json', 'x-api-key': as.apiKey, 'x-signature': signature };
  return gateway.send(`/api/v1${path}`, body, headers, publicKeyOf(as.waffoPublicKey));
}

const generateText = (extra = '') =>
  `{"tokenRequestId":"${freshId('t')}","merchantUserId":"u","tokenType":"CARD","merchantInfo":{"merchantId":"${gateway.merchant.merchantId}"}${extra}}`;

describe('a request that is not what was signed, or not JSON as agreed', () => {
  beforeEach(async () => {
    before = await contents();
  });
  afterEach(async () => {
    expect(await contents()).toBe(before);
  });

  test('a wrong signature is A0002', async () => {
    const body = generateText();
    const signature = await sign(Buffer.from(`${body} `), privateKeyOf(gateway.merchant.merchantPrivateKey));
    const headers = {
      'content-type': 'application/json',
      'x-api-key': gateway.merchant.apiKey,
      'x-signature': signature,
    };
    expect(await gateway.send('/api/v1/tokenization/generate', body, headers)).toMatchObject({
      status: 401,
      code: 'A0002',
      signed: true,
    });
  });

  test("another merchant's private key is A0002", async () => {
    const body = generateText();
    const signature = await sign(Buffer.from(body), privateKeyOf(gateway.pci.merchantPrivateKey));
    const headers = {
      'content-type': 'application/json',
      'x-api-key': gateway.merchant.apiKey,
      'x-signature': signature,
    };
    expect(await gateway.send('/api/v1/tokenization/generate', body, headers)).toMatchObject({
      status: 401,
      code: 'A0002',
      signed: true,
    });
  });

  test("another merchant's API key and id are A0004 and A0001, never its data", async () => {
    expect(await signed('/tokenization/generate', generateText(), gateway.pci)).toMatchObject({
      code: 'A0004',
      signed: true,
    });
  });

  test.each([
    ['duplicate members', () => generateText(',"tokenType":"CARD"')],
    ['U+0000 escaped', () => generateText(',"notifyUrl":"a\\u0000b"')],
    ['a lone high surrogate', () => generateText(',"notifyUrl":"\\ud800"')],
    ['a lone low surrogate', () => generateText(',"notifyUrl":"\\udc00x"')],
    ['__proto__ as a member', () => generateText(',"__proto__":{"pciCertified":true}')],
    ['a byte order mark', () => `\ufeff${generateText()}`],
    ['trailing bytes', () => `${generateText()}x`],
    ['truncated JSON', () => generateText().slice(0, -3)],
    ['invalid UTF-8', () => Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')])],
    ['an array at the top', () => `[${generateText()}]`],
    ['nothing', () => ''],
    ['depth beyond all use', () => `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`],
    ['a number where a string belongs', () => generateText().replace('"u"', '7')],
    ['a fraction', () => generateText(',"x":1.5')],
    ['a required member missing', () => generateText().replace('"tokenType":"CARD",', '')],
    ['an over-long id', () => generateText().replace('"u"', `"${'u'.repeat(65)}"`)],
    ['another token type', () => generateText().replace('CARD', 'WALLET')],
  ])('%s is A0003', async (_, body) => {
    expect(await signed('/tokenization/generate', body())).toMatchObject({ status: 400, code: 'A0003', signed: true });
  });

  test('a body of 65 KiB is 413 and A0003', async () => {
    expect(await signed('/tokenization/generate', generateText(`,"x":"${'y'.repeat(65 * 1024)}"`))).toMatchObject({
      status: 413,
      code: 'A0003',
    });
  });

  test('an unknown path is 404 and A0003, signed', async () => {
    const answer = await signed('/tokenization/nothing', '{}');
    expect(answer).toMatchObject({ status: 404, code: 'A0003' });
    expect(answer.headers.get('x-signature')).toBeTruthy();
  });

  test.each(['tokenizationx', '../order/create', '%2e%2e/', 'order/create/'])(
    'no clever path is anything but 404: %s',
    async (path) => {
      const response = await fetch(`${gateway.url}/api/v1/${path}`, {
        method: 'POST',
        body: '{}',
        headers: { 'content-type': 'application/json' },
      });
      expect([404, 401]).toContain(response.status);
      expect(response.headers.get('x-signature')).toBeTruthy();
    },
  );
});

describe('unknown members', () => {
  test('are ignored, and do not become anything', async () => {
    const answer = await signed(
      '/tokenization/generate',
      generateText(',"pciCertified":true,"status":"BOUND","tokenId":"tok_mine"'),
    );
    expect(answer).toMatchObject({ code: '0' });
    expect(answer.data).not.toHaveProperty('tokenId');
    expect(await contents()).not.toContain('tok_mine');
  });
});

describe('a card envelope', () => {
  const open = async (user = freshId('u')): Promise<string> =>
    (
      await gateway.call('/tokenization/generate', {
        tokenRequestId: freshId('t'),
        merchantUserId: user,
        tokenType: 'CARD',
      })
    ).data.tokenSessionId;
  const submit = (tokenSessionId: string, encryptedCard: string) =>
    gateway.send('/api/v1/tokenization/submit', JSON.stringify({ tokenSessionId, encryptedCard }), {
      'content-type': 'application/json',
      'x-api-key': gateway.merchant.clientApiKey,
    });

  test.each([
    ['cut short', (jwe: string) => jwe.slice(0, -4)],
    ['made longer', (jwe: string) => `${jwe}AAAA`],
    ['with a flipped character in its ciphertext', (jwe: string) => flip(jwe, 3)],
    ['with a flipped character in its tag', (jwe: string) => flip(jwe, 4)],
    ['with a flipped character in its header', (jwe: string) => flip(jwe, 0)],
    ['that is no JWE at all', () => 'not.a.jwe'],
  ])('%s is refused, and leaves the session open', async (_, spoil) => {
    const session = await open();
    const good = await seal(session, testCard);
    const answer = await submit(session, spoil(good));
    expect(answer.status).toBe(400);
    expect(answer.code).toMatch(/^A00(03|29)$/);
    expect(await submit(session, good)).toMatchObject({ code: '0' });
  });

  test('sealed to another session does not open here', async () => {
    const [one, other] = [await open(), await open()];
    expect(await submit(one, await seal(other, testCard))).toMatchObject({ status: 400, code: 'A0029' });
  });

  test('replayed after success answers what became of it; another card after success is A0011', async () => {
    const session = await open('replayer');
    const good = await seal(session, testCard);
    const first = await submit(session, good);
    expect((await submit(session, good)).raw).toBe(first.raw);
    expect(await submit(session, await seal(session, testCard))).toMatchObject({ code: 'A0011' });
    expect((await gateway.call('/tokenization/inquiry', { merchantUserId: 'replayer' })).data).toHaveLength(1);
  });

  test('for a session that has expired is A0003, and its key is destroyed', async () => {
    const session = await open();
    await gateway.travel(31 * 60_000);
    expect(await submit(session, await seal(session, testCard))).toMatchObject({ status: 400, code: 'A0003' });
    const [row] = await gateway.database.rows<{ sealed_private_key: Buffer | null }>(
      { name: 'test/key', text: 'select sealed_private_key from tokenization_session where session_id = $1' },
      [session],
    );
    expect(row?.sealed_private_key).toBeNull();
  });

  test('an expired unused session is renewed under the same request id, with another key', async () => {
    const body = { tokenRequestId: freshId('t'), merchantUserId: 'renewer', tokenType: 'CARD' };
    const first = (await gateway.call('/tokenization/generate', body)).data.tokenSessionId;
    expect((await gateway.call('/tokenization/generate', body)).data.tokenSessionId).toBe(first);
    await gateway.travel(31 * 60_000);
    const second = (await gateway.call('/tokenization/generate', body)).data.tokenSessionId;
    expect(second).not.toBe(first);
    expect(await submit(second, await seal(second, testCard))).toMatchObject({ code: '0' });
  });

  test('refused five times kills the session; the merchant is told once', async () => {
    const body = {
      tokenRequestId: freshId('t'),
      merchantUserId: 'guesser',
      tokenType: 'CARD',
      notifyUrl: gateway.receiver.url,
    };
    const session = (await gateway.call('/tokenization/generate', body)).data.tokenSessionId;
    for (let i = 0; i < 5; i++)
      expect(await gateway.submit(session, { expiry: '12/2025' })).toMatchObject({ code: 'A0029' });
    expect(await gateway.submit(session, {})).toMatchObject({ code: 'A0003' });
    await gateway.settle();
    const told = gateway.receiver
      .events('TOKENIZATION_NOTIFICATION')
      .filter((e) => e.result.tokenRequestId === body.tokenRequestId);
    expect(told).toHaveLength(1);
    expect(told[0].result.tokenStatus).toBe('FAILED');
  });

  test('for a session that was renewed meanwhile does not use up the new one', async () => {
    const body = { tokenRequestId: freshId('t'), merchantUserId: 'renewed', tokenType: 'CARD' };
    const first = (await gateway.call('/tokenization/generate', body)).data.tokenSessionId;
    const sealed = await seal(first, testCard);
    await gateway.travel(31 * 60_000);
    const second = (await gateway.call('/tokenization/generate', body)).data.tokenSessionId;
    expect(await submit(first, sealed)).toMatchObject({ code: 'A0003' });
    expect(await submit(second, await seal(second, testCard))).toMatchObject({ code: '0' });
  });

  test('with an unknown session, or a client key of another merchant, is refused', async () => {
    const session = await open();
    const sealed = await seal(session, testCard);
    const foreign = await gateway.send(
      '/api/v1/tokenization/submit',
      JSON.stringify({ tokenSessionId: session, encryptedCard: sealed }),
      {
        'content-type': 'application/json',
        'x-api-key': gateway.pci.clientApiKey,
      },
    );
    expect(foreign).toMatchObject({ status: 400, code: 'A0003' });
    expect(await submit(`tsess_${'A'.repeat(44)}`, sealed)).toMatchObject({ status: 400, code: 'A0003' });
  });
});

describe('a bare card', () => {
  const bare = (tokenData: object) =>
    gateway.call(
      '/tokenization/generate',
      {
        tokenRequestId: freshId('t'),
        merchantUserId: freshId('u'),
        tokenType: 'CARD',
        tokenData: { pan: '4111111111111111', expiry: '12/2030', ...tokenData },
      },
      gateway.pci,
    );

  test.each([
    ['a name of 80 characters in 240 bytes', { name: '漢'.repeat(80) }],
    ['a name with a control character', { name: 'Ada\tLovelace' }],
    ['an expiry without its year', { expiry: '12' }],
    ['letters for a number', { pan: 'four' }],
    ['a code of letters', { cvv: 'abc' }],
    ['a code of five digits', { cvv: '12345' }],
    ['a number of forty digits', { pan: '4'.repeat(40) }],
    ['an expiry of one digit too many', { expiry: '12/20300' }],
    ['a name of 129 characters', { name: 'A'.repeat(129) }],
  ])('with %s is A0029, never a 5xx', async (_, tokenData) => {
    expect(await bare(tokenData)).toMatchObject({ status: 400, code: 'A0029' });
  });
});

describe('an amount', () => {
  test('that no ledger could hold is refused, even when it pulls a trigger', async () => {
    const orderAmount = '99999999999999999992';
    expect(await gateway.call('/order/create', orderOf(gateway, { orderAmount }))).toMatchObject({
      status: 400,
      code: 'A0008',
    });
  });

  test.each([
    '1e2',
    '+100.00',
    ' 100.00',
    '100',
    '100.0',
    '100.000',
    '1,000.00',
    '１００.００',
    '-1.00',
    '.50',
    '1.',
    '00100.00',
    'NaN',
  ])('written as %j is A0003 and says how to write it', async (orderAmount) => {
    const answer = await gateway.call(
      '/order/create',
      orderOf(gateway, { orderAmount, tokenId: `tok_${'x'.repeat(22)}` }),
    );
    expect(answer).toMatchObject({ status: 400, code: 'A0003' });
    expect(answer.msg).toMatch(/orderAmount.*HKD/);
  });

  test.each([
    ['91', 'C0001'],
    ['9.1', 'C0001'],
    ['991', 'C0001'],
    ['9', 'C0005'],
    ['90', 'C0005'],
    ['990', 'C0005'],
    ['92', 'E0001'],
    ['9.2', 'E0001'],
    ['992', 'E0001'],
    ['992.00', 'E0001'],
  ])('of %s pulls its trigger before the precision check: %s', async (orderAmount, code) => {
    const tokenId = await gateway.bind({}, freshId('u'));
    expect(
      await gateway.call('/order/create', orderOf(gateway, { orderAmount, orderCurrency: 'USD', tokenId })),
    ).toMatchObject({ code });
  });
});

describe('the token of a payment', () => {
  const info = { productName: 'ONE_TIME_PAYMENT' };
  const shapes: [string, (tokenId: string) => object][] = [
    ['V1 tokenId', (tokenId) => ({ tokenId })],
    ['V2 paymentTokenData as an object', (tokenId) => ({ paymentTokenData: { tokenId } })],
    ['V3 paymentTokenData as a string', (tokenId) => ({ paymentTokenData: JSON.stringify({ tokenId }) })],
    ['V4 userPaymentAccessToken', (tokenId) => ({ paymentInfo: { ...info, userPaymentAccessToken: tokenId } })],
    [
      'V5 payMethodProperties',
      (cardToken) => ({
        paymentInfo: { ...info, payMethodProperties: JSON.stringify({ cardToken, cardTransactionType: 'CIT' }) },
      }),
    ],
    ['V6 payMethodUserAccessToken', (tokenId) => ({ paymentInfo: { ...info, payMethodUserAccessToken: tokenId } })],
    ['V6 payMethodPublicUid', (tokenId) => ({ paymentInfo: { ...info, payMethodPublicUid: tokenId } })],
    ['V7 innerCardData beside it, ignored', (tokenId) => ({ tokenId, innerCardData: { cardBin: '411111' } })],
    ['V8 extraParams', (tokenId) => ({ extraParams: { tokenId } })],
  ];

  test.each(shapes)('is accepted as %s', async (_, fields) => {
    const tokenId = await gateway.bind({}, freshId('u'));
    expect(await gateway.call('/order/create', orderOf(gateway, fields(tokenId)))).toMatchObject({
      code: '0',
      data: { orderStatus: 'PAY_SUCCESS' },
    });
  });

  test('given in two shapes that disagree is A0003', async () => {
    const [one, other] = [await gateway.bind({}, freshId('u')), await gateway.bind({}, freshId('u'))];
    expect(
      await gateway.call('/order/create', orderOf(gateway, { tokenId: one, extraParams: { tokenId: other } })),
    ).toMatchObject({ code: 'A0003' });
  });

  test("of another merchant is unknown, and another merchant's order does not exist", async () => {
    const tokenId = await gateway.bind({}, freshId('u'));
    const order = orderOf(gateway, { tokenId });
    expect(await gateway.call('/order/create', order, gateway.pci)).toMatchObject({ code: 'A0037' });
    await gateway.call('/order/create', order);
    const foreign = await gateway.call('/order/inquiry', { paymentRequestId: order.paymentRequestId }, gateway.pci);
    const unknown = await gateway.call('/order/inquiry', { paymentRequestId: 'nobody_made_this' }, gateway.pci);
    expect(foreign.raw).toBe(unknown.raw);
    expect(await gateway.call('/tokenization/remove', { tokenId }, gateway.pci)).toMatchObject({ code: 'A0037' });
    expect((await gateway.call('/tokenization/inquiry', { tokenId }, gateway.pci)).data).toEqual([]);
  });
});

/** Another character in the middle of one part of a compact JWE. */
function flip(jwe: string, part: number): string {
  const parts = jwe.split('.');
  const text = parts[part] ?? '';
  const at = Math.floor(text.length / 2);
  parts[part] = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
  return parts.join('.');
}
