/** Subscriptions: begun with a token, paid when a period begins, each period once, and ended. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { forMerchant } from '../../packages/gateway/src/gateway.ts';
import { advanceClock, freezeClock } from '../../packages/gateway/src/job/travel.ts';
import { renew } from '../../packages/gateway/src/subscription/renew.ts';
import { startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { enterCode, newShopper } from '../kit/shopper.ts';
import { subscriptionOf } from '../kit/subscription.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());
// A clock never goes back; each test begins in real time all the same, and with no work of others.
afterEach(async () => {
  await sql('delete from merchant_clock');
  await sql('delete from job');
});

const sql = (text: string, values: unknown[] = []) =>
  gateway.database.rows<Record<string, unknown>>({ name: `test/${text.slice(0, 50)}`, text }, values);
const advance = async (by: string) => {
  await advanceClock(gateway.app.gateway, gateway.merchant.merchantId, { by }, gateway.app.gateway);
  await gateway.settle();
};

const create = (body: object) => gateway.call('/subscription/create', body);
const inquire = async (subscriptionId: string, paymentDetails = 1) =>
  (await gateway.call('/subscription/inquiry', { subscriptionId, paymentDetails })).data;
const cancel = (subscriptionId: string) => gateway.call('/subscription/cancel', { subscriptionId });

/** A subscription that is ACTIVE. */
async function subscribed(fields: object = {}, card: object = {}): Promise<{ id: string; tokenId: string }> {
  const tokenId = await gateway.bind(card);
  const { data, raw } = await create(subscriptionOf(gateway, { tokenId, ...fields }));
  if (data?.subscriptionStatus !== 'ACTIVE') throw new Error(`not active: ${raw}`);
  await gateway.settle();
  return { id: data.subscriptionId, tokenId };
}

/** What was told of a subscription and its payments, in order: the event, its status and its period. */
const toldOf = (id: string) =>
  gateway.receiver.received
    .map(({ event }) => event)
    .filter(({ result }) => id === result.subscriptionId || id === result.subscriptionInfo?.subscriptionId)
    .map(({ eventType, result }) =>
      eventType === 'PAYMENT_NOTIFICATION'
        ? `PAYMENT ${result.orderStatus} ${result.subscriptionInfo.period}`
        : `${eventType.split('_')[1]} ${result.subscriptionStatus} ${result.productInfo.currentPeriod}`,
    );
const paymentsOf = async (id: string) =>
  (await inquire(id)).paymentDetails.map(
    ({ period, orderStatus, orderAmount }: Record<string, string>) => `${period} ${orderStatus} ${orderAmount}`,
  );

const product = (fields: object) => ({
  productInfo: { description: 'Tea', periodType: 'MONTHLY', periodInterval: '1', ...fields },
});

describe('a subscription begins', () => {
  test('with its first payment, and the merchant is told of the payment before the status', async () => {
    const { id, tokenId } = await subscribed();
    expect(toldOf(id)).toEqual(['PAYMENT PAY_SUCCESS 1', 'STATUS ACTIVE 1']);
    const record = await inquire(id);
    expect(record).toMatchObject({
      subscriptionStatus: 'ACTIVE',
      amount: '100.00',
      productInfo: {
        currentPeriod: '1',
        startDateTime: '2026-11-23T12:00:00.000Z',
        nextPaymentDateTime: '2026-12-23T12:00:00.000Z',
      },
      paymentInfo: { productName: 'SUBSCRIPTION', payMethodName: 'CC_VISA' },
      paymentDetails: [{ period: '1', orderStatus: 'PAY_SUCCESS', orderAmount: '100.00', orderCurrency: 'HKD' }],
    });
    const [{ acquiringOrderId }] = record.paymentDetails;
    const order = (await gateway.call('/order/inquiry', { acquiringOrderId })).data;
    expect(order).toMatchObject({ orderStatus: 'PAY_SUCCESS', subscriptionInfo: { subscriptionId: id, period: '1' } });
    expect(JSON.parse(order.paymentInfo.payMethodProperties)).toEqual({
      cardToken: tokenId,
      cardTransactionType: 'CIT',
    });
    expect(await inquire(id, 0)).not.toHaveProperty('paymentDetails');
  });

  test.each([
    ['tokenId', (tokenId: string) => ({ tokenId })],
    ['paymentTokenData', (tokenId: string) => ({ paymentTokenData: { tokenId } })],
    ['extraParams', (tokenId: string) => ({ extraParams: { tokenId } })],
    ['payMethodUserAccessToken', (token: string) => paymentInfo({ payMethodUserAccessToken: token })],
    ['payMethodPublicUid', (token: string) => paymentInfo({ payMethodPublicUid: token })],
    ['payMethodProperties', (t: string) => paymentInfo({ payMethodProperties: JSON.stringify({ cardToken: t }) })],
  ])('with the token in %s', async (_, shape) => {
    const tokenId = await gateway.bind();
    const { data } = await create(subscriptionOf(gateway, shape(tokenId)));
    expect(data).toMatchObject({ subscriptionStatus: 'ACTIVE' });
  });

  test('never, when the first payment is declined', async () => {
    const tokenId = await gateway.bind({ pan: '4000000000000341' });
    const { data } = await create(subscriptionOf(gateway, { tokenId }));
    expect(data).toMatchObject({ subscriptionStatus: 'CLOSE' });
    await gateway.settle();
    expect(toldOf(data.subscriptionId)).toEqual(['PAYMENT ORDER_CLOSE 1', 'STATUS CLOSE undefined']);
    const { failedReason } = await inquire(data.subscriptionId);
    expect(JSON.parse(failedReason)).toMatchObject({ orderFailedCode: 'INSUFFICIENT_FUNDS' });
    await advance('60d');
    expect(await paymentsOf(data.subscriptionId)).toEqual(['1 ORDER_CLOSE 100.00']);
  });

  test('once, when a request is repeated, also at the same time', async () => {
    const body = subscriptionOf(gateway, { tokenId: await gateway.bind() });
    const answers = await Promise.all([create(body), create(body), create(body)]);
    expect(new Set(answers.map(({ data }) => data.subscriptionId)).size).toBe(1);
    const id = answers[0]?.data.subscriptionId;
    expect((await create({ ...body, requestedAt: '2026-11-24T00:00:00.000Z' })).data).toEqual(answers[0]?.data);
    expect(await paymentsOf(id)).toHaveLength(1);
    expect(await create({ ...body, amount: '101.00' })).toMatchObject({ code: 'A0011' });
  });

  test('after the shopper passed the challenge, and not before', async () => {
    const tokenId = await challengedToken();
    const { data } = await create(subscriptionOf(gateway, { tokenId }));
    expect(data.subscriptionStatus).toBe('AUTHORIZATION_REQUIRED');
    const { webUrl } = JSON.parse(data.subscriptionAction);
    expect(await paymentsOf(data.subscriptionId)).toEqual([]);
    await pass(webUrl, '1234');
    await gateway.settle();
    expect(await inquire(data.subscriptionId)).toMatchObject({ subscriptionStatus: 'ACTIVE' });
    expect(toldOf(data.subscriptionId)).toEqual(['PAYMENT PAY_SUCCESS 1', 'STATUS ACTIVE 1']);
  });

  test('never, when the shopper does not come to the challenge', async () => {
    const { data } = await create(subscriptionOf(gateway, { tokenId: await challengedToken() }));
    await advance('1d');
    expect(await inquire(data.subscriptionId)).toMatchObject({ subscriptionStatus: 'CLOSE' });
  });

  test('once its outcome is known, when the acquirer did not answer', async () => {
    const body = subscriptionOf(gateway, { tokenId: await gateway.bind(), amount: '92.00' });
    expect(await create(body)).toMatchObject({ code: 'E0001' });
    const { subscriptionRequest } = body;
    const { data } = await gateway.call('/subscription/inquiry', { subscriptionRequest });
    expect(data).toMatchObject({ subscriptionStatus: 'IN_PROGRESS' });
    expect(await cancel(data.subscriptionId)).toMatchObject({ code: 'E0001' });
    await advance('2m');
    expect(await inquire(data.subscriptionId)).toMatchObject({ subscriptionStatus: 'ACTIVE' });
    expect(await cancel(data.subscriptionId)).toMatchObject({ code: 'E0001' });
    expect(await inquire(data.subscriptionId)).toMatchObject({ subscriptionStatus: 'MERCHANT_CANCELLED' });
  });

  test.each([
    ['productInfo.periodType', product({ periodType: 'MONTH' })],
    ['productInfo.periodInterval', product({ periodInterval: '0' })],
    ['productInfo.numberOfPeriod', product({ numberOfPeriod: 'many' })],
    ['productInfo.trialPeriodType', product({ numberOfTrialPeriod: '1', trialPeriodType: 'YEAR' })],
    ['productInfo.scheduledAmounts.period', product({ scheduledAmounts: [{ period: '0', amount: '1.00' }] })],
    ['productInfo.scheduledAmounts.amount', product({ scheduledAmounts: [{ period: '2', amount: '1.001' }] })],
    ['amount', { amount: '1' }],
    ['paymentInfo.payMethodType', { paymentInfo: { productName: 'SUBSCRIPTION' } }],
  ])('never with a wrong %s, which the answer names', async (member, fields) => {
    const answer = await create(subscriptionOf(gateway, { tokenId: await gateway.bind(), ...fields }));
    expect(answer).toMatchObject({ code: 'A0003', msg: expect.stringContaining(`${member}:`) });
  });
});

const paymentInfo = (fields: object) => ({
  paymentInfo: { productName: 'SUBSCRIPTION', payMethodType: 'CREDITCARD', ...fields },
});

/** A token of the card that is always challenged. */
async function challengedToken(): Promise<string> {
  const tokenRequestId = `chal_${Math.floor(performance.now() * 1000)}`;
  const body = { tokenRequestId, merchantUserId: 'user_1', tokenType: 'CARD', notifyUrl: gateway.receiver.url };
  const opened = await gateway.call('/tokenization/generate', body);
  const submitted = await gateway.submit(opened.data.tokenSessionId, { pan: '4000000000001000' });
  await pass(submitted.data.validateUrl, '1234');
  return (await gateway.call('/tokenization/inquiry', { tokenRequestId })).data[0].tokenId;
}

async function pass(url: string, code: string): Promise<void> {
  const shopper = newShopper();
  await shopper.visit(url);
  const address = url.slice(0, url.lastIndexOf('/'));
  await enterCode(shopper, { tokenRequestId: '', validateUrl: url, address, authenticationId: '' }, code);
}

describe('a subscription ends', () => {
  test('at once when the merchant says so: nothing more is charged', async () => {
    const { id } = await subscribed();
    expect((await cancel(id)).data).toMatchObject({ subscriptionId: id, orderStatus: 'MERCHANT_CANCELLED' });
    expect((await cancel(id)).data).toMatchObject({ orderStatus: 'MERCHANT_CANCELLED' });
    await advance('60d');
    expect(toldOf(id)).toEqual(['PAYMENT PAY_SUCCESS 1', 'STATUS ACTIVE 1', 'STATUS MERCHANT_CANCELLED 1']);
    expect((await inquire(id)).productInfo).not.toHaveProperty('nextPaymentDateTime');
  });

  test('not, when it never began', async () => {
    const tokenId = await gateway.bind({ pan: '4000000000000341' });
    const { data } = await create(subscriptionOf(gateway, { tokenId }));
    expect(await cancel(data.subscriptionId)).toMatchObject({ code: 'A0016', msg: expect.stringContaining('CLOSE') });
  });
});

describe('a renewal', () => {
  test('is charged when its period begins, without the shopper, and told before the period', async () => {
    const { id } = await subscribed();
    await advance('29d');
    expect(await paymentsOf(id)).toHaveLength(1);
    await advance('1d');
    expect(toldOf(id).slice(2)).toEqual(['PAYMENT PAY_SUCCESS 2', 'PERIOD ACTIVE 2']);
    const { productInfo, paymentDetails } = await inquire(id);
    expect(productInfo).toMatchObject({ currentPeriod: '2', nextPaymentDateTime: '2027-01-23T12:00:00.000Z' });
    const { acquiringOrderId } = paymentDetails[1];
    const order = (await gateway.call('/order/inquiry', { acquiringOrderId })).data;
    expect(order).toMatchObject({ orderRequestedAt: '2026-12-23T12:00:00.000Z', subscriptionInfo: { period: '2' } });
    expect(JSON.parse(order.paymentInfo.payMethodProperties).cardTransactionType).toBe('MIT');
  });

  test('costs what was agreed for its period, and the last one is followed by the end', async () => {
    const trial = { numberOfTrialPeriod: '1', trialPeriodType: 'DAILY', trialPeriodInterval: '7' };
    const scheduledAmounts = [{ period: '3', amount: '50.00' }];
    const { id } = await subscribed(
      product({ ...trial, trialPeriodAmount: '1.00', numberOfPeriod: '3', scheduledAmounts }),
    );
    await advance('160d');
    expect(await paymentsOf(id)).toEqual([
      '1 PAY_SUCCESS 1.00',
      '2 PAY_SUCCESS 100.00',
      '3 PAY_SUCCESS 50.00',
      '4 PAY_SUCCESS 100.00',
    ]);
    const ended = await inquire(id);
    expect(ended).toMatchObject({
      subscriptionStatus: 'EXPIRED',
      updatedAt: '2027-02-28T12:00:00.000Z',
      productInfo: { endDateTime: '2027-02-28T12:00:00.000Z', currentPeriod: '4' },
    });
    expect(toldOf(id).at(-1)).toBe('STATUS EXPIRED 4');
  });

  test('follows a free trial, for which nothing is charged', async () => {
    const { tokenId } = await subscribed();
    const trial = product({ numberOfTrialPeriod: '2', trialPeriodAmount: '0', numberOfPeriod: '1' });
    const { data } = await create(subscriptionOf(gateway, { tokenId, ...trial }));
    const { subscriptionId: id, subscriptionStatus } = data;
    expect(subscriptionStatus).toBe('ACTIVE');
    expect((await inquire(id)).productInfo).toMatchObject({ nextPaymentDateTime: '2027-01-23T12:00:00.000Z' });
    await advance('31d');
    expect(await paymentsOf(id)).toEqual([]);
    await advance('31d');
    expect(await paymentsOf(id)).toEqual(['3 PAY_SUCCESS 100.00']);
    expect(toldOf(id)).toEqual(['STATUS ACTIVE 1', 'PERIOD ACTIVE 2', 'PAYMENT PAY_SUCCESS 3', 'PERIOD ACTIVE 3']);
  });

  test('that failed is tried once more a day later; then the period is given up, and the next one is charged', async () => {
    const { id, tokenId } = await subscribed();
    await suspend(tokenId);
    await advance('30d');
    expect(toldOf(id).slice(2)).toEqual(['PAYMENT ORDER_CLOSE 2']);
    expect((await inquire(id)).productInfo).toMatchObject({ nextPaymentDateTime: '2026-12-24T12:00:00.000Z' });
    await advance('1d');
    expect(toldOf(id).slice(3)).toEqual(['PAYMENT ORDER_CLOSE 2', 'PERIOD ACTIVE 2']);
    await sql(`update token set status = 'VERIFIED' where token_id = $1`, [tokenId]);
    await advance('31d');
    expect(toldOf(id).slice(5)).toEqual(['PAYMENT PAY_SUCCESS 3', 'PERIOD ACTIVE 3']);
  });

  test('that succeeds at the second try keeps the billing day', async () => {
    const { id, tokenId } = await subscribed();
    await suspend(tokenId);
    await advance('30d');
    await sql(`update token set status = 'VERIFIED' where token_id = $1`, [tokenId]);
    await advance('1d');
    expect(toldOf(id).slice(2)).toEqual(['PAYMENT ORDER_CLOSE 2', 'PAYMENT PAY_SUCCESS 2', 'PERIOD ACTIVE 2']);
    expect((await inquire(id)).productInfo).toMatchObject({ nextPaymentDateTime: '2027-01-23T12:00:00.000Z' });
  });

  test('of a merchant who wants the payment first: late, it moves the billing day; unpaid, it is the last', async () => {
    const settings = { renewalOrder: 'PAYMENT_FIRST', renewalAttempts: 2, renewalRetryHours: 48 };
    const change = 'update merchant set settings = settings || $1::jsonb';
    await sql(change, [JSON.stringify(settings)]);
    try {
      const { id, tokenId } = await subscribed(product({ numberOfPeriod: '4' }));
      await suspend(tokenId);
      await advance('30d');
      await sql(`update token set status = 'VERIFIED' where token_id = $1`, [tokenId]);
      await advance('2d');
      expect((await inquire(id)).productInfo).toMatchObject({ nextPaymentDateTime: '2027-01-25T12:00:00.000Z' });
      await suspend(tokenId);
      await advance('60d');
      expect(await paymentsOf(id)).toHaveLength(5);
      expect((await inquire(id)).productInfo).not.toHaveProperty('nextPaymentDateTime');
      await advance('60d');
      expect(toldOf(id).slice(-2)).toEqual(['PERIOD ACTIVE 3', 'STATUS EXPIRED 3']);
    } finally {
      await sql(`update merchant set settings = settings - 'renewalOrder' - 'renewalAttempts' - 'renewalRetryHours'`);
    }
  });

  test('of a merchant who was suspended fails for that reason', async () => {
    const { id } = await subscribed();
    await sql(`update merchant set status = 'SUSPENDED' where merchant_id = $1`, [gateway.merchant.merchantId]);
    await advance('30d').finally(() => sql(`update merchant set status = 'ACTIVE'`));
    const { acquiringOrderId } = (await inquire(id)).paymentDetails[1];
    const { orderFailedReason } = (await gateway.call('/order/inquiry', { acquiringOrderId })).data;
    expect(JSON.parse(orderFailedReason)).toMatchObject({ orderFailedCode: 'A0006' });
  });

  test('with a removed token fails for that reason, and ends no subscription', async () => {
    const { id, tokenId } = await subscribed();
    await gateway.call('/tokenization/remove', { tokenId });
    await advance('30d');
    const { subscriptionStatus, paymentDetails } = await inquire(id);
    expect(subscriptionStatus).toBe('ACTIVE');
    const { acquiringOrderId } = paymentDetails[1];
    const { orderFailedReason } = (await gateway.call('/order/inquiry', { acquiringOrderId })).data;
    expect(JSON.parse(orderFailedReason)).toMatchObject({ orderFailedCode: 'A0037' });
  });

  test('with a card that expired is the last: the channel has ended the subscription', async () => {
    const { id } = await subscribed({}, { expiry: '12/2026' });
    await advance('62d');
    expect(toldOf(id).slice(2)).toEqual([
      'PAYMENT PAY_SUCCESS 2',
      'PERIOD ACTIVE 2',
      'PAYMENT ORDER_CLOSE 3',
      'PERIOD ACTIVE 3',
      'STATUS CHANNEL_CANCELLED 3',
    ]);
    await advance('31d');
    expect(await paymentsOf(id)).toHaveLength(3);
    expect(await cancel(id)).toMatchObject({ code: 'A0016' });
  });

  test('that the issuer refuses for good is tried no second time, in this period or a later one', async () => {
    const { id } = await subscribed();
    const acquirer = gateway.app.gateway.connectors.of('');
    const { purchase } = acquirer;
    let calls = 0;
    Object.assign(acquirer, {
      async purchase() {
        calls++;
        return { kind: 'declined', reason: 'LOST_OR_STOLEN' };
      },
    });
    await advance('62d').finally(() => Object.assign(acquirer, { purchase }));
    expect(calls).toBe(1);
    expect(toldOf(id).slice(2)).toEqual(['PAYMENT ORDER_CLOSE 2', 'PERIOD ACTIVE 2', 'STATUS CHANNEL_CANCELLED 2']);
    expect((await inquire(id)).productInfo).not.toHaveProperty('nextPaymentDateTime');
  });

  test('goes to the card that took the place of one that expired', async () => {
    const { id, tokenId } = await subscribed({}, { pan: '4000000000003006', expiry: '12/2026' });
    await advance('62d');
    expect(await paymentsOf(id)).toEqual(['1 PAY_SUCCESS 100.00', '2 PAY_SUCCESS 100.00', '3 PAY_SUCCESS 100.00']);
    const [token] = (await gateway.call('/tokenization/inquiry', { tokenId })).data;
    expect(token.tokenData.cardExpiry).not.toBe('12/2026');
    await cancel(id);
  });

  test('over the limit of a day fails for that reason', async () => {
    const { id } = await subscribed();
    await sql(`insert into merchant_currency select $1, 'HKD', null, 9999`, [gateway.merchant.merchantId]);
    try {
      await advance('30d');
    } finally {
      await sql('delete from merchant_currency');
    }
    const { acquiringOrderId } = (await inquire(id)).paymentDetails[1];
    const { orderFailedReason } = (await gateway.call('/order/inquiry', { acquiringOrderId })).data;
    expect(JSON.parse(orderFailedReason)).toMatchObject({ orderFailedCode: 'A0021' });
  });

  test('can be refunded, as any order', async () => {
    const { id } = await subscribed();
    const { acquiringOrderId } = (await inquire(id)).paymentDetails[0];
    const refund = { refundRequestId: `r${id.slice(-20)}`, acquiringOrderId, refundAmount: '5.00', refundReason: 'x' };
    expect((await gateway.call('/order/refund', refund)).data).toMatchObject({
      refundStatus: 'ORDER_PARTIALLY_REFUNDED',
    });
    const { refundRequestId } = refund;
    const { data } = await gateway.call('/refund/inquiry', { refundRequestId });
    expect(data).toMatchObject({ subscriptionInfo: { subscriptionId: id, period: '1' } });
  });
});

const suspend = (tokenId: string) => sql(`update token set status = 'SUSPENDED' where token_id = $1`, [tokenId]);

describe('a new price', () => {
  test('holds from the next period on; the one that runs keeps its own, also when it is tried again', async () => {
    const { id, tokenId } = await subscribed(product({ scheduledAmounts: [{ period: '2', amount: '50.00' }] }));
    await suspend(tokenId);
    await advance('30d');
    await sql(`update token set status = 'VERIFIED' where token_id = $1`, [tokenId]);
    const scheduledAmounts = [{ period: '4', amount: '5.00' }];
    const change = { subscriptionId: id, amount: '120.00', productInfo: { scheduledAmounts } };
    expect((await gateway.call('/subscription/update', change)).data).toEqual({
      subscriptionRequest: (await inquire(id)).subscriptionRequest,
      subscriptionId: id,
      previousAmount: '100.00',
      newAmount: '120.00',
      previousScheduledAmounts: [{ period: '2', amount: '50.00' }],
      newScheduledAmounts: scheduledAmounts,
      nextEffectivePeriod: '3',
    });
    await advance('63d');
    expect((await paymentsOf(id)).slice(1)).toEqual([
      '2 ORDER_CLOSE 50.00',
      '2 PAY_SUCCESS 50.00',
      '3 PAY_SUCCESS 120.00',
      '4 PAY_SUCCESS 5.00',
    ]);
    expect(await inquire(id)).toMatchObject({ amount: '120.00', productInfo: { scheduledAmounts } });
  });

  test('of a free trial is due when the next period of it begins, and the merchant is told when that is', async () => {
    const { tokenId } = await subscribed();
    const trial = product({ numberOfTrialPeriod: '3', trialPeriodAmount: '0' });
    const { subscriptionId } = (await create(subscriptionOf(gateway, { tokenId, ...trial }))).data;
    expect((await inquire(subscriptionId)).productInfo.nextPaymentDateTime).toBe('2027-02-23T12:00:00.000Z');
    const productInfo = { trialPeriodAmount: '10.00' };
    expect(await gateway.call('/subscription/update', { subscriptionId, productInfo })).toMatchObject({ code: '0' });
    expect((await inquire(subscriptionId)).productInfo.nextPaymentDateTime).toBe('2026-12-23T12:00:00.000Z');
    await advance('30d');
    expect(await paymentsOf(subscriptionId)).toEqual(['2 PAY_SUCCESS 10.00']);
  });

  test('is refused for a period that has begun', async () => {
    const { id } = await subscribed();
    const productInfo = { scheduledAmounts: [{ period: '1', amount: '1.00' }] };
    const answer = await gateway.call('/subscription/update', { subscriptionId: id, productInfo });
    expect(answer).toMatchObject({
      code: 'A0003',
      msg: expect.stringContaining('productInfo.scheduledAmounts.period:'),
    });
  });
});

describe('a period is paid once', () => {
  const dueJob = `select payload from job where kind = 'subscription/renew' and payload->>'subscriptionId' = $1`;
  const run = (payload: unknown) =>
    forMerchant(gateway.app.gateway, gateway.merchant.merchantId).then((own) =>
      renew(own, { merchantId: gateway.merchant.merchantId, payload }),
    );

  test('when its job runs many times, at once and again', async () => {
    const { id } = await subscribed();
    const [due] = await sql(dueJob, [id]);
    await Promise.all([run(due?.payload), run(due?.payload), run(due?.payload)]);
    await run(due?.payload);
    await gateway.settle();
    expect(await paymentsOf(id)).toEqual(['1 PAY_SUCCESS 100.00', '2 PAY_SUCCESS 100.00']);
    const next = (await sql(dueJob, [id])).filter(({ payload }) => (payload as { period: number }).period > 2);
    expect(next).toMatchObject([{ payload: { period: 3, attempt: 1 } }]);
  });

  test('when the job of a failed try runs again, before its next try is due', async () => {
    const { id, tokenId } = await subscribed();
    const [due] = await sql(dueJob, [id]);
    await suspend(tokenId);
    await run(due?.payload);
    await sql(`update token set status = 'VERIFIED' where token_id = $1`, [tokenId]);
    await run(due?.payload);
    expect(await paymentsOf(id)).toEqual(['1 PAY_SUCCESS 100.00', '2 ORDER_CLOSE 100.00']);
  });

  test('when the outcome is not known: nothing is tried until it is', async () => {
    const scheduledAmounts = [{ period: '2', amount: '92.00' }];
    const { id } = await subscribed(product({ scheduledAmounts }));
    const [due] = await sql(dueJob, [id]);
    await run(due?.payload);
    await run({ subscriptionId: id, period: 2, attempt: 2 });
    expect(await paymentsOf(id)).toHaveLength(1);
    await advance('2m');
    expect(await paymentsOf(id)).toEqual(['1 PAY_SUCCESS 100.00', '2 PAY_SUCCESS 92.00']);
  });

  test('and in order, when no gateway ran for months', async () => {
    const { id } = await subscribed();
    await gateway.settle();
    await freezeClock(gateway.app.gateway, gateway.merchant.merchantId, undefined, gateway.app.gateway);
    await sql(`update merchant_clock set frozen_at = '2027-03-24T00:00:00Z'`);
    await gateway.settle();
    expect(await paymentsOf(id)).toEqual([1, 2, 3, 4, 5].map((period) => `${period} PAY_SUCCESS 100.00`));
    expect((await inquire(id)).productInfo).toMatchObject({ nextPaymentDateTime: '2027-04-23T12:00:00.000Z' });
  });

  test('and what was on its way when the merchant cancelled is the last', async () => {
    const { id } = await subscribed(product({ scheduledAmounts: [{ period: '2', amount: '92.00' }] }));
    const [due] = await sql(dueJob, [id]);
    await run(due?.payload);
    expect((await cancel(id)).data).toMatchObject({ orderStatus: 'MERCHANT_CANCELLED' });
    await advance('2m');
    await advance('90d');
    expect(await paymentsOf(id)).toHaveLength(2);
    expect(await inquire(id)).toMatchObject({ subscriptionStatus: 'MERCHANT_CANCELLED' });
  });
});
