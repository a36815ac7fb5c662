/** Limits of a contract: what a single order may be, and what a day may add up to. A day is counted only where it has a limit. */
import { Fault } from '../fault.ts';
import type { Tx } from '../storage/database.ts';
import { claimDay, releaseDay } from './contract.store.ts';
import type { Contract, CurrencyTerms } from './contract.ts';

/** The UTC day of a moment, e.g. `2026-11-23`. */
export const dayOf = (moment: Date): string => moment.toISOString().slice(0, 10);

/**
 * @returns the terms of the currency, when the contract names any
 * @throws Fault CURRENCY_NOT_SUPPORTED when the contract does not cover it, TRANSACTION_LIMIT_EXCEEDED
 */
export function checkLimits(
  { currencies }: Contract,
  { currency, amountMinor }: { readonly currency: string; readonly amountMinor: bigint },
): CurrencyTerms | undefined {
  if (currencies.length === 0) return undefined;
  const terms = currencies.find((row) => row.currency === currency);
  if (terms === undefined) {
    const covered = currencies.map((row) => row.currency).join(', ');
    throw new Fault('CURRENCY_NOT_SUPPORTED', `orderCurrency: the contract covers ${covered}`);
  }
  const { transactionLimitMinor } = terms;
  if (transactionLimitMinor !== undefined && amountMinor > transactionLimitMinor) {
    throw new Fault('TRANSACTION_LIMIT_EXCEEDED');
  }
  return terms;
}

/** An order, as far as a day's limit sees it. */
export interface Counted {
  readonly merchantId: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  /** Undefined: the day had no limit. */
  readonly limitDay: string | undefined;
}

/**
 * Counts an order against its day, in the transaction that writes the order.
 *
 * @throws Fault DAILY_LIMIT_EXCEEDED, and nothing is counted
 */
export async function claimLimit(tx: Tx, order: Counted, limitMinor: bigint | undefined): Promise<void> {
  const { merchantId, currency, amountMinor, limitDay: day } = order;
  if (day === undefined || limitMinor === undefined) return;
  if (!(await claimDay(tx, { merchantId, currency, day, amountMinor, limitMinor }))) {
    throw new Fault('DAILY_LIMIT_EXCEEDED');
  }
}

/** An order that closed unpaid gives its day back what it took. */
export async function releaseLimit(
  tx: Tx,
  { merchantId, currency, amountMinor, limitDay: day }: Counted,
): Promise<void> {
  if (day !== undefined) await releaseDay(tx, { merchantId, currency, day, amountMinor });
}
