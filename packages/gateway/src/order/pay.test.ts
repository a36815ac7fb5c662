import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { orderOf, startTestGateway, type TestGateway } from '../../../../test/kit/gateway.ts';
import { chargeableToken } from '../tokenization/charge.ts';
import { orderNamed } from './find.ts';
import type { Order } from './order.ts';
import { type Means, payOpenOrder } from './pay.ts';

let gateway: TestGateway;
let merchantId: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  ({ merchantId } = gateway.merchant);
});
afterAll(() => gateway.stop());

const openOrder = async (fields: object = {}): Promise<Order> => {
  const { data } = await gateway.call('/order/create', orderOf(gateway, fields));
  return orderNamed(gateway.app.gateway, merchantId, { acquiringOrderId: data.acquiringOrderId });
};
const meansOf = async (card: object = {}): Promise<Means> => {
  const tokenId = await gateway.bind(card);
  const charge = { merchantId, tokenId, initiator: 'CIT', asAccessToken: false } as const;
  const token = await chargeableToken(gateway.app.gateway, charge);
  return { card: { cardId: token.cardId }, summary: token.card, tokenId };
};
const pay = (order: Order, means: Means) => payOpenOrder(gateway.app.gateway, order, means);
const inquire = async ({ acquiringOrderId }: Order) =>
  (await gateway.call('/order/inquiry', { acquiringOrderId })).data;

describe('an order that waits for its shopper', () => {
  test('is charged once, though two tabs pay at once, and shows the card that paid', async () => {
    const order = await openOrder();
    const [visa, master] = [await meansOf(), await meansOf({ pan: '2226900000000110' })];
    const results = await Promise.all([pay(order, visa), pay(order, master), pay(order, visa)]);
    expect(results.map(({ kind }) => kind).sort()).toEqual(['not-begun', 'not-begun', 'performed']);
    const winner = results[1]?.kind === 'performed' ? master : visa;
    const { orderStatus, paymentInfo } = await inquire(order);
    expect(orderStatus).toBe('PAY_SUCCESS');
    expect(JSON.parse(paymentInfo.payMethodProperties).cardToken).toBe(winner.tokenId);
    expect(paymentInfo.payMethodName).toBe(`CC_${winner.summary.scheme}`);
  });

  test('is not charged once it was cancelled', async () => {
    const order = await openOrder();
    await gateway.call('/order/cancel', { acquiringOrderId: order.acquiringOrderId });
    expect(await pay(order, await meansOf())).toEqual({ kind: 'not-begun' });
    expect(await inquire(order)).toMatchObject({ orderStatus: 'ORDER_CLOSE' });
  });

  test('is not charged a moment too late, though nobody has closed it yet', async () => {
    const order = await openOrder();
    const means = await meansOf();
    gateway.clock.moveTo(order.expiresAt);
    expect(await pay(order, means)).toEqual({ kind: 'not-begun' });
  });

  test('is only authorised when the merchant captures later', async () => {
    const order = await openOrder({ paymentInfo: { productName: 'ONE_TIME_PAYMENT', captureMode: 'manualCapture' } });
    await pay(order, await meansOf());
    expect(await inquire(order)).toMatchObject({ orderStatus: 'AUTHED_WAITING_CAPTURE' });
  });
});
