/** `POST /subscription/manage`: a link to a page where the shopper sees his subscription, changes its card, and ends it. */
import { createHash } from 'node:crypto';
import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/subscription';
import type { MerchantCaller } from '../caller.ts';
import { Fault } from '../fault.ts';
import { forMerchant, type Gateway } from '../gateway.ts';
import { newBrowserSecret } from '../id.ts';
import { findMerchant } from '../merchant/find.ts';
import type { Merchant } from '../merchant/merchant.ts';
import { subscriptionNamed } from './find.ts';
import { findLink, insertLink, type Link } from './link.store.ts';
import type { Subscription } from './subscription.ts';

type Input = RequestOf<typeof operations.manage>;
type Data = DataOf<typeof operations.manage>;

const lifetimeMs = 24 * 3_600_000;

export async function manage(gateway: Gateway, { merchant }: MerchantCaller, input: Input): Promise<Data> {
  const subscription = await subscriptionNamed(gateway, merchant.merchantId, input);
  const { subscriptionId, status } = subscription;
  if (status !== 'ACTIVE') {
    throw new Fault('ORDER_STATE_INVALID', `The subscription is ${status}; only an ACTIVE one can be managed.`);
  }
  const now = gateway.clock.now();
  const expiresAt = new Date(now.getTime() + lifetimeMs);
  const { link, url } = linkTo(gateway, subscription, expiresAt);
  await gateway.database.transaction((tx) => insertLink(tx, link, now));
  return {
    subscriptionRequest: subscription.subscriptionRequest,
    merchantSubscriptionId: subscription.merchantSubscriptionId,
    subscriptionId,
    managementUrl: url,
    expiredAt: expiresAt.toISOString(),
    subscriptionStatus: status,
  };
}

/** A link to be written, and its address. */
export function linkTo(
  gateway: Gateway,
  { merchantId, subscriptionId }: Subscription,
  expiresAt: Date,
): { readonly link: Link; readonly url: string } {
  const secret = newBrowserSecret().toString('base64url');
  const mock = gateway.config.environment === 'sandbox' ? '?mock=true' : '';
  return {
    link: { secretHash: hashOf(secret), merchantId, subscriptionId, expiresAt },
    url: `${gateway.publicUrl()}/subscription/${subscriptionId}/${secret}${mock}`,
  };
}

/** A stolen copy of the database opens no page. */
const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url');

/** A management page that is visited. */
export interface Managed {
  /** As it works for the subscription's merchant. */
  readonly gateway: Gateway;
  readonly merchant: Merchant;
  readonly subscription: Subscription;
}

/**
 * Who may see a management page: whoever has its link, for a day.
 *
 * @param link - as the address has it
 * @returns undefined for an unknown, forged and expired link alike
 */
export async function visitSubscription(
  everything: Gateway,
  link: { readonly subscriptionId: string; readonly secret: string },
): Promise<Managed | undefined> {
  const found = await findLink(everything.database, hashOf(link.secret));
  if (found === undefined || found.subscriptionId !== link.subscriptionId) return undefined;
  const gateway = await forMerchant(everything, found.merchantId);
  if (found.expiresAt <= gateway.clock.now()) return undefined;
  const merchant = await findMerchant(gateway, found.merchantId);
  if (merchant?.status !== 'ACTIVE') return undefined;
  const subscription = await subscriptionNamed(gateway, found.merchantId, { subscriptionId: found.subscriptionId });
  return { gateway, merchant, subscription };
}
