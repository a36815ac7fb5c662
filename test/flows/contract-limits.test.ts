/** What a merchant's contract allows: currencies, limits and methods, as rows that an operator may change. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';

let gateway: TestGateway;
let tokenId: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  tokenId = await gateway.bind();
});
afterAll(() => gateway.stop());
afterEach(async () => {
  for (const table of ['merchant_currency', 'merchant_pay_method', 'merchant_day']) await sql(`delete from ${table}`);
});

const sql = (text: string, values: unknown[] = []) =>
  gateway.database.rows({ name: `test/${freshId('s')}`, text }, values);
const currency = (row: string) => sql(`insert into merchant_currency select $1, ${row}`, [gateway.merchant.merchantId]);
const method = (row: string) =>
  sql(
    `insert into merchant_pay_method (merchant_id, product_name, pay_method_type, pay_method_name, country, currency,
       amount_min_minor, amount_max_minor, available, refund_allowed) select $1, ${row}`,
    [gateway.merchant.merchantId],
  );
const pay = (fields: object = {}) => gateway.call('/order/create', orderOf(gateway, { tokenId, ...fields }));
const limits = async () => (await gateway.call('/merchantconfig/inquiry', {})).data;
const methods = async () => (await gateway.call('/paymethodconfig/inquiry', {})).data.payMethodDetails;

describe('without rows', () => {
  test('there is no limit, and no member that says so', async () => {
    expect(await limits()).toEqual({ merchantId: gateway.merchant.merchantId });
  });

  test('every method of the connector is listed, with members that clients expect as strings', async () => {
    expect(await methods()).toContainEqual({
      productName: 'ONE_TIME_PAYMENT',
      payMethodType: 'CREDITCARD',
      payMethodName: 'CC_VISA',
      country: '',
      currentStatus: '1',
      refundAllowed: '1',
      fixedMaintenanceRules: [],
      fixedMaintenanceTimezone: 'UTC+00:00',
    });
  });

  test('what belongs to one country names it', async () => {
    const named = (payMethodName: string, country: string) => expect.objectContaining({ payMethodName, country });
    expect(await methods()).toEqual(
      expect.arrayContaining([named('DANA', 'IDN'), named('GCASH', 'PHL'), named('BCA', 'IDN'), named('GRABPAY', '')]),
    );
  });
});

describe('limits', () => {
  test('are objects of decimal strings by currency, never numbers or JSON in a string', async () => {
    await currency(`'HKD', 50000, 100000`);
    await currency(`'JPY', null, 2000`);
    await pay({ orderAmount: '300.50' });
    expect(await limits()).toEqual({
      merchantId: gateway.merchant.merchantId,
      totalDailyLimit: { HKD: '1000.00', JPY: '2000' },
      remainingDailyLimit: { HKD: '699.50', JPY: '2000' },
      transactionLimit: { HKD: '500.00' },
    });
  });

  test('a currency that the contract does not name is A0007', async () => {
    await currency(`'JPY', null, null`);
    expect(await pay()).toMatchObject({ code: 'A0007' });
    expect(await pay({ orderCurrency: 'JPY', orderAmount: '100' })).toMatchObject({ code: '0' });
  });

  test('of a day hold, though many orders come at once, and the next day begins anew', async () => {
    await currency(`'HKD', null, 100000`);
    const answers = await Promise.all(Array.from({ length: 20 }, () => pay({ orderAmount: '100.00' })));
    expect(answers.filter(({ code }) => code === '0')).toHaveLength(10);
    expect(answers.filter(({ code }) => code === 'A0021')).toHaveLength(10);
    expect((await limits()).remainingDailyLimit).toEqual({ HKD: '0.00' });
    await gateway.travel(24 * 3_600_000);
    expect((await limits()).remainingDailyLimit).toEqual({ HKD: '1000.00' });
    expect(await pay({ orderAmount: '100.00' })).toMatchObject({ code: '0' });
  });

  test('of a day are not used by an order that closed unpaid', async () => {
    await currency(`'HKD', null, 10000`);
    const broke = await gateway.bind({ pan: '4000000000000341' });
    expect(await pay({ tokenId: broke })).toMatchObject({ data: { orderStatus: 'ORDER_CLOSE' } });
    expect((await limits()).remainingDailyLimit).toEqual({ HKD: '100.00' });
    const { data } = await pay({ tokenId: undefined });
    expect((await limits()).remainingDailyLimit).toEqual({ HKD: '0.00' });
    await gateway.call('/order/cancel', { acquiringOrderId: data.acquiringOrderId });
    expect((await limits()).remainingDailyLimit).toEqual({ HKD: '100.00' });
  });

  test('a repeat is not counted again', async () => {
    await currency(`'HKD', null, 10000`);
    const order = orderOf(gateway, { tokenId });
    for (let round = 0; round < 3; round++)
      expect(await gateway.call('/order/create', order)).toMatchObject({ code: '0' });
  });
});

describe('methods', () => {
  test('that the contract does not cover, or that are not available now, are A0018', async () => {
    await method(`'ONE_TIME_PAYMENT', 'CREDITCARD', 'CC_JCB', '', '', null, null, true, true`);
    expect(await pay()).toMatchObject({ code: 'A0018' });
    await method(`'ONE_TIME_PAYMENT', 'CREDITCARD', 'CC_VISA', '', '', null, null, false, true`);
    expect(await pay()).toMatchObject({ code: 'A0018' });
    expect((await methods()).map((row: { currentStatus: string }) => row.currentStatus)).toEqual(['1', '0']);
  });

  test('bound the amount: outside is A0008, and the bounds are listed', async () => {
    await method(`'ONE_TIME_PAYMENT', 'CREDITCARD', 'CC_VISA', 'HKG', 'HKD', 1000, 50000, true, true`);
    expect(await pay({ orderAmount: '9.99' })).toMatchObject({ code: 'A0008' });
    expect(await pay({ orderAmount: '500.01' })).toMatchObject({ code: 'A0008' });
    expect(await pay({ orderAmount: '500.00' })).toMatchObject({ code: '0' });
    expect(await methods()).toMatchObject([{ country: 'HKG', orderAmountMin: '10.00', orderAmountMax: '500.00' }]);
  });

  test('of one name in two countries need the country: A0033 without, paid with', async () => {
    for (const country of ['HKG', 'SGP'])
      await method(`'ONE_TIME_PAYMENT', 'CREDITCARD', 'CC_VISA', '${country}', '', null, null, true, true`);
    expect(await pay()).toMatchObject({ code: 'A0033' });
    const paymentInfo = { productName: 'ONE_TIME_PAYMENT', payMethodCountry: 'SGP' };
    expect(await pay({ paymentInfo })).toMatchObject({ code: '0' });
  });

  test('a token pays SUBSCRIPTION, too, for a merchant who counts the periods himself; without one it is refused', async () => {
    const paymentInfo = { productName: 'SUBSCRIPTION' };
    expect(await pay({ paymentInfo })).toMatchObject({ code: '0' });
    expect(await pay({ paymentInfo, tokenId: undefined })).toMatchObject({ code: 'A0010' });
    await method(`'ONE_TIME_PAYMENT', 'CREDITCARD', 'CC_VISA', '', '', null, null, true, true`);
    expect(await pay({ paymentInfo })).toMatchObject({ code: 'A0010' });
  });

  test('a product that the contract does not cover is A0010', async () => {
    await method(`'DIRECT_PAYMENT', 'CREDITCARD', 'CC_VISA', '', '', null, null, true, true`);
    expect(await pay()).toMatchObject({ code: 'A0010' });
    expect(await pay({ paymentInfo: { productName: 'DIRECT_PAYMENT' } })).toMatchObject({ code: '0' });
  });
});
