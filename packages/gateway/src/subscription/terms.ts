/** What was agreed of a subscription: its calendar, and what each period costs. Pure. */
import { lastPeriodOf, type Plan, startOf, trialPeriodsOf } from './period.ts';

/** Amounts are decimal strings in major units, as the merchant wrote them. */
export interface Terms {
  readonly plan: Plan;
  readonly amount: string;
  /** Of each trial period. */
  readonly trialAmount?: string | undefined;
  /** Periods with a price of their own, by number. */
  readonly scheduled: Readonly<Record<string, string>>;
  /** Periods that a credit pays in whole or in part, by number: what is left to pay. */
  readonly credited?: Readonly<Record<string, string>> | undefined;
  /** The period that ran when the prices changed, at the price that it had. */
  readonly kept?: { readonly period: number; readonly amount: string } | undefined;
}

/** What a period costs: a decimal string in major units. */
export function amountOf({ plan, amount, trialAmount, scheduled, kept, credited }: Terms, period: number): string {
  if (kept?.period === period) return kept.amount;
  const left = credited?.[period];
  if (left !== undefined) return left;
  if (period <= trialPeriodsOf(plan)) return trialAmount ?? amount;
  return scheduled[period] ?? amount;
}

/** Whether nothing is to be paid: a trial may cost nothing (contract C-11). */
export const isFree = (amount: string): boolean => /^0(?:\.0{1,8})?$/.test(amount);

/** More than trials and a credit can make free together. */
const mostFreePeriods = 2_000;

/** The first period from this one on that costs something: behind trials, and what a credit pays; undefined: none follows. */
export function firstCharged(terms: Terms, period: number): number | undefined {
  const last = lastPeriodOf(terms.plan) ?? period + mostFreePeriods;
  for (let next = period; next <= last; next++) if (!isFree(amountOf(terms, next))) return next;
  return undefined;
}

/** A subscription, as far as its dates go. */
interface Begun {
  readonly terms: Terms;
  readonly anchor: Date | undefined;
  readonly anchorPeriod: number;
}

/** When a period of a subscription begins; undefined before the subscription has begun. */
export const periodStart = ({ terms, anchor, anchorPeriod }: Begun, period: number): Date | undefined =>
  anchor && startOf({ plan: terms.plan, anchor, anchorPeriod }, period);

/** When a card is charged next, from a period on: free ones charge none. */
export function nextCharge(begun: Begun, period: number): Date | undefined {
  const charged = firstCharged(begun.terms, period);
  return charged === undefined ? undefined : periodStart(begun, charged);
}
