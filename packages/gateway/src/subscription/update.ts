/** `POST /subscription/update`: changes what later periods cost. The one that runs keeps its price, also when it is tried again. */
import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/subscription';
import type { MerchantCaller } from '../caller.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { checkAmounts, scheduleOf } from './check.ts';
import { subscriptionNamed } from './find.ts';
import { trialPeriodsOf } from './period.ts';
import { lockSubscription, saveTerms } from './subscription.store.ts';
import type { Subscription } from './subscription.ts';
import { amountOf, type Terms } from './terms.ts';

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
    await saveTerms(tx, after);
    return changeOf(before, after);
  });
}

function termsWith({ terms, period }: Subscription, { amount, productInfo }: Input): Terms {
  const { plan } = terms;
  const first = Math.max(period, trialPeriodsOf(plan)) + 1;
  const amounts = productInfo?.scheduledAmounts;
  return {
    plan,
    amount: amount || terms.amount,
    trialAmount: plan.trial && (productInfo?.trialPeriodAmount || terms.trialAmount),
    scheduled: amounts === undefined ? terms.scheduled : scheduleOf(plan, amounts, first),
    credited: terms.credited,
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
