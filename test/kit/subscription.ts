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
