/** Reads a merchant's contract, and fills in what it leaves open: all that the connector offers. */
import type { PayMethod } from '../connector/connector.ts';
import type { Gateway } from '../gateway.ts';
import { type CurrencyRow, findContractRows, type PayMethodRow } from './contract.store.ts';
import type { Contract, CurrencyTerms, PayMethodTerms } from './contract.ts';

/** Products that a contract covers unless its rows say otherwise. */
const usualProducts = ['ONE_TIME_PAYMENT', 'DIRECT_PAYMENT', 'ONE_CLICK_PAYMENT', 'MINI_PROGRAM_PAYMENT'];
/** Products of `subscription/create`, covered just so. */
export const subscriptionProducts = ['SUBSCRIPTION', 'MINI_PROGRAM_SUBSCRIPTION'];
/** Of the usual ones, those that the list of methods shows (contract section 13.2). */
const listedProducts = usualProducts.slice(0, 2);

/** The contract as it is now. */
export async function contractOf(
  { database, connectors }: Pick<Gateway, 'database' | 'connectors'>,
  merchantId: string,
): Promise<Contract> {
  const { currencies, methods } = await findContractRows(database, merchantId);
  const own = methods.map(methodFrom);
  return {
    currencies: currencies.map(currencyFrom),
    products:
      own.length > 0
        ? [...new Set(own.map(({ productName }) => productName))]
        : [...usualProducts, ...subscriptionProducts],
    methods: own.length > 0 ? own : usualMethods(connectors.of(merchantId).payMethods),
  };
}

/** By what a connector offers, which is one list for as long as it lives. */
const usual = new WeakMap<readonly PayMethod[], readonly PayMethodTerms[]>();

function usualMethods(offered: readonly PayMethod[]): readonly PayMethodTerms[] {
  const known = usual.get(offered) ?? allOf(offered);
  usual.set(offered, known);
  return known;
}

const allOf = (offered: readonly PayMethod[]): PayMethodTerms[] =>
  listedProducts.flatMap((productName) =>
    offered.map((method) => ({
      ...method,
      productName,
      currency: '',
      amountMinMinor: undefined,
      amountMaxMinor: undefined,
      available: true,
      refundAllowed: true,
    })),
  );

const minor = (text: string | null): bigint | undefined => (text === null ? undefined : BigInt(text));

const currencyFrom = (row: CurrencyRow): CurrencyTerms => ({
  currency: row.currency,
  transactionLimitMinor: minor(row.transaction_limit_minor),
  dailyLimitMinor: minor(row.daily_limit_minor),
});

const methodFrom = (row: PayMethodRow): PayMethodTerms => ({
  productName: row.product_name,
  payMethodType: row.pay_method_type,
  payMethodName: row.pay_method_name,
  country: row.country,
  currency: row.currency,
  amountMinMinor: minor(row.amount_min_minor),
  amountMaxMinor: minor(row.amount_max_minor),
  available: row.available,
  refundAllowed: row.refund_allowed,
});
