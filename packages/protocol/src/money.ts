/**
 * Amounts: decimal strings in major units on the wire, `bigint` minor units inside, and the published precision of each
 * currency between them (contract section 4). Imports nothing. It must never let an amount become a `number`.
 */

/**
 * How many decimals the wire wants: `two` exactly, `none`, or `special`: none, but two exactly when the shopper pays in
 * another currency than the order's.
 */
export type Precision = 'two' | 'none' | 'special';

const currenciesBy: Readonly<Record<Precision, string>> = {
  two: 'PHP MYR THB KHR SGD HKD MOP CNY AUD MNT USD BRL MXN PEN CAD AWG EUR GBP RUB TRY PLN SEK NGN USDC USDT',
  none: 'JPY KRW VND CLP',
  special: 'IDR COP KES TWD',
};

/** Every supported currency with its precision, in the order of publication. */
export const precisions: ReadonlyMap<string, Precision> = new Map(
  (Object.keys(currenciesBy) as Precision[]).flatMap((precision) =>
    currenciesBy[precision].split(' ').map((currency): [string, Precision] => [currency, precision]),
  ),
);

/** Keeps every amount, and sums of many thousands of them, inside 64 bits. */
const wholeDigitsLimit = 15;

/** An amount or currency that the wire does not allow. The message says what is expected and repeats nothing of the input. */
export class MoneyError extends Error {
  override readonly name = 'MoneyError';
}

/** What an amount's form may depend on besides its currency. */
export interface AmountContext {
  /** The shopper pays in another currency than the amount's; matters to `special` currencies only. */
  readonly crossCurrency?: boolean;
}

/**
 * How many decimal digits a minor unit stands for. It is one per currency, whatever form an amount has on the wire, so
 * that minor units of one currency can always be added: 50000 IDR and 50000.00 IDR are both 5000000.
 *
 * @param currency - ISO 4217 code, or USDC, USDT; capital letters
 * @returns undefined when the currency is not supported
 * @example exponentOf('HKD') // 2
 */
export function exponentOf(currency: string): number | undefined {
  const precision = precisions.get(currency);
  if (precision === undefined) return undefined;
  return precision === 'none' ? 0 : 2;
}

/**
 * Reads an amount of the wire. Zero is an amount; whether it makes sense is the caller's to say.
 *
 * @param amount - decimal string in major units with exactly the currency's decimals, at most 15 digits before the point;
 *   no sign, exponent, blanks or leading zeros
 * @param currency - see `exponentOf`
 * @param context - see `AmountContext`
 * @returns minor units
 * @throws MoneyError with the expected form, e.g. `HKD needs exactly two decimals, e.g. 100.00`
 * @example toMinorUnits('100.00', 'HKD') // 10000n
 * @example toMinorUnits('50000', 'IDR') // 5000000n
 */
export function toMinorUnits(amount: string, currency: string, context: AmountContext = {}): bigint {
  const exponent = supportedExponent(currency);
  const decimals = decimalsOf(currency, context);
  const form = /^(0|[1-9][0-9]*)(?:\.([0-9]+))?$/.exec(amount);
  const [, whole = '', fraction = ''] = form ?? [];
  if (form === null || fraction.length !== decimals) throw new MoneyError(expectedForm(currency, decimals));
  if (whole.length > wholeDigitsLimit) {
    throw new MoneyError(`an amount has at most ${wholeDigitsLimit} digits before the point`);
  }
  return BigInt(whole + fraction.padEnd(exponent, '0'));
}

/**
 * Writes an amount for the wire; the inverse of `toMinorUnits`. A `special` currency is written without decimals, unless
 * the order is cross-currency or the amount has a fraction (nothing is ever rounded away).
 *
 * @param minorUnits - zero or more
 * @param currency - see `exponentOf`
 * @param context - see `AmountContext`
 * @throws MoneyError for an unsupported currency or a negative amount
 * @example fromMinorUnits(10000n, 'HKD') // '100.00'
 */
export function fromMinorUnits(minorUnits: bigint, currency: string, context: AmountContext = {}): string {
  const exponent = supportedExponent(currency);
  if (minorUnits < 0n) throw new MoneyError('an amount on the wire is never negative');
  const digits = minorUnits.toString().padStart(exponent + 1, '0');
  const whole = digits.slice(0, digits.length - exponent);
  const fraction = digits.slice(digits.length - exponent);
  const isWhole = decimalsOf(currency, context) === 0 && /^0*$/.test(fraction);
  return isWhole ? whole : `${whole}.${fraction}`;
}

function supportedExponent(currency: string): number {
  const exponent = exponentOf(currency);
  if (exponent === undefined) throw new MoneyError('the currency is not supported');
  return exponent;
}

function decimalsOf(currency: string, { crossCurrency = false }: AmountContext): number {
  const precision = precisions.get(currency);
  return precision === 'two' || (precision === 'special' && crossCurrency) ? 2 : 0;
}

function expectedForm(currency: string, decimals: number): string {
  const when =
    precisions.get(currency) !== 'special'
      ? ''
      : decimals === 0
        ? ' unless userCurrency differs'
        : ' when userCurrency differs';
  return decimals === 0
    ? `${currency} takes no decimals${when}, e.g. 100`
    : `${currency} needs exactly two decimals${when}, e.g. 100.00`;
}
