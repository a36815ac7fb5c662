/**
 * A shopper's wish to pay with another card from now on: one that he saved, or a new one. A new one is bound like any other,
 * and its holder is always authenticated: without that a card cannot be charged when he is not there.
 */
import type { Gateway } from '../gateway.ts';
import type { CardSummary } from '../tokenization/card-summary.ts';
import { savedCardsOf } from '../tokenization/charge.ts';
import { openSessionFor, openSessionNamed } from '../tokenization/open-session.ts';
import { adoptCard } from './adopt-card.ts';
import type { Subscription } from './subscription.ts';
import { takesCard } from './takes-card.ts';

/** Who is subscribed, as the merchant names him. */
const subscriberOf = ({ echo }: Subscription): string => (echo.userInfo as { readonly userId?: string }).userId ?? '';

/** The cards that may take the place: saved, verified, and not the one that pays already. */
export async function otherCardsOf(
  gateway: Gateway,
  subscription: Subscription,
): Promise<{ readonly tokenId: string; readonly card: CardSummary }[]> {
  const saved = await savedCardsOf(gateway, subscription.merchantId, subscriberOf(subscription));
  return saved.filter(({ tokenId, status }) => status === 'VERIFIED' && tokenId !== subscription.tokenId);
}

/** @param card - of `otherCardsOf` */
export async function useSavedCard(
  gateway: Gateway,
  subscription: Subscription,
  card: { readonly tokenId: string; readonly card: CardSummary },
): Promise<void> {
  await gateway.database.transaction((tx) => adoptCard(gateway, tx, subscription, card));
  gateway.nudge();
}

/**
 * The session of a change that was begun, while it may be used.
 *
 * @returns what the browser encrypts to
 */
export async function openCardChange(
  gateway: Gateway,
  subscription: Subscription,
  tokenRequestId: string,
): Promise<string | undefined> {
  if (!takesCard(subscription)) return undefined;
  const { merchantId, subscriptionId } = subscription;
  const session = await openSessionNamed(gateway, merchantId, tokenRequestId);
  return session?.subscriptionId === subscriptionId ? session.sessionId : undefined;
}

/**
 * Opens a binding session. The card that is bound with it pays the subscription from then on.
 *
 * @returns its `tokenRequestId`
 */
export const beginCardChange = (gateway: Gateway, subscription: Subscription): Promise<string> =>
  openSessionFor(gateway, {
    merchantId: subscription.merchantId,
    merchantUserId: subscriberOf(subscription),
    notifyUrl: subscription.notifyUrl,
    subscriptionId: subscription.subscriptionId,
  });
