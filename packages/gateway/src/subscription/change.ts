/**
 * `POST /subscription/change`: another subscription takes the place of one that runs. It is paid with the same card, less what is left
 * of the old one; when it begins the old one ends, in the same transaction. Until then the old one is not charged.
 */
import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type * as creating from '@waffo/protocol/operations/subscription';
import type * as operations from '@waffo/protocol/operations/subscription-change';
import type { MerchantCaller } from '../caller.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { requestFingerprint } from '../idempotency.ts';
import { isCrossCurrency, minorUnitsOf } from '../order/amount.ts';
import type { Tx } from '../storage/database.ts';
import { changeDataOf } from './change-record.ts';
import { meansOfToken } from './charge.ts';
import { checkSubscription } from './check.ts';
import { withCredit } from './credit.ts';
import { subscriptionNamed } from './find.ts';
import { beginFree, payFirst } from './first-payment.ts';
import { newSubscription } from './new-subscription.ts';
import { seenBefore } from './repeat.ts';
import {
  findPeriod,
  findSubscription,
  findSubscriptionByRequest,
  lockSubscription,
  saveTerms,
} from './subscription.store.ts';
import { isWaiting, type Subscription } from './subscription.ts';
import { amountOf, isFree, type Terms } from './terms.ts';

type Input = RequestOf<typeof operations.change>;
type Data = DataOf<typeof operations.change>;
type CreateInput = RequestOf<typeof creating.create>;

export async function change(gateway: Gateway, { merchant }: MerchantCaller, input: Input): Promise<Data> {
  const { merchantId } = merchant;
  const { subscriptionRequest, originSubscriptionRequest } = input;
  const fingerprint = requestFingerprint(input);
  const repeat = async (seen: Subscription) => changeDataOf(await seenBefore(gateway, seen, fingerprint));
  // The old one is read first: who finds it ended by this very change, given twice at once, finds the change as well.
  const old = await findSubscriptionByRequest(gateway.database, merchantId, originSubscriptionRequest);
  const earlier = await findSubscriptionByRequest(gateway.database, merchantId, subscriptionRequest);
  if (earlier !== undefined) return repeat(earlier);
  const origin =
    old ?? (await subscriptionNamed(gateway, merchantId, { subscriptionRequest: originSubscriptionRequest }));
  refuseUnless(origin.status === 'ACTIVE', `The subscription is ${origin.status}; only an ACTIVE one can be changed.`);
  const wanted = wantedOf(origin, input);
  const terms = await termsOf(gateway, merchantId, input, wanted);
  const means = await meansOfToken(gateway, { merchantId, initiator: 'CIT' }, origin.tokenId);
  const { remainingAmount, productInfoList, orderExpiredAt } = input;
  const subscription = newSubscription(gateway, merchantId, wanted, {
    fingerprint,
    terms,
    means,
    origin: {
      originId: origin.subscriptionId,
      change: { originSubscriptionRequest, remainingAmount, productInfoList, orderExpiredAt },
    },
  });
  const before = (tx: Tx) => reserve(gateway, tx, origin, subscription);
  const expiresAt = orderExpiredAt === undefined ? undefined : new Date(orderExpiredAt);
  const made = isFree(amountOf(terms, 1))
    ? await beginFree(gateway, { subscription, before })
    : await payFirst(gateway, {
        subscription,
        means,
        decision: undefined,
        expiresAt,
        merchantName: merchant.name,
        before,
      });
  if (made !== undefined) return changeDataOf(made);
  return repeat((await findSubscriptionByRequest(gateway.database, merchantId, subscriptionRequest)) ?? subscription);
}

/** The new subscription, as `create` would be asked for it; what is not said stays as it was. */
function wantedOf({ echo, currency, merchantSubscriptionId }: Subscription, input: Input): CreateInput {
  const [product, ...others] = input.productInfoList;
  if (product === undefined || others.length > 0) {
    throw new Fault(
      'PARAMETER_INVALID',
      'productInfoList: give one product; a subscription has one price and one calendar',
    );
  }
  if (input.currency !== currency) {
    throw new Fault('CURRENCY_NOT_SUPPORTED', `currency: the subscription that is changed is paid in ${currency}`);
  }
  const { amount, ...productInfo } = product;
  const { payMethodProperties: _, ...kept } = echo.paymentInfo as CreateInput['paymentInfo'];
  return {
    ...input,
    amount,
    productInfo,
    paymentInfo: { ...kept, ...input.paymentInfo },
    merchantSubscriptionId: input.merchantSubscriptionId || merchantSubscriptionId,
  };
}

async function termsOf(gateway: Gateway, merchantId: string, input: Input, wanted: CreateInput): Promise<Terms> {
  const terms = await checkSubscription(gateway, merchantId, wanted, gateway.clock.now());
  const { currency, userCurrency, remainingAmount } = input;
  const account = { merchantId, currency, echo: { userCurrency } };
  const named = { amount: remainingAmount, member: 'remainingAmount', currencyMember: 'currency' };
  const credit = isFree(remainingAmount) ? 0n : minorUnitsOf(gateway, account, named);
  const crossCurrency = isCrossCurrency(currency, userCurrency);
  const credited = withCredit(terms, credit, { currency, crossCurrency });
  // Every price is read now, so that none is found wrong when it is due.
  for (const amount of Object.values(credited.credited ?? {})) {
    if (!isFree(amount)) minorUnitsOf(gateway, account, { ...named, amount });
  }
  return credited;
}

/**
 * Lets the old subscription wait for what becomes of the change, so that it is not charged meanwhile.
 *
 * @returns false when the same request, given twice at once, was faster. Its row is not to be inserted then: that would wait for
 *   whoever settles it, who waits for the old one, which is locked here
 * @throws Fault ORDER_STATE_INVALID
 */
async function reserve(
  gateway: Gateway,
  tx: Tx,
  { merchantId, subscriptionId }: Subscription,
  heir: Subscription,
): Promise<boolean> {
  const open = await lockSubscription(tx, merchantId, subscriptionId);
  const { heirId } = open?.echo ?? {};
  const rival = heirId === undefined ? undefined : await findSubscription(tx, merchantId, heirId);
  if (rival?.subscriptionRequest === heir.subscriptionRequest) return false;
  refuseUnless(rival === undefined || !isWaiting(rival), 'Another change of this subscription is under way.');
  refuseUnless(open?.status === 'ACTIVE', `The subscription is ${open?.status}; only an ACTIVE one can be changed.`);
  const period = await findPeriod(tx, open, open.period);
  refuseUnless(
    period?.status !== 'CHARGING',
    'A payment of this subscription is on its way; change it when that has ended.',
  );
  const echo = { ...open.echo, heirId: heir.subscriptionId };
  await saveTerms(tx, { ...open, echo, updatedAt: gateway.clock.now() });
  return true;
}

function refuseUnless(holds: boolean, why: string): asserts holds {
  if (!holds) throw new Fault('ORDER_STATE_INVALID', why);
}
