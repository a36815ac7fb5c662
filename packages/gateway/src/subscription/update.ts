/** `POST /subscription/update`: changes what later periods cost. The one that runs keeps its price, also when it is tried again. */
import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/subscription';
import type { MerchantCaller } from '../caller.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { isCrossCurrency } from '../order/amount.ts';
import type { Tx } from '../storage/database.ts';
import { checkAmounts, scheduleOf } from './check.ts';
import { unusedCredit, withCredit } from './credit.ts';
import { subscriptionNamed } from './find.ts';
import { trialPeriodsOf } from './period.ts';
import { findPeriod, lockSubscription, saveTerms } from './subscription.store.ts';
import type { Subscription } from './subscription.ts';
import { amountOf, nextCharge, type Terms } from './terms.ts';

type Input = RequestOf<typeof operations.update>;
type Data = DataOf<typeof operations.update>;

export async function update(gateway: Gateway, { merchant }: MerchantCaller, input: Input): Promise<Data> {
  const { merchantId, subscriptionId } = await subscriptionNamed(gateway, merchant.merchantId, input);
  return gateway.database.transaction(async (tx) => {
    const before = await lockSubscription(tx, merchantId, subscriptionId);
    if (before?.status !== 'ACTIVE') {
      throw new Fault('ORDER_STATE_INVALID', `The subscription is ${before?.status}; only an ACTIVE one can change.`);
    }
    const terms = termsWith(before, input);
    checkAmounts(gateway, merchantId, { currency: before.currency, userCurrency: before.echo.userCurrency }, terms);
    const { trialAmount, scheduled } = terms;
    const productInfo = {
      ...before.echo.productInfo,
      ...(trialAmount !== undefined && { trialPeriodAmount: trialAmount }),
      ...(input.productInfo?.scheduledAmounts && { scheduledAmounts: listed(scheduled) }),
    };
    const after = { ...before, terms, echo: { ...before.echo, productInfo }, updatedAt: gateway.clock.now() };
    await saveTerms(tx, { ...after, nextChargeAt: await nextChargeOf(tx, after) });
    return changeOf(before, after);
  });
}

/** A period that is free no longer is charged when it begins. A retry keeps its day, and what is not to follow stays so. */
async function nextChargeOf(tx: Tx, subscription: Subscription): Promise<Date | undefined> {
  const { period, nextChargeAt } = subscription;
  const status = (await findPeriod(tx, subscription, period))?.status;
  const goesOn = status === 'PAID' || (status === 'FAILED' && nextChargeAt !== undefined);
  return goesOn ? nextCharge(subscription, period + 1) : nextChargeAt;
}

/** What a credit was to pay of later periods pays for them at their new prices. */
function termsWith({ terms, period, currency, echo }: Subscription, input: Input): Terms {
  const priced = { currency, crossCurrency: isCrossCurrency(currency, echo.userCurrency) };
  const credit = unusedCredit(terms, priced, period + 1);
  return withCredit(pricesWith(terms, period, input), credit, priced, period + 1);
}

function pricesWith(terms: Terms, period: number, { amount, productInfo }: Input): Terms {
  const { plan } = terms;
  const first = Math.max(period, trialPeriodsOf(plan)) + 1;
  const amounts = productInfo?.scheduledAmounts;
  return {
    plan,
    amount: amount || terms.amount,
    trialAmount: plan.trial && (productInfo?.trialPeriodAmount || terms.trialAmount),
    scheduled: amounts === undefined ? terms.scheduled : scheduleOf(plan, amounts, first),
    kept: { period, amount: amountOf(terms, period) },
  };
}

const listed = (scheduled: Terms['scheduled']) =>
  Object.entries(scheduled).map(([period, amount]) => ({ period, amount }));

const changeOf = (before: Subscription, after: Subscription): Data => ({
  subscriptionRequest: after.subscriptionRequest,
  subscriptionId: after.subscriptionId,
  previousAmount: before.terms.amount,
  newAmount: after.terms.amount,
  ...(before.terms.trialAmount !== undefined && { previousTrialPeriodAmount: before.terms.trialAmount }),
  ...(after.terms.trialAmount !== undefined && { newTrialPeriodAmount: after.terms.trialAmount }),
  previousScheduledAmounts: listed(before.terms.scheduled),
  newScheduledAmounts: listed(after.terms.scheduled),
  nextEffectivePeriod: String(after.period + 1),
});
