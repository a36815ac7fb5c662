/** What a subscription must satisfy before a card is looked at: calendar, amounts, currency, limits, product, method. */
import type { RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/subscription';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { contractOf, subscriptionProducts } from '../merchant/find-contract.ts';
import { minorUnitsOf } from '../order/amount.ts';
import { cardPrefixOf } from '../order/card-prefix.ts';
import { checkLanguage } from '../order/check.ts';
import { checkShopper } from '../order/check-shopper.ts';
import { type Cycle, lastPeriodOf, type PeriodType, type Plan, trialPeriodsOf } from './period.ts';
import { isFree, type Terms } from './terms.ts';

type Input = RequestOf<typeof operations.create>;

const periodTypes: readonly string[] = ['DAILY', 'WEEKLY', 'MONTHLY'] satisfies PeriodType[];
/** Ten years of months, and no date beyond what the wire can write. */
const longestInterval: Readonly<Record<PeriodType, number>> = { DAILY: 3_660, WEEKLY: 520, MONTHLY: 120 };
const mostPeriods = 499;
const mostScheduled = 9_999;

/**
 * What is agreed by a request.
 *
 * @throws Fault PARAMETER_INVALID, which names the member; those of `minorUnitsOf`; CONTRACT_FORBIDS, LANGUAGE_NOT_SUPPORTED,
 *   ORDER_EXPIRY_PAST
 */
export async function checkSubscription(gateway: Gateway, merchantId: string, input: Input, now: Date): Promise<Terms> {
  const { userInfo, paymentInfo, orderExpiredAt, notifyUrl } = input;
  const terms = termsOf(input);
  checkAmounts(gateway, merchantId, input, terms);
  const { products } = await contractOf(gateway, merchantId);
  const covered = products.filter((name) => subscriptionProducts.includes(name));
  if (!covered.includes(paymentInfo.productName)) {
    const what = covered.length === 0 ? 'no subscriptions' : covered.join(', ');
    throw new Fault('CONTRACT_FORBIDS', `paymentInfo.productName: the contract covers ${what}`);
  }
  if (!paymentInfo.payMethodType && !paymentInfo.payMethodName) {
    throw invalid('paymentInfo.payMethodType', 'give this or payMethodName, e.g. CREDITCARD');
  }
  checkShopper(userInfo);
  checkLanguage(paymentInfo);
  cardPrefixOf(paymentInfo);
  if (orderExpiredAt !== undefined && new Date(orderExpiredAt) <= now) throw new Fault('ORDER_EXPIRY_PAST');
  const reason = gateway.egress.check(notifyUrl);
  if (reason !== undefined) throw invalid('notifyUrl', reason);
  return terms;
}

function termsOf({ amount, productInfo }: Input): Terms {
  const plan = planOf(productInfo);
  const trialAmount = plan.trial && (productInfo.trialPeriodAmount || undefined);
  const scheduled = scheduleOf(plan, productInfo.scheduledAmounts ?? [], trialPeriodsOf(plan) + 1);
  return { plan, amount, trialAmount, scheduled };
}

/**
 * Prices by period.
 *
 * @param first - the first period that may have one
 * @throws Fault PARAMETER_INVALID
 */
export function scheduleOf(
  plan: Plan,
  amounts: readonly { readonly period: string; readonly amount: string }[],
  first: number,
): Terms['scheduled'] {
  const member = 'productInfo.scheduledAmounts.period';
  const last = lastPeriodOf(plan) ?? mostScheduled;
  const scheduled = new Map<string, string>();
  for (const { period, amount } of amounts) {
    const number = wholeNumber(member, period, first, last);
    if (scheduled.has(String(number))) throw invalid(member, 'named twice');
    scheduled.set(String(number), amount);
  }
  return Object.fromEntries(scheduled);
}

function planOf(product: Input['productInfo']): Plan {
  const { numberOfPeriod, numberOfTrialPeriod } = product;
  const cycle = cycleOf(product.periodType, product.periodInterval, 'period');
  const periods = numberOfPeriod
    ? wholeNumber('productInfo.numberOfPeriod', numberOfPeriod, 1, mostPeriods)
    : undefined;
  const trials = numberOfTrialPeriod
    ? wholeNumber('productInfo.numberOfTrialPeriod', numberOfTrialPeriod, 0, mostPeriods)
    : 0;
  if (trials === 0) return { cycle, trial: undefined, periods };
  // Empty text names nothing, as in the other members of a trial.
  const trialPeriodType = product.trialPeriodType || product.periodType;
  const trialPeriodInterval = product.trialPeriodInterval || product.periodInterval;
  return {
    cycle,
    trial: { ...cycleOf(trialPeriodType, trialPeriodInterval, 'trialPeriod'), periods: trials },
    periods,
  };
}

function cycleOf(type: string, interval: string, member: 'period' | 'trialPeriod'): Cycle {
  if (!isPeriodType(type)) throw invalid(`productInfo.${member}Type`, `expected ${periodTypes.join(', ')}`);
  return { type, interval: wholeNumber(`productInfo.${member}Interval`, interval, 1, longestInterval[type]) };
}

const isPeriodType = (text: string): text is PeriodType => periodTypes.includes(text);

function wholeNumber(member: string, text: string, least: number, most: number): number {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw invalid(member, `expected a whole number from ${least} to ${most}`);
}

const invalid = (member: string, why: string): Fault => new Fault('PARAMETER_INVALID', `${member}: ${why}`);

/**
 * Every price is read now, so that none is found wrong when it is due.
 *
 * @throws Fault of `minorUnitsOf`
 */
export function checkAmounts(
  gateway: Pick<Gateway, 'connectors'>,
  merchantId: string,
  { currency, userCurrency }: Pick<Input, 'currency' | 'userCurrency'>,
  terms: Terms,
): void {
  const account = { merchantId, currency, echo: { userCurrency } };
  const read = (member: string, amount: string) =>
    minorUnitsOf(gateway, account, { amount, member, currencyMember: 'currency' });
  read('amount', terms.amount);
  for (const price of Object.values(terms.scheduled)) read('productInfo.scheduledAmounts.amount', price);
  if (terms.trialAmount !== undefined && !isFree(terms.trialAmount)) {
    read('productInfo.trialPeriodAmount', terms.trialAmount);
  }
  for (const left of Object.values(terms.credited ?? {})) if (!isFree(left)) read('amount', left);
}
