/** How long an authorisation is held: for the merchant's week, whatever the shopper's time was, and not for ever. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCheckout, payByCard } from '../kit/checkout.ts';
import { orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const hour = 3_600_000;
const manual = { productName: 'ONE_TIME_PAYMENT', captureMode: 'manualCapture' };
const inquire = async (acquiringOrderId: string) => (await gateway.call('/order/inquiry', { acquiringOrderId })).data;

test('an authorisation made at the checkout lives for a week, not until the order would have expired', async () => {
  const checkout = await openCheckout(gateway, { paymentInfo: manual });
  await payByCard(checkout);
  expect((await inquire(checkout.acquiringOrderId)).orderStatus).toBe('AUTHED_WAITING_CAPTURE');
  await gateway.travel(5 * hour);
  const order = await inquire(checkout.acquiringOrderId);
  expect([order.orderStatus, order.orderFailedReason]).toEqual(['AUTHED_WAITING_CAPTURE', undefined]);
  await gateway.travel(7 * 24 * hour);
  expect((await inquire(checkout.acquiringOrderId)).orderStatus).toBe('ORDER_CLOSE');
});

test('an authorisation with a token whose issuer answered without a challenge lives for a week', async () => {
  const tokenId = await gateway.bind({ pan: '4000000000001091' });
  const { data } = await gateway.call('/order/create', orderOf(gateway, { tokenId, paymentInfo: manual }));
  expect(data.orderStatus).toBe('AUTHED_WAITING_CAPTURE');
  await gateway.travel(5 * hour);
  expect((await inquire(data.acquiringOrderId)).orderStatus).toBe('AUTHED_WAITING_CAPTURE');
});

test('a capture that is under way when the week ends and is refused later leaves no authorisation for ever', async () => {
  const tokenId = await gateway.bind({ pan: '4000000000002008' });
  const { data } = await gateway.call('/order/create', orderOf(gateway, { tokenId, paymentInfo: manual }));
  const id = data.acquiringOrderId;
  await gateway.travel(7 * 24 * hour - 30_000);
  expect((await gateway.call('/order/capture', { acquiringOrderId: id, captureAmount: '92.00' })).code).toBe('E0001');
  await gateway.travel(30 * 24 * hour);
  expect((await inquire(id)).orderStatus).toBe('ORDER_CLOSE');
});
