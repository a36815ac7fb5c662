/** What is charged next of a subscription that runs. */
import type { Sql } from '../storage/database.ts';
import { findPeriod } from './subscription.store.ts';
import type { Subscription } from './subscription.ts';
import { amountOf, firstCharged } from './terms.ts';

export interface NextTry {
  readonly period: number;
  /** From 1. */
  readonly attempt: number;
  /** Of the next period that costs something: decimal string in major units. */
  readonly amount: string;
}

/** @returns undefined while a charge is on its way, and when no period is to follow */
export async function nextTryOf(sql: Sql, subscription: Subscription): Promise<NextTry | undefined> {
  const { status, nextChargeAt, period: current, terms } = subscription;
  if (status !== 'ACTIVE' || nextChargeAt === undefined) return undefined;
  const state = await findPeriod(sql, subscription, current);
  if (state?.status === 'CHARGING') return undefined;
  const isDue = state?.status === 'DUE';
  const period = isDue ? current : current + 1;
  const amount = amountOf(terms, firstCharged(terms, period) ?? period);
  return { period, attempt: isDue ? state.tries + 1 : 1, amount };
}
