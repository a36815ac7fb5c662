/**
 * What a merchant's contract covers: currencies with their limits, and methods. Rows of the database, which an operator
 * may change while the gateway runs. Without rows the contract covers all that the connector offers, without limits.
 */
export interface CurrencyTerms {
  readonly currency: string;
  /** Of a single order; minor units. */
  readonly transactionLimitMinor: bigint | undefined;
  /** Of a UTC day; minor units. */
  readonly dailyLimitMinor: bigint | undefined;
}

export interface PayMethodTerms {
  readonly productName: string;
  readonly payMethodType: string;
  readonly payMethodName: string;
  /** ISO 3166-1 alpha-3; empty for methods of no one country. */
  readonly country: string;
  /** Empty: every contracted one, and then there are no bounds. */
  readonly currency: string;
  readonly amountMinMinor: bigint | undefined;
  readonly amountMaxMinor: bigint | undefined;
  readonly available: boolean;
  readonly refundAllowed: boolean;
}

export interface Contract {
  readonly products: readonly string[];
  /** Empty: every supported one, without limits. */
  readonly currencies: readonly CurrencyTerms[];
  readonly methods: readonly PayMethodTerms[];
}
