/** Subscriptions for tests. */
import { freshId, type TestGateway } from './gateway.ts';

/** A complete subscription, paid monthly; override what the test is about. */
export const subscriptionOf = (gateway: TestGateway, fields: object = {}): Record<string, unknown> => ({
  subscriptionRequest: freshId('s').slice(-32),
  merchantSubscriptionId: 'PLAN_TEA',
  currency: 'HKD',
  amount: '100.00',
  requestedAt: '2026-11-23T12:00:00.000Z',
  notifyUrl: gateway.receiver.url,
  userInfo: { userId: 'user_1', userEmail: 'user_1@example.com', userTerminal: 'WEB' },
  productInfo: { description: 'Tea of the month', periodType: 'MONTHLY', periodInterval: '1' },
  paymentInfo: { productName: 'SUBSCRIPTION', payMethodType: 'CREDITCARD' },
  ...fields,
});

/** A complete change of a subscription to another price; override what the test is about. */
export const changeOf = (
  gateway: TestGateway,
  originSubscriptionRequest: string,
  fields: object = {},
): Record<string, unknown> => ({
  originSubscriptionRequest,
  subscriptionRequest: freshId('c').slice(-32),
  remainingAmount: '40.00',
  currency: 'HKD',
  requestedAt: '2026-11-23T12:00:00.000Z',
  notifyUrl: gateway.receiver.url,
  userInfo: { userId: 'user_1', userEmail: 'user_1@example.com' },
  productInfoList: [productFor('180.00')],
  paymentInfo: { productName: 'SUBSCRIPTION' },
  ...fields,
});

/** What a change is to. */
export const productFor = (amount: string) => ({
  description: 'Two teas',
  periodType: 'MONTHLY',
  periodInterval: '1',
  amount,
});
