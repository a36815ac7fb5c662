/** What changes while a renewal is on its way counts: the price that was agreed, and the card that took another's place. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { forMerchant } from '../../packages/gateway/src/gateway.ts';
import { otherCardsOf, useSavedCard } from '../../packages/gateway/src/subscription/change-card.ts';
import { renew } from '../../packages/gateway/src/subscription/renew.ts';
import { findSubscription } from '../../packages/gateway/src/subscription/subscription.store.ts';
import { freshId, orderOf, startTestGateway, type TestGateway } from '../kit/gateway.ts';
import { subscriptionOf } from '../kit/subscription.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

const hour = 3_600_000;
const sub = async (subscriptionId: string) =>
  (await gateway.call('/subscription/inquiry', { subscriptionId, paymentDetails: 1 })).data;

test('a price that was agreed before a renewal is written is what it charges', async () => {
  const tokenId = await gateway.bind({}, freshId('user'));
  const { data } = await gateway.call('/subscription/create', subscriptionOf(gateway, { tokenId }));
  const g = await forMerchant(gateway.app.gateway, gateway.merchant.merchantId);
  let told: Promise<unknown> | undefined;
  // The update comes when the job has read the subscription and has not locked it yet.
  const database = new Proxy(g.database, {
    get(target: typeof g.database & Record<string | symbol, unknown>, key) {
      if (key !== 'transaction') return typeof target[key] === 'function' ? target[key].bind(target) : target[key];
      return async (work: Parameters<typeof target.transaction>[0]) => {
        told ??= gateway.call('/subscription/update', {
          subscriptionId: data.subscriptionId,
          amount: '150.00',
          requestedAt: '2026-11-23T12:00:00.000Z',
          subscriptionRequest: data.subscriptionRequest,
        });
        await told;
        return target.transaction(work);
      };
    },
  });
  const job = {
    merchantId: gateway.merchant.merchantId,
    payload: { subscriptionId: data.subscriptionId, period: 2, attempt: 1 },
  };
  // It begins nothing, and comes back at once.
  const raced = { ...g, database };
  expect(await renew(raced, job)).toEqual({ retryAt: expect.any(Date) });
  expect(await renew(raced, job)).toBe('done');
  expect(await told).toMatchObject({ code: '0', data: { newAmount: '150.00', nextEffectivePeriod: '2' } });
  const { paymentDetails } = await sub(data.subscriptionId);
  expect(paymentDetails.map((p: { period: string; orderAmount: string }) => `${p.period} ${p.orderAmount}`)).toEqual([
    '1 100.00',
    '2 150.00',
  ]);
});

test('a card that its shopper replaced while its charge was unanswered does not end the subscription when it is refused for good', async () => {
  const { merchantId } = gateway.merchant;
  const connector = gateway.app.gateway.connectors.of(merchantId);
  const userId = freshId('user');
  const userInfo = { userId, userEmail: 'a@example.com', userTerminal: 'WEB' };
  const a = await gateway.bind({}, userId);
  const b = await gateway.bind({ pan: '4576750000000110' }, userId);
  for (const tokenId of [a, b]) await gateway.call('/order/create', orderOf(gateway, { tokenId, userInfo }));
  const { data } = await gateway.call('/subscription/create', subscriptionOf(gateway, { tokenId: a, userInfo }));
  const purchase = vi.spyOn(connector, 'purchase').mockResolvedValueOnce({ kind: 'unknown' });
  const inquire = vi.spyOn(connector, 'inquire').mockResolvedValueOnce({ kind: 'declined', reason: 'LOST_OR_STOLEN' });
  const start = new Date((await sub(data.subscriptionId)).productInfo.nextPaymentDateTime);
  await gateway.travel(start.getTime() - gateway.clock.now().getTime() + 1_000);
  expect(purchase).toHaveBeenCalledTimes(1);
  // The charge of period 2 is unanswered. The shopper chooses his other card.
  const g = await forMerchant(gateway.app.gateway, merchantId);
  const subscription = await findSubscription(g.database, merchantId, data.subscriptionId);
  const other = subscription && (await otherCardsOf(g, subscription)).find(({ tokenId }) => tokenId === b);
  if (subscription === undefined || other === undefined) throw new Error('there is no other card');
  await useSavedCard(g, subscription, other);
  await gateway.travel(2 * 60_000);
  expect(inquire).toHaveBeenCalledTimes(1);
  await gateway.travel(25 * hour);
  const after = await sub(data.subscriptionId);
  vi.restoreAllMocks();
  expect([
    after.subscriptionStatus,
    ...after.paymentDetails.map((p: { period: string; orderStatus: string }) => `${p.period} ${p.orderStatus}`),
  ]).toEqual(['ACTIVE', '1 PAY_SUCCESS', '2 ORDER_CLOSE', '2 PAY_SUCCESS']);
});
