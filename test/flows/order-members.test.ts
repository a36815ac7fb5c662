/** Members of `order/create` whose meaning the contract gives in one line: each line is held to here. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCheckout, payByCard } from '../kit/checkout.ts';
import { freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { testCard } from '../kit/test-card.ts';

let gateway: TestGateway;
let visa: string;
let mastercard: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  visa = await gateway.bind({}, freshId('u'));
  mastercard = await gateway.bind({ pan: '2226900000000110' }, freshId('u'));
});
afterAll(() => gateway.stop());

const info = { productName: 'ONE_TIME_PAYMENT' };
const pay = (fields: object) => gateway.call('/order/create', orderOf(gateway, { tokenId: visa, ...fields }));

const cardInfo = {
  cardNumber: '4111111111111111',
  cardExpiryYear: 2030,
  cardExpiryMonth: 12,
  cardCvv: '123',
  cardHolderName: 'Ada Lovelace',
};
const userInfo = { userId: 'u', userEmail: 'u@example.com', userTerminal: 'WEB' };
const browser = { userBrowserIp: '203.0.113.7', userAgent: 'Mozilla/5.0' };
/** Paid by a PCI-certified merchant with a card that it sends. */
const charge = (fields: object = {}) =>
  gateway.call(
    '/order/create',
    orderOf(gateway, { cardInfo, userInfo: { ...userInfo, ...browser }, ...fields }),
    gateway.pci,
  );

describe('payMethodName', () => {
  test.each([
    ['CC_VISA', () => visa],
    ['CC_AMEX,CC_VISA', () => visa],
    ['CC_MASTERCARD', () => mastercard],
    ['CC_MASTER', () => mastercard],
  ])('%s is paid with a card of that scheme', async (payMethodName, token) => {
    expect(await pay({ tokenId: token(), paymentInfo: { ...info, payMethodName } })).toMatchObject({
      code: '0',
      data: { orderStatus: 'PAY_SUCCESS' },
    });
  });

  test.each([
    ['CC_MASTERCARD', () => visa],
    ['CC_VISA', () => mastercard],
    ['CC_NOBODY', () => visa],
    ['DANA', () => visa],
  ])(
    '%s is A0018 for a card of another scheme: a merchant never pays with what it ruled out',
    async (payMethodName, token) => {
      const answer = await pay({ tokenId: token(), paymentInfo: { ...info, payMethodName } });
      expect(answer).toMatchObject({ status: 400, code: 'A0018' });
    },
  );
});

describe('cardPrefix', () => {
  const only = (cardPrefix: unknown, extra: object = {}) => ({
    paymentInfo: { ...info, payMethodProperties: JSON.stringify({ cardPrefix, ...extra }) },
  });
  const opened = () =>
    gateway.database.rows(
      { name: 'test/opened', text: `select 1 from access_entry where purpose = 'card-prefix' and merchant_id = $1` },
      [gateway.merchant.merchantId],
    );

  test.each(['4111', '555555, 41111111', '411111111', '4111,41111112'])(
    '%s lets the card pay, as a token and bare',
    async (prefixes) => {
      const paid = { code: '0', data: { orderStatus: 'PAY_SUCCESS' } };
      expect(await pay(only(prefixes))).toMatchObject(paid);
      expect(await charge(only(prefixes))).toMatchObject(paid);
    },
  );

  test.each(['5555', '41111112', '411111112,4012', '400000'])(
    '%s rules the card out, as a token and bare, and nothing is charged',
    async (prefixes) => {
      const before = await gateway.database.rows({ name: 'test/charges', text: 'select 1 from payment_attempt' });
      for (const purpose of ['restriction', 'promotion', '']) {
        const fields = only(prefixes, { cardPrefixPurpose: purpose });
        expect(await pay(fields)).toMatchObject({ status: 400, code: 'A0018' });
        expect(await charge(fields)).toMatchObject({ status: 400, code: 'A0018' });
      }
      const after = await gateway.database.rows({ name: 'test/charges', text: 'select 1 from payment_attempt' });
      expect(after.length).toBe(before.length);
    },
  );

  test('opens a stored card only where six digits do not tell, and writes that down', async () => {
    const before = (await opened()).length;
    await pay(only('4111,555555555'));
    expect(await opened()).toHaveLength(before);
    await pay(only('41111111'));
    expect(await opened()).toHaveLength(before + 1);
  });

  test.each([
    ['three digits', only('411')],
    ['ten digits', only('4111111111')],
    ['letters', only('4111,abcd')],
    ['a number in the place of a string', only(4111)],
    ['eighty-one of them', only(Array(81).fill('4111').join(','))],
    ['a purpose that is none', only('4111', { cardPrefixPurpose: 'fun' })],
  ])('with %s is A0003', async (_, fields) => {
    expect(await pay(fields)).toMatchObject({ status: 400, code: 'A0003' });
    expect(await pay({ tokenId: undefined, ...fields })).toMatchObject({ status: 400, code: 'A0003' });
  });

  test.each([
    ['restriction', 'This payment is for certain cards only'],
    ['promotion', 'This offer is for certain cards only'],
  ])('for a %s is told at the checkout, and another card pays there', async (cardPrefixPurpose, told) => {
    const fields = only('5555', { cardPrefixPurpose });
    const checkout = await openCheckout(gateway, fields);
    const refused = await payByCard(checkout, testCard);
    expect(refused.status).toBe(422);
    expect(refused.text).toContain(told);
    await payByCard(checkout, { ...testCard, pan: '5555555555554444' });
    expect(await gateway.call('/order/inquiry', { acquiringOrderId: checkout.acquiringOrderId })).toMatchObject({
      data: { orderStatus: 'PAY_SUCCESS' },
    });
  });
});

describe('cashierLanguage', () => {
  test.each(['en', 'zh-Hant-HK', 'pt_BR'])('%s is taken', async (cashierLanguage) => {
    expect(await pay({ paymentInfo: { ...info, cashierLanguage } })).toMatchObject({ code: '0' });
  });

  test.each(['english please', '1', 'e'])('%j is A0026', async (cashierLanguage) => {
    expect(await pay({ paymentInfo: { ...info, cashierLanguage } })).toMatchObject({ status: 400, code: 'A0026' });
  });
});

describe('a repeat under one paymentRequestId', () => {
  test.each([
    ['brandInfo', { cashierDisplayName: 'Teapots' }],
    ['riskData', { userIsNew: 'Yes' }],
    ['productDetail', { sku: '1' }],
    ['acqOrderExtSubscriptionInfo', { period: '2' }],
    ['channelId', 'channel_1'],
  ])('with another %s is A0011, and charges nothing', async (member, value) => {
    const order = orderOf(gateway, { tokenId: visa });
    expect(await gateway.call('/order/create', order)).toMatchObject({ code: '0' });
    expect(await gateway.call('/order/create', { ...order, [member]: value })).toMatchObject({ code: 'A0011' });
  });
});

describe('a bare card in an order', () => {
  test('is A0004 for a merchant that is not PCI-certified, and names what to do', async () => {
    const answer = await pay({ tokenId: undefined, cardInfo });
    expect(answer).toMatchObject({ status: 401, code: 'A0004' });
    expect(answer.msg).toMatch(/tokenId/);
  });

  test('beside a token is refused, too, and leaves no trace', async () => {
    const before = await gateway.database.rows({ name: 'test/orders', text: 'select 1 from payment_order' });
    expect(await pay({ cardInfo })).toMatchObject({ code: 'A0004' });
    expect(await charge({ tokenId: visa })).toMatchObject({ code: 'A0003' });
    const after = await gateway.database.rows({ name: 'test/orders', text: 'select 1 from payment_order' });
    expect(after.length).toBe(before.length);
    expect(gateway.logLines.join('')).not.toContain(cardInfo.cardNumber);
  });

  test('is charged for a PCI-certified merchant, and only what may be shown of it is kept', async () => {
    const answer = await charge();
    expect(answer).toMatchObject({ code: '0', data: { orderStatus: 'PAY_SUCCESS' } });
    const { data } = await gateway.call('/order/inquiry', answer.data, gateway.pci);
    expect(data.paymentInfo).toMatchObject({ payMethodType: 'CREDITCARD', payMethodName: 'CC_VISA' });
    expect(JSON.parse(data.paymentInfo.payMethodProperties)).toEqual({ cardTransactionType: 'CIT' });
    expect(JSON.parse(data.paymentInfo.payMethodResponse)).toEqual({ maskCardData: '411111******1111' });
    const cards = await gateway.database.rows(
      { name: 'test/cards', text: 'select 1 from vault_card where merchant_id = $1' },
      [gateway.pci.merchantId],
    );
    expect(cards).toEqual([]);
  });

  test('tells a repeat from another request by its number, never by its code', async () => {
    const order = orderOf(gateway, { cardInfo, userInfo: { ...userInfo, ...browser } });
    const again = (card: object) =>
      gateway.call('/order/create', { ...order, cardInfo: { ...cardInfo, ...card } }, gateway.pci);
    const first = await again({});
    expect((await again({})).data).toEqual(first.data);
    expect((await again({ cardCvv: '321' })).data).toEqual(first.data);
    expect(await again({ cardNumber: '5555555555554444' })).toMatchObject({ code: 'A0011' });
  });

  test.each([
    ['a number that fails its check digit', { cardInfo: { ...cardInfo, cardNumber: '4242424242424241' } }, 'A0029'],
    ['an expired card', { cardInfo: { ...cardInfo, cardExpiryYear: 2025 } }, 'A0029'],
    ['a code of five digits', { cardInfo: { ...cardInfo, cardCvv: '12345' } }, 'A0003'],
    ['a code that is no number', { cardInfo: { ...cardInfo, cardCvv: 'abc' } }, 'A0029'],
    ['a year that is a string', { cardInfo: { ...cardInfo, cardExpiryYear: '2030' } }, 'A0003'],
    ['no browser', { userInfo }, 'A0003'],
    ['a merchant-initiated mode', { paymentInfo: { ...info, merchantInitiatedMode: 'scheduled' } }, 'A0003'],
  ])('with %s is refused', async (_, fields, code) => {
    expect(await charge(fields)).toMatchObject({ status: 400, code });
  });
});

describe('an amount', () => {
  test.each(['9.2', '92', '992'])('of %s is E0001 also without a token', async (orderAmount) => {
    const answer = await pay({ tokenId: undefined, orderAmount, orderCurrency: 'USD' });
    expect(answer).toMatchObject({ status: 500, code: 'E0001' });
  });

  test('in IDR has decimals only when the shopper pays in another currency, also in what was finally paid', async () => {
    const order = orderOf(gateway, {
      tokenId: visa,
      orderCurrency: 'IDR',
      orderAmount: '50000.00',
      userCurrency: 'HKD',
    });
    expect(await gateway.call('/order/create', order)).toMatchObject({ code: '0' });
    const { data } = await gateway.call('/order/inquiry', { paymentRequestId: order.paymentRequestId });
    expect(data).toMatchObject({ orderAmount: '50000.00', finalDealAmount: '50000.00' });
    const own = orderOf(gateway, { tokenId: visa, orderCurrency: 'IDR', orderAmount: '50000' });
    await gateway.call('/order/create', own);
    const inquired = await gateway.call('/order/inquiry', { paymentRequestId: own.paymentRequestId });
    expect(inquired.data).toMatchObject({ finalDealAmount: '50000' });
  });
});

test('a tokenId longer than any is A0003, in every shape that has a length', async () => {
  const tokenId = `tok_${'x'.repeat(61)}`;
  for (const fields of [{ tokenId }, { paymentTokenData: { tokenId } }, { extraParams: { tokenId } }])
    expect(await pay({ tokenId: undefined, ...fields })).toMatchObject({ status: 400, code: 'A0003' });
});
