/**
 * `POST /subscription/create`: records a subscription and has its first period paid with the shopper present: with a token, a
 * card in the request, or the card that he chooses at the checkout. A repeat answers the present state and charges nothing.
 */
import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/subscription';
import type { MerchantCaller } from '../caller.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import type { Merchant } from '../merchant/merchant.ts';
import { type BareCard, bareCardOf, fingerprintOfOrder, threeDsDecisionOf } from '../order/bare-card.ts';
import { checkCardPrefix } from '../order/card-prefix.ts';
import type { Means } from '../order/pay.ts';
import { namesToken, tokenOf } from '../order/token-shapes.ts';
import { summarise } from '../tokenization/card-summary.ts';
import { chargeableToken } from '../tokenization/charge.ts';
import { checkCard } from '../tokenization/check-card.ts';
import { checkSubscription } from './check.ts';
import { beginFree, payFirst } from './first-payment.ts';
import { bareCardIsFree, offerFree } from './free-offer.ts';
import { newSubscription } from './new-subscription.ts';
import { subscriptionActionOf } from './record.ts';
import { seenBefore } from './repeat.ts';
import { findSubscriptionByRequest } from './subscription.store.ts';
import type { Subscription } from './subscription.ts';
import { amountOf, isFree } from './terms.ts';

type Input = RequestOf<typeof operations.create>;
type Data = DataOf<typeof operations.create>;

export async function create(gateway: Gateway, caller: MerchantCaller, input: Input): Promise<Data> {
  const card = bareCardOf(caller.merchant, input);
  try {
    return answer(await createWith(gateway, caller, input, card));
  } finally {
    card?.dispose();
  }
}

async function createWith(
  gateway: Gateway,
  { merchant }: MerchantCaller,
  input: Input,
  card: BareCard | undefined,
): Promise<Subscription> {
  const { merchantId } = merchant;
  const fingerprint = fingerprintOfOrder(input, card);
  const repeat = (seen: Subscription) => seenBefore(gateway, seen, fingerprint, card);
  const earlier = await findSubscriptionByRequest(gateway.database, merchantId, input.subscriptionRequest);
  if (earlier !== undefined) return repeat(earlier);
  const terms = await checkSubscription(gateway, merchantId, input, gateway.clock.now());
  const free = isFree(amountOf(terms, 1));
  const means =
    card === undefined ? await tokenMeans(gateway, merchant, input, free) : cardMeans(gateway, merchantId, input, card);
  // Only a verified token can be charged without the shopper after a free trial.
  if (free && card !== undefined) throw bareCardIsFree();
  const subscription = newSubscription(gateway, merchantId, input, { fingerprint, terms, means });
  if (means !== undefined) {
    const { subscriptionId } = subscription;
    const use = { merchantId, subject: `subscription/${subscriptionId}`, reference: subscriptionId };
    await checkCardPrefix(gateway, input.paymentInfo, means, use);
  }
  const expiresAt = input.orderExpiredAt === undefined ? undefined : new Date(input.orderExpiredAt);
  const begin = { subscription, means, decision: threeDsDecisionOf(input), expiresAt, merchantName: merchant.name };
  const beginWithoutPayment = () =>
    means === undefined ? offerFree(gateway, subscription, expiresAt) : beginFree(gateway, begin);
  const made = free ? await beginWithoutPayment() : await payFirst(gateway, begin);
  if (made !== undefined) return made;
  const winner = await findSubscriptionByRequest(gateway.database, merchantId, input.subscriptionRequest);
  return repeat(winner ?? subscription);
}

/** @returns undefined when the request names no token: the shopper chooses */
async function tokenMeans(
  gateway: Gateway,
  { merchantId, settings }: Merchant,
  input: Input,
  free: boolean,
): Promise<Means | undefined> {
  if (!namesToken(input)) return undefined;
  const { tokenId } = tokenOf(input);
  const initiator = free ? 'MIT' : 'CIT';
  const token = await chargeableToken(gateway, { merchantId, tokenId, initiator, asAccessToken: false });
  if (settings.enforceTokenOwner && token.merchantUserId !== input.userInfo.userId) throw new Fault('TOKEN_INVALID');
  return { card: { cardId: token.cardId, tokenId }, summary: token.card, tokenId };
}

function cardMeans(gateway: Gateway, merchantId: string, input: Input, card: BareCard): Means {
  if (namesToken(input)) throw new Fault('PARAMETER_INVALID', 'cardInfo: give this or a token, not both');
  const connector = gateway.connectors.of(merchantId);
  checkCard(card, connector, gateway);
  return { card, summary: summarise(card, connector.factsOf(card.pan)), tokenId: undefined, save: true };
}

const answer = (subscription: Subscription): Data => ({
  subscriptionRequest: subscription.subscriptionRequest,
  merchantSubscriptionId: subscription.merchantSubscriptionId,
  subscriptionId: subscription.subscriptionId,
  subscriptionStatus: subscription.status,
  ...subscriptionActionOf(subscription),
});
