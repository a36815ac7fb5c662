/** `POST /merchantconfig/inquiry` and `/paymethodconfig/inquiry`: what the contract limits and covers. */
import { fromMinorUnits } from '@waffo/protocol/money';
import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/contract-config';
import type { MerchantCaller } from '../caller.ts';
import type { Gateway } from '../gateway.ts';
import { usedOn } from './contract.store.ts';
import type { CurrencyTerms, PayMethodTerms } from './contract.ts';
import { contractOf } from './find-contract.ts';
import { dayOf } from './limits.ts';

type Limits = DataOf<typeof operations.merchantConfig>;
type Methods = DataOf<typeof operations.payMethodConfig>;

export async function merchantConfig(
  gateway: Gateway,
  { merchant: { merchantId } }: MerchantCaller,
  _input: RequestOf<typeof operations.merchantConfig>,
): Promise<Limits> {
  const { currencies } = await contractOf(gateway, merchantId);
  const used = await usedOn(gateway.database, merchantId, dayOf(gateway.clock.now()));
  const left = ({ currency, dailyLimitMinor }: CurrencyTerms): bigint | undefined => {
    const rest = dailyLimitMinor === undefined ? undefined : dailyLimitMinor - (used.get(currency) ?? 0n);
    return rest !== undefined && rest < 0n ? 0n : rest;
  };
  return {
    merchantId,
    ...named('totalDailyLimit', currencies, (terms) => terms.dailyLimitMinor),
    ...named('remainingDailyLimit', currencies, left),
    ...named('transactionLimit', currencies, (terms) => terms.transactionLimitMinor),
  };
}

/** A member by currency; absent when no currency has a value. */
function named(
  member: keyof Limits,
  currencies: readonly CurrencyTerms[],
  minorOf: (terms: CurrencyTerms) => bigint | undefined,
): Partial<Limits> {
  const entries = currencies.flatMap((terms) => {
    const value = minorOf(terms);
    return value === undefined ? [] : [[terms.currency, fromMinorUnits(value, terms.currency)] as const];
  });
  return entries.length === 0 ? {} : { [member]: Object.fromEntries(entries) };
}

export async function payMethodConfig(
  gateway: Gateway,
  { merchant: { merchantId } }: MerchantCaller,
  _input: RequestOf<typeof operations.payMethodConfig>,
): Promise<Methods> {
  const { methods } = await contractOf(gateway, merchantId);
  return { merchantId, payMethodDetails: methods.map(detailOf) };
}

const detailOf = (terms: PayMethodTerms): Methods['payMethodDetails'][number] => ({
  productName: terms.productName,
  payMethodType: terms.payMethodType,
  payMethodName: terms.payMethodName,
  country: terms.country,
  currentStatus: terms.available ? '1' : '0',
  refundAllowed: terms.refundAllowed ? '1' : '0',
  ...(terms.currency !== '' && { currency: terms.currency }),
  ...(terms.amountMinMinor !== undefined && { orderAmountMin: fromMinorUnits(terms.amountMinMinor, terms.currency) }),
  ...(terms.amountMaxMinor !== undefined && { orderAmountMax: fromMinorUnits(terms.amountMaxMinor, terms.currency) }),
  fixedMaintenanceRules: [],
  fixedMaintenanceTimezone: 'UTC+00:00',
});
