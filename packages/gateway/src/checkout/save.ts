/** Whether a card becomes a token when it has paid. */
import type { Gateway } from '../gateway.ts';
import { type Order, shopperOf } from '../order/order.ts';
import { hasRoom } from '../tokenization/user-limit.ts';

/**
 * A subscription charges its card again; any other card is kept if its holder wants it, has a name, and has not too many.
 *
 * @param wished - what the shopper ticked
 */
export async function isSaved(gateway: Gateway, order: Order, wished: boolean): Promise<boolean> {
  if (order.echo.subscriptionInfo !== undefined) return true;
  const shopper = shopperOf(order);
  return wished && shopper !== '' && hasRoom(gateway.database, order.merchantId, shopper);
}
