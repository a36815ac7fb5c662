/** A shopper who leaves the checkout: his order closes unpaid, unless a charge is on its way. */
import type { Gateway } from '../gateway.ts';
import { lockOrder } from './order.store.ts';
import type { Order, OrderFailure } from './order.ts';
import { closeOrder } from './settle.ts';

/** The shopper's own doing. */
const givenUp: OrderFailure = { code: 'USER_CANCELLED', description: 'The shopper cancelled the payment' };

/** Closes an order that still waits; any other stays as it is. */
export async function giveUp(gateway: Gateway, { merchantId, acquiringOrderId }: Order): Promise<void> {
  await gateway.database.transaction(async (tx) => {
    const order = await lockOrder(tx, merchantId, acquiringOrderId);
    if (order?.status === 'AUTHORIZATION_REQUIRED') await closeOrder(gateway, tx, order, 'closed', givenUp);
  });
  gateway.nudge();
}
