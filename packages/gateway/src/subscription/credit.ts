/** What is left of a subscription pays for the one that takes its place. Pure. */
import { fromMinorUnits, toMinorUnits } from '@waffo/protocol/money';
import { lastPeriodOf } from './period.ts';
import { amountOf, isFree, type Terms } from './terms.ts';

/** A credit that would pay for longer is lost after that. */
const mostPeriods = 999;

/** How amounts are read. `crossCurrency`: the shopper pays in another one, and amounts have two decimals for it. */
interface Priced {
  readonly currency: string;
  readonly crossCurrency: boolean;
}

/**
 * Takes a credit off the first periods, one after the other, until it is used up or the last period is reached.
 *
 * @param creditMinor - minor units, not negative
 * @param first - the period to begin with
 * @returns the terms, with what is left to pay of each period that the credit touches
 * @example withCredit(monthly100, 15000n, { currency: 'HKD', crossCurrency: false }).credited // { 1: '0.00', 2: '50.00' }
 */
export function withCredit(terms: Terms, creditMinor: bigint, priced: Priced, first = 1): Terms {
  const credited: Record<string, string> = {};
  const last = Math.min(lastPeriodOf(terms.plan) ?? mostPeriods, mostPeriods);
  let credit = creditMinor;
  for (let period = first; credit > 0n && period <= last; period++) {
    const price = minorOf(amountOf(terms, period), priced);
    const used = credit < price ? credit : price;
    if (used > 0n) credited[period] = fromMinorUnits(price - used, priced.currency, priced);
    credit -= used;
  }
  return { ...terms, credited };
}

/**
 * What a credit has not paid yet, of the periods from `first` on.
 *
 * @returns minor units
 */
export function unusedCredit(terms: Terms, priced: Priced, first: number): bigint {
  const prices = { ...terms, credited: undefined };
  let credit = 0n;
  for (const [number, left] of Object.entries(terms.credited ?? {})) {
    const period = Number(number);
    if (period >= first) credit += minorOf(amountOf(prices, period), priced) - minorOf(left, priced);
  }
  return credit;
}

const minorOf = (amount: string, priced: Priced): bigint =>
  isFree(amount) ? 0n : toMinorUnits(amount, priced.currency, priced);
