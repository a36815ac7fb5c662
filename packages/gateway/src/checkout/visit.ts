/** Who may see a checkout page: whoever has its link, in as many tabs and as often as he likes. The order is paid once all the same. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { forMerchant, type Gateway } from '../gateway.ts';
import { findMerchant, originsOf } from '../merchant/find.ts';
import type { Merchant } from '../merchant/merchant.ts';
import { orderNamed } from '../order/find.ts';
import type { Order } from '../order/order.ts';
import { subscriptionNamed } from '../subscription/find.ts';
import type { Subscription } from '../subscription/subscription.ts';
import { type Checkout, findCheckout } from './checkout.store.ts';

export interface Visited {
  /** As it works for the order's merchant. */
  readonly gateway: Gateway;
  readonly checkout: Checkout;
  readonly order: Order;
  /** What the order is the first payment of. */
  readonly subscription: Subscription | undefined;
  readonly merchant: Merchant;
  /** Where the page may be embedded. */
  readonly origins: readonly string[];
}

/**
 * @param link - as the address has it
 * @returns undefined for an unknown order and a forged secret alike
 */
export async function visitCheckout(
  everything: Gateway,
  link: { readonly acquiringOrderId: string; readonly secret: string },
): Promise<Visited | undefined> {
  const checkout = await findCheckout(everything.database, link.acquiringOrderId);
  if (checkout === undefined) return undefined;
  const { merchantId, acquiringOrderId } = checkout;
  const gateway = await forMerchant(everything, merchantId);
  const order = await orderNamed(gateway, merchantId, { acquiringOrderId });
  const url = order.echo.webUrl ?? '';
  if (!isSame(url.slice(url.lastIndexOf('/') + 1), link.secret)) return undefined;
  const merchant = await findMerchant(gateway, merchantId);
  if (merchant?.status !== 'ACTIVE') return undefined;
  const { subscriptionInfo } = order.echo;
  const subscription = subscriptionInfo && (await subscriptionNamed(gateway, merchantId, subscriptionInfo));
  return { gateway, checkout, order, subscription, merchant, origins: await originsOf(gateway, merchantId) };
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
const isSame = (secret: string, presented: string): boolean => timingSafeEqual(digest(secret), digest(presented));
