/** Members of `order/create` whose meaning the contract gives in one line: each line is held to here. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';

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
  const cardInfo = { cardNumber: '4111111111111111', cardExpiryYear: 2030, cardExpiryMonth: 12, cardCvv: '123' };

  test('is A0004 for a merchant that is not PCI-certified, and names what to do', async () => {
    const answer = await pay({ tokenId: undefined, cardInfo });
    expect(answer).toMatchObject({ status: 401, code: 'A0004' });
    expect(answer.msg).toMatch(/tokenId/);
  });

  test('beside a token is refused, too, and leaves no trace', async () => {
    const before = await gateway.database.rows({ name: 'test/orders', text: 'select 1 from payment_order' });
    expect(await pay({ cardInfo })).toMatchObject({ code: 'A0004' });
    const after = await gateway.database.rows({ name: 'test/orders', text: 'select 1 from payment_order' });
    expect(after.length).toBe(before.length);
    expect(gateway.logLines.join('')).not.toContain(cardInfo.cardNumber);
  });

  test('is A0010 for a PCI-certified merchant, whose contract does not cover it', async () => {
    const order = orderOf(gateway, { cardInfo });
    expect(await gateway.call('/order/create', order, gateway.pci)).toMatchObject({ status: 400, code: 'A0010' });
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
