/** An order without a card: it waits for its shopper, and ends by the clock. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const create = (fields: object = {}) => gateway.call('/order/create', orderOf(gateway, fields));
const inquire = async (acquiringOrderId: string) => (await gateway.call('/order/inquiry', { acquiringOrderId })).data;
const notified = (id: string) =>
  gateway.receiver
    .events('PAYMENT_NOTIFICATION')
    .map(({ result }) => result)
    .filter((result) => result.acquiringOrderId === id);

describe('an order without a card', () => {
  test('is AUTHORIZATION_REQUIRED, with the page to send the shopper to: a string that holds JSON', async () => {
    const order = orderOf(gateway);
    const created = await gateway.call('/order/create', order);
    expect(created).toMatchObject({ code: '0', data: { orderStatus: 'AUTHORIZATION_REQUIRED' } });
    const action = JSON.parse(created.data.orderAction);
    expect(action).toEqual({
      actionType: 'WEB',
      webUrl: expect.stringMatching(`^${gateway.url}/checkout/\\w+/[\\w-]{43}$`),
    });
    expect((await inquire(created.data.acquiringOrderId)).orderAction).toBe(created.data.orderAction);
    expect((await gateway.call('/order/create', order)).data).toEqual(created.data);
  });

  test('is closed when its time is over, not before, and the merchant is told', async () => {
    const orderExpiredAt = new Date(gateway.clock.now().getTime() + 3_600_000).toISOString();
    const { data } = await create({ orderExpiredAt });
    await gateway.travel(3_599_000);
    expect(await inquire(data.acquiringOrderId)).toMatchObject({
      orderStatus: 'AUTHORIZATION_REQUIRED',
      orderExpiredAt,
    });
    await gateway.travel(1_000);
    const order = await inquire(data.acquiringOrderId);
    expect(order).toMatchObject({ orderStatus: 'ORDER_CLOSE', orderCompletedAt: orderExpiredAt });
    expect(order).not.toHaveProperty('orderAction');
    expect(JSON.parse(order.orderFailedReason)).toMatchObject({ orderFailedCode: 'EXPIRED' });
    expect(notified(data.acquiringOrderId)).toEqual([order]);
  });

  test('lives for four hours when it does not say how long', async () => {
    const { data } = await create();
    const { orderExpiredAt } = await inquire(data.acquiringOrderId);
    expect(new Date(orderExpiredAt).getTime() - gateway.clock.now().getTime()).toBe(4 * 3_600_000);
  });

  test('is cancelled at once, once, and the merchant is told', async () => {
    const { data } = await create();
    const cancel = () => gateway.call('/order/cancel', { paymentRequestId: data.paymentRequestId });
    expect(await cancel()).toMatchObject({ code: '0', data: { orderStatus: 'ORDER_CLOSE' } });
    expect(await cancel()).toMatchObject({ code: '0', data: { orderStatus: 'ORDER_CLOSE' } });
    await gateway.settle();
    expect(notified(data.acquiringOrderId)).toEqual([await inquire(data.acquiringOrderId)]);
  });

  test('of a trigger amount is E0001 at create and at cancel, and is there all the same', async () => {
    const order = orderOf(gateway, { orderAmount: '992', orderCurrency: 'USD' });
    expect(await gateway.call('/order/create', order)).toMatchObject({ code: 'E0001' });
    const { paymentRequestId } = order;
    expect((await gateway.call('/order/inquiry', { paymentRequestId })).data).toMatchObject({
      orderStatus: 'AUTHORIZATION_REQUIRED',
    });
    expect(await gateway.call('/order/cancel', { paymentRequestId })).toMatchObject({ code: 'E0001' });
    expect(await gateway.call('/order/cancel', { paymentRequestId })).toMatchObject({
      code: '0',
      data: { orderStatus: 'ORDER_CLOSE' },
    });
  });

  test('and without its shopper is A0018: a merchant-initiated payment needs a token', async () => {
    const paymentInfo = { productName: 'ONE_TIME_PAYMENT', merchantInitiatedMode: 'scheduled' };
    expect(await create({ paymentInfo })).toMatchObject({ code: 'A0018' });
  });

  test('that leaves the shopper no method is A0018', async () => {
    const paymentInfo = { productName: 'ONE_TIME_PAYMENT', payMethodName: 'CC_NOBODY' };
    expect(await create({ paymentInfo })).toMatchObject({ code: 'A0018' });
  });

  test('cannot be captured or refunded', async () => {
    const { data } = await create({ paymentInfo: { productName: 'ONE_TIME_PAYMENT', captureMode: 'manualCapture' } });
    const { acquiringOrderId } = data;
    expect(await gateway.call('/order/capture', { acquiringOrderId, captureAmount: '1.00' })).toMatchObject({
      code: 'A0036',
    });
    const refund = { refundRequestId: 'waiting', acquiringOrderId, refundAmount: '1.00', refundReason: 'x' };
    expect(await gateway.call('/order/refund', refund)).toMatchObject({ code: 'A0014' });
  });
});
