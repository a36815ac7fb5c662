/** What is left of a subscription pays for the one that takes its place. Pure. */
import { fromMinorUnits } from '@waffo/protocol/money';
import { lastPeriodOf } from './period.ts';
import { amountOf, type Terms } from './terms.ts';

/** A credit that would pay for longer is lost after that. */
const mostPeriods = 999;

/**
 * Takes a credit off the first periods, one after the other, until it is used up or the last period is reached.
 *
 * @param creditMinor - minor units, not negative
 * @param minorOf - reads a price of these terms in minor units; 0 for a free one
 * @param crossCurrency - whether the shopper pays in another one, and amounts have two decimals for it
 * @returns the terms, with what is left to pay of each period that the credit touches
 * @example withCredit(monthly100, 15000n, 'HKD', read).credited // { 1: '0.00', 2: '50.00' }
 */
export function withCredit(
  terms: Terms,
  creditMinor: bigint,
  currency: string,
  minorOf: (amount: string) => bigint,
  crossCurrency = false,
): Terms {
  const credited: Record<string, string> = {};
  const last = Math.min(lastPeriodOf(terms.plan) ?? mostPeriods, mostPeriods);
  let credit = creditMinor;
  for (let period = 1; credit > 0n && period <= last; period++) {
    const price = minorOf(amountOf(terms, period));
    const used = credit < price ? credit : price;
    if (used > 0n) credited[period] = fromMinorUnits(price - used, currency, { crossCurrency });
    credit -= used;
  }
  return { ...terms, credited };
}
