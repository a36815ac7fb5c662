/**
 * What clients of other makers rely on: one test for each row of the contract's checklist (section 24), under its
 * number. `docs/reference/proofs.md` lists them; a row without a test fails there.
 */
import { parsePrivateKey, sign } from '@waffo/protocol/signature';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { enterCode, newShopper } from '../kit/shopper.ts';
import { subscriptionOf } from '../kit/subscription.ts';

let gateway: TestGateway;
let tokenId: string;
/** An accepted answer of every kind, by its path. */
let answers: Readonly<Record<string, Answer>>;
let declined: Answer;
beforeAll(async () => {
  gateway = await startTestGateway();
  tokenId = await gateway.bind();
  declined = await pay({ tokenId: await gateway.bind({ pan: '4000000000000341' }, freshId('u')) });
  answers = await acceptedAnswers();
  await gateway.settle();
});
afterAll(() => gateway.stop());

const info = { productName: 'ONE_TIME_PAYMENT' };
const pay = (fields: object = {}) => gateway.call('/order/create', orderOf(gateway, { tokenId, ...fields }));
const waiting = () => gateway.call('/order/create', orderOf(gateway));

async function acceptedAnswers(): Promise<Record<string, Answer>> {
  const seen: Record<string, Answer> = {};
  const call = async (path: string, body: object) => {
    const answer = await gateway.call(path, body);
    seen[path] = answer;
    return answer.data;
  };
  const merchantUserId = freshId('u');
  const notifyUrl = gateway.receiver.url;
  await call('/tokenization/generate', { tokenRequestId: freshId('t'), merchantUserId, tokenType: 'CARD', notifyUrl });
  await call('/tokenization/inquiry', { merchantUserId: 'user_1' });
  await call('/tokenization/remove', { tokenId: await gateway.bind({}, merchantUserId) });
  const { acquiringOrderId } = await call('/order/create', orderOf(gateway, { tokenId }));
  await call('/order/inquiry', { acquiringOrderId });
  const refundRequestId = freshId('r').slice(-32);
  const refund = { refundRequestId, acquiringOrderId, refundAmount: '10.00', refundReason: 'Broken spout' };
  await call('/order/refund', refund);
  await call('/refund/inquiry', { refundRequestId });
  const held = await pay({ paymentInfo: { ...info, captureMode: 'manualCapture' } });
  await call('/order/capture', { acquiringOrderId: held.data.acquiringOrderId, captureAmount: '100.00' });
  await call('/order/cancel', { acquiringOrderId: (await waiting()).data.acquiringOrderId });
  const { subscriptionId } = await call('/subscription/create', subscriptionOf(gateway, { tokenId }));
  await call('/subscription/inquiry', { subscriptionId, paymentDetails: 1 });
  await call('/merchantconfig/inquiry', {});
  await call('/paymethodconfig/inquiry', {});
  return seen;
}

/** Where a JSON value holds something other than text, objects and lists: `data.amount: 10`. */
function notText(value: unknown, path: string): string[] {
  if (typeof value === 'string' || value === null) return [];
  if (typeof value !== 'object') return [`${path}: ${String(value)}`];
  return Object.entries(value as object).flatMap(([name, member]) => notText(member, `${path}.${name}`));
}

/** Integers (contract section 2.3) and the two booleans of the tokenization envelope (section 2.2): there are no others. */
const published =
  /\.(goodsQuantity|cardExpiryYear|cardExpiryMonth|periodNo): \d+$|^body\.(success|fail): (true|false)$/;

describe('24.1', () => {
  test('every answer is signed over its bytes, refusals too, in one line of base64', async () => {
    const refused = await gateway.call('/order/inquiry', { paymentRequestId: 'nobody' });
    expect(refused.code).not.toBe('0');
    for (const answer of [...Object.values(answers), refused]) {
      expect(answer.signed).toBe(true);
      expect(answer.headers.get('x-signature')).toMatch(/^[A-Za-z0-9+/]{342}==$/);
    }
  });

  test('a request is verified as the bytes that came, not as they would be written again', async () => {
    const body = `{ "orderDescription" : "T\\u0065e, ü", ${JSON.stringify({ ...orderOf(gateway, { tokenId }), orderDescription: undefined, merchantInfo: { merchantId: gateway.merchant.merchantId } }).slice(1)}\n`;
    const key = parsePrivateKey(gateway.merchant.merchantPrivateKey);
    const sendSigned = async (signed: string) =>
      gateway.send('/api/v1/order/create', body, {
        'content-type': 'application/json',
        'x-api-key': gateway.merchant.apiKey,
        'x-signature': await sign(Buffer.from(signed), key),
      });
    expect(await sendSigned(JSON.stringify(JSON.parse(body)))).toMatchObject({ code: 'A0002' });
    expect(await sendSigned(body)).toMatchObject({ code: '0', data: { orderStatus: 'PAY_SUCCESS' } });
  });
});

test('24.2 code is a string; data is an object, a list for tokens, and null for a removal alone', () => {
  const kinds = Object.entries(answers).map(([path, { raw }]) => {
    const { code, data } = JSON.parse(raw);
    return [path, code, Array.isArray(data) ? 'list' : data === null ? 'null' : typeof data];
  });
  const other: Record<string, string> = { '/tokenization/inquiry': 'list', '/tokenization/remove': 'null' };
  expect(kinds).toEqual(Object.keys(answers).map((path) => [path, '0', other[path] ?? 'object']));
});

test('24.3 every scalar of an answer or a notification is text, but for the few that are published otherwise', () => {
  const bodies = [
    ...gateway.answers.map(({ raw }) => JSON.parse(raw)),
    ...gateway.receiver.received.map(({ body }) => JSON.parse(String(body))),
  ];
  expect(bodies.length).toBeGreaterThan(20);
  expect(bodies.flatMap((body) => notText(body, 'body')).filter((found) => !published.test(found))).toEqual([]);
});

test('24.4 limits are objects of text by currency, never text that holds JSON', async () => {
  const row = { name: 'test/contract-row', text: "insert into merchant_currency select $1, 'HKD', 50000, 100000" };
  await gateway.database.rows(row, [gateway.pci.merchantId]);
  const { data } = await gateway.call('/merchantconfig/inquiry', { merchantId: gateway.pci.merchantId }, gateway.pci);
  expect(data).toMatchObject({
    totalDailyLimit: { HKD: '1000.00' },
    remainingDailyLimit: { HKD: '1000.00' },
    transactionLimit: { HKD: '500.00' },
  });
});

test('24.5 a failure reason is text that holds JSON, with a code and a description, in the inquiry and the notification', async () => {
  const { acquiringOrderId } = declined.data;
  const { data } = await gateway.call('/order/inquiry', { acquiringOrderId });
  expect(typeof data.orderFailedReason).toBe('string');
  expect(JSON.parse(data.orderFailedReason)).toEqual({
    orderFailedCode: expect.stringMatching(/./),
    orderFailedDescription: expect.stringMatching(/./),
  });
  const told = gateway.receiver.events('PAYMENT_NOTIFICATION').map(({ result }) => result);
  expect(told.find((result) => result.acquiringOrderId === acquiringOrderId)?.orderFailedReason).toBe(
    data.orderFailedReason,
  );
});

test('24.6 an action is text that holds JSON, with actionType and webUrl, for orders and subscriptions', async () => {
  const order = await waiting();
  const subscription = await gateway.call(
    '/subscription/create',
    subscriptionOf(gateway, { tokenId: await challenged() }),
  );
  for (const action of [order.data.orderAction, subscription.data.subscriptionAction]) {
    expect(typeof action).toBe('string');
    expect(JSON.parse(action)).toMatchObject({
      actionType: expect.stringMatching(/./),
      webUrl: expect.stringMatching(/^http/),
    });
  }
});

/** A token of a card whose issuer always asks, and asked when it was bound. */
async function challenged(): Promise<string> {
  const tokenRequestId = freshId('t');
  const body = { tokenRequestId, merchantUserId: 'user_1', tokenType: 'CARD', notifyUrl: gateway.receiver.url };
  const { data } = await gateway.call('/tokenization/generate', body);
  const { validateUrl } = (await gateway.submit(data.tokenSessionId, { pan: '4000000000001000' })).data;
  const shopper = newShopper();
  await shopper.visit(validateUrl);
  const address = validateUrl.slice(0, validateUrl.lastIndexOf('/'));
  await enterCode(shopper, { tokenRequestId, validateUrl, address, authenticationId: '' }, '1234');
  return (await gateway.call('/tokenization/inquiry', { tokenRequestId })).data[0].tokenId;
}

describe('24.7', () => {
  test('members that nobody knows are ignored', async () => {
    expect(await pay({ aMemberOfTomorrow: { deep: [1, true] } })).toMatchObject({ code: '0' });
  });

  test('a payMethodName that nobody knows is A0018 or A0010, with and without a token', async () => {
    const paymentInfo = { ...info, payMethodName: 'PAY_BY_SHELLS' };
    for (const answer of [await pay({ paymentInfo }), await pay({ tokenId: undefined, paymentInfo })])
      expect(['A0018', 'A0010']).toContain(answer.code);
  });
});

test('24.8 X-API-VERSION need not be there: no call of these tests sends it', async () => {
  const body = JSON.stringify({ merchantId: gateway.merchant.merchantId });
  const headers = {
    'content-type': 'application/json',
    'x-api-key': gateway.merchant.apiKey,
    'x-signature': await sign(Buffer.from(body), parsePrivateKey(gateway.merchant.merchantPrivateKey)),
  };
  const send = (more: Record<string, string>) =>
    gateway.send('/api/v1/merchantconfig/inquiry', body, { ...headers, ...more });
  expect((await send({})).code).toBe('0');
  expect((await send({ 'x-api-version': '1.0.0' })).code).toBe('0');
});

describe('24.9', () => {
  test.each([
    ['HKD', '9.2'],
    ['JPY', '92.00'],
    ['IDR', '9.2'],
  ])('in %s the trigger amount %s pulls, though its decimals are wrong', async (orderCurrency, orderAmount) => {
    expect(await pay({ orderCurrency, orderAmount })).toMatchObject({ code: 'E0001' });
  });

  test('a published test card is bound though it fails the Luhn check; its neighbour is not', async () => {
    expect(await gateway.bind({ pan: '4576750000000110' }, freshId('u'))).toMatch(/^tok_/);
    await expect(gateway.bind({ pan: '4576750000000111' }, freshId('u'))).rejects.toThrow('the card was not bound');
  });
});

test('24.10 a notification has its content under result, and its kind beside it', () => {
  expect(gateway.receiver.received.length).toBeGreaterThan(5);
  for (const { body } of gateway.receiver.received) {
    const event = JSON.parse(String(body));
    expect(Object.keys(event).sort()).toEqual(['eventType', 'result']);
    expect(typeof event.result).toBe('object');
  }
});

test('24.11 a token is accepted in every shape that a client may send', async () => {
  const shapes: object[] = [
    { tokenId },
    { paymentTokenData: { tokenId } },
    { paymentTokenData: JSON.stringify({ tokenId }) },
    { paymentInfo: { ...info, userPaymentAccessToken: tokenId } },
    {
      paymentInfo: { ...info, payMethodProperties: JSON.stringify({ cardToken: tokenId, cardTransactionType: 'CIT' }) },
    },
    { paymentInfo: { ...info, payMethodUserAccessToken: tokenId } },
    { paymentInfo: { ...info, payMethodPublicUid: tokenId } },
    { tokenId, innerCardData: { cardBin: '411111' } },
    { extraParams: { tokenId } },
  ];
  for (const shape of shapes)
    expect(await gateway.call('/order/create', orderOf(gateway, shape)), JSON.stringify(shape)).toMatchObject({
      code: '0',
      data: { orderStatus: 'PAY_SUCCESS' },
    });
});

test('24.12 without its shopper, an unverified token is A0045, in both ways to say so', async () => {
  const unverified = await gateway.bind({}, freshId('u'));
  const ways = [
    { merchantInitiatedMode: 'unscheduled' },
    { payMethodProperties: JSON.stringify({ cardToken: unverified, cardTransactionType: 'MIT' }) },
  ];
  for (const way of ways)
    expect(await pay({ tokenId: unverified, paymentInfo: { ...info, ...way } })).toMatchObject({ code: 'A0045' });
});
