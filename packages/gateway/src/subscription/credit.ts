/** What is left of a subscription pays for the one that takes its place. Pure. */
import { fromMinorUnits, toMinorUnits } from '@waffo/protocol/money';
import { lastPeriodOf } from './period.ts';
import { amountOf, isFree, type Terms } from './terms.ts';

/** A credit that would pay for longer is lost after that. */
const mostPeriods = 999;

/**
 * Takes a credit off the first periods, one after the other, until it is used up or the last period is reached.
 *
 * @param creditMinor - minor units, not negative
 * @param priced.crossCurrency - whether the shopper pays in another one, and amounts have two decimals for it
 * @returns the terms, with what is left to pay of each period that the credit touches
 * @example withCredit(monthly100, 15000n, { currency: 'HKD', crossCurrency: false }).credited // { 1: '0.00', 2: '50.00' }
 */
export function withCredit(
  terms: Terms,
  creditMinor: bigint,
  { currency, crossCurrency }: { readonly currency: string; readonly crossCurrency: boolean },
): Terms {
  const credited: Record<string, string> = {};
  const last = Math.min(lastPeriodOf(terms.plan) ?? mostPeriods, mostPeriods);
  let credit = creditMinor;
  for (let period = 1; credit > 0n && period <= last; period++) {
    const amount = amountOf(terms, period);
    const price = isFree(amount) ? 0n : toMinorUnits(amount, currency, { crossCurrency });
    const used = credit < price ? credit : price;
    if (used > 0n) credited[period] = fromMinorUnits(price - used, currency, { crossCurrency });
    credit -= used;
  }
  return { ...terms, credited };
}
