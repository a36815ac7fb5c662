/** Sets what a merchant's contract limits: the currencies it covers, and how much in each. It counts for orders from now on. */
import { exponentOf, fromMinorUnits, MoneyError, toMinorUnits } from '@waffo/protocol/money';
import { z } from 'zod';
import type { Gateway } from '../gateway.ts';
import { AdministrationRefused } from './administer.ts';
import { findContractRows, removeCurrencyRow, setCurrencyRow } from './contract.store.ts';
import { findMerchant } from './find.ts';

type Deps = Pick<Gateway, 'database'>;

/** Decimal amounts in the currency, e.g. `1000.00`; null for no limit. */
export const currencyLimits = z.strictObject({
  transactionLimit: z.string().max(24).nullable(),
  dailyLimit: z.string().max(24).nullable(),
});
export type CurrencyLimits = z.infer<typeof currencyLimits>;

/**
 * What limits a merchant has, by currency. None at all: every currency, without limits.
 *
 * @throws AdministrationRefused MERCHANT_UNKNOWN
 */
export async function limitsOf(
  deps: Deps,
  merchantId: string,
): Promise<readonly (CurrencyLimits & { readonly currency: string })[]> {
  await requireMerchant(deps, merchantId);
  const { currencies } = await findContractRows(deps.database, merchantId);
  return currencies.map(({ currency, transaction_limit_minor, daily_limit_minor }) => {
    const shown = (minor: string | null) => (minor === null ? null : fromMinorUnits(BigInt(minor), currency));
    return { currency, transactionLimit: shown(transaction_limit_minor), dailyLimit: shown(daily_limit_minor) };
  });
}

/**
 * Covers a currency, with these limits. A merchant that has a currency with a row is covered for those with one only.
 *
 * @param currency - ISO 4217, e.g. `HKD`
 * @throws AdministrationRefused MERCHANT_UNKNOWN, or SETTING_INVALID with what is expected
 */
export async function setLimits(
  deps: Deps,
  merchantId: string,
  currency: string,
  limits: CurrencyLimits,
): Promise<void> {
  await requireMerchant(deps, merchantId);
  if (exponentOf(currency) === undefined)
    throw new AdministrationRefused('SETTING_INVALID', `currency: ${currency.slice(0, 12)} is not supported`);
  await setCurrencyRow(deps.database, {
    merchantId,
    currency,
    transactionLimitMinor: minorOf('transactionLimit', limits.transactionLimit, currency),
    dailyLimitMinor: minorOf('dailyLimit', limits.dailyLimit, currency),
  });
}

/** Covers the currency no more; when it was the last, all currencies again. @throws AdministrationRefused */
export async function removeLimits(deps: Deps, merchantId: string, currency: string): Promise<void> {
  await requireMerchant(deps, merchantId);
  await removeCurrencyRow(deps.database, merchantId, currency);
}

function minorOf(member: string, amount: string | null, currency: string): bigint | undefined {
  if (amount === null) return undefined;
  try {
    const minor = toMinorUnits(amount, currency);
    if (minor > 0n) return minor;
  } catch (error) {
    if (!(error instanceof MoneyError)) throw error;
    throw new AdministrationRefused('SETTING_INVALID', `${member}: ${error.message}`);
  }
  throw new AdministrationRefused('SETTING_INVALID', `${member}: must be greater than zero`);
}

async function requireMerchant(deps: Deps, merchantId: string): Promise<void> {
  if ((await findMerchant(deps, merchantId)) === undefined)
    throw new AdministrationRefused('MERCHANT_UNKNOWN', `there is no merchant ${merchantId}`);
}
