/** A shopper's wish to keep the card that he paid with. */
import type { Gateway } from '../gateway.ts';
import type { Order } from '../order/order.ts';
import { savePaidCard } from '../tokenization/save-card.ts';
import type { CardBuffer } from '../vault/card-buffer.ts';

/** Who pays, as the order names him; a shopper without a name has no saved cards. */
export const shopperOf = ({ echo }: Pick<Order, 'echo'>): string =>
  (echo.userInfo as { readonly userId?: string }).userId ?? '';

/** The order is paid whatever becomes of the wish to keep the card. */
export async function savePaid(gateway: Gateway, order: Order, card: CardBuffer): Promise<void> {
  const { merchantId, acquiringOrderId, notifyUrl } = order;
  if (shopperOf(order) === '') return;
  try {
    await savePaidCard(gateway, {
      merchantId,
      tokenRequestId: acquiringOrderId,
      merchantUserId: shopperOf(order),
      notifyUrl,
      card,
    });
  } catch (error) {
    gateway.log.warn('a card that paid could not be saved', { merchantId, detail: acquiringOrderId, error });
  }
}
