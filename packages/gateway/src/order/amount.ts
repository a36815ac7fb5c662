/** Reads an amount that a merchant wrote: sandbox triggers first, the currency's precision second (contract C-27). */
import { exponentOf, MoneyError, toMinorUnits } from '@waffo/protocol/money';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import type { OrderEcho } from './order.ts';

/** What the reading depends on. */
interface Account {
  readonly merchantId: string;
  readonly currency: string;
  readonly echo: Pick<OrderEcho, 'userCurrency'>;
}

/** An amount as a request has it. */
interface Written {
  readonly amount: string;
  readonly member: string;
  readonly currencyMember?: string;
}

/** Whether the shopper pays in another currency, which lets some currencies have decimals (contract section 4). */
export const isCrossCurrency = (orderCurrency: string, userCurrency: string | undefined): boolean =>
  userCurrency !== undefined && userCurrency !== '' && userCurrency !== orderCurrency;

/**
 * @param written.member - the member's name, for the message, and `currencyMember` that of its currency
 * @returns minor units, more than zero
 * @throws Fault of a trigger amount; CURRENCY_NOT_SUPPORTED; PARAMETER_INVALID for a wrong form; AMOUNT_OUT_OF_RANGE for zero
 */
export function minorUnitsOf(
  gateway: Pick<Gateway, 'connectors'>,
  { merchantId, currency, echo }: Account,
  { amount, member, currencyMember = 'orderCurrency' }: Written,
): bigint {
  const { fault, anyPrecision } = gateway.connectors.of(merchantId).screen(amount);
  if (fault !== undefined) throw new Fault(fault);
  const exponent = exponentOf(currency);
  if (exponent === undefined)
    throw new Fault('CURRENCY_NOT_SUPPORTED', `${currencyMember}: ${currency.slice(0, 12)} is not supported`);
  const minor = read(amount, currency, { exponent, anyPrecision, member, userCurrency: echo.userCurrency });
  if (minor <= 0n) throw new Fault('AMOUNT_OUT_OF_RANGE', `${member}: must be greater than zero`);
  return minor;
}

function read(
  amount: string,
  currency: string,
  by: { exponent: number; anyPrecision: boolean; member: string; userCurrency: string | undefined },
): bigint {
  try {
    return toMinorUnits(amount, currency, { crossCurrency: isCrossCurrency(currency, by.userCurrency) });
  } catch (error) {
    if (!(error instanceof MoneyError)) throw error;
    if (by.anyPrecision) return roundedUp(amount, by.exponent, by.member);
    throw new Fault('PARAMETER_INVALID', `${by.member}: ${error.message}`);
  }
}

/** `9.2` at exponent 0 is 10, `992` at exponent 2 is 99200. */
function roundedUp(amount: string, exponent: number, member: string): bigint {
  const [whole = '0', fraction = ''] = amount.split('.');
  if (whole.length > 15) throw new Fault('AMOUNT_OUT_OF_RANGE', `${member}: at most 15 digits before the point`);
  const kept = fraction.slice(0, exponent).padEnd(exponent, '0');
  const lost = /[1-9]/.test(fraction.slice(exponent)) ? 1n : 0n;
  return BigInt(whole + kept) + lost;
}
