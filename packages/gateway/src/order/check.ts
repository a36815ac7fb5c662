/** What an order must satisfy before a token is looked at: amount, currency, product, method, expiry, notify URL. */
import { exponentOf, MoneyError, toMinorUnits } from '@waffo/protocol/money';
import type { RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/order';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';

type Input = RequestOf<typeof operations.create>;

/** Products that a merchant contract covers. */
const contractedProducts = ['ONE_TIME_PAYMENT', 'DIRECT_PAYMENT', 'ONE_CLICK_PAYMENT', 'MINI_PROGRAM_PAYMENT'];

/** Methods that a card token can be. */
const cardMethodTypes = ['CREDITCARD', 'DEBITCARD'];
const cardMethodName = /^(?:CC|DC)_[A-Z]+$/;

/** How long a shopper may take when the order does not say (C-30): 4 hours. */
export const defaultLifetimeMs = 4 * 3_600_000;

/**
 * @returns the amount in minor units
 * @throws Fault as the contract's sections 10.1 and 19 say; the message names the member
 */
export function checkOrder(gateway: Gateway, merchantId: string, input: Input, now: Date): bigint {
  const { fault, anyPrecision } = gateway.connectors.of(merchantId).screen(input.orderAmount);
  if (fault !== undefined) throw new Fault(fault);
  const amountMinor = minorUnits(input, anyPrecision);
  if (amountMinor <= 0n) throw new Fault('AMOUNT_OUT_OF_RANGE', 'orderAmount: must be greater than zero');
  checkPayment(input);
  if (input.orderExpiredAt !== undefined && new Date(input.orderExpiredAt).getTime() <= now.getTime()) {
    throw new Fault('ORDER_EXPIRY_PAST');
  }
  const reason = gateway.egress.check(input.notifyUrl);
  if (reason !== undefined) throw new Fault('PARAMETER_INVALID', `notifyUrl: ${reason}`);
  return amountMinor;
}

function minorUnits({ orderAmount, orderCurrency, userCurrency }: Input, anyPrecision: boolean): bigint {
  const exponent = exponentOf(orderCurrency);
  if (exponent === undefined)
    throw new Fault('CURRENCY_NOT_SUPPORTED', `orderCurrency: ${orderCurrency.slice(0, 12)} is not supported`);
  const crossCurrency = userCurrency !== undefined && userCurrency !== '' && userCurrency !== orderCurrency;
  try {
    return toMinorUnits(orderAmount, orderCurrency, { crossCurrency });
  } catch (error) {
    if (!(error instanceof MoneyError)) throw error;
    if (anyPrecision) return roundedUp(orderAmount, exponent);
    throw new Fault('PARAMETER_INVALID', `orderAmount: ${error.message}`);
  }
}

/** `9.2` at exponent 0 is 10, `992` at exponent 2 is 99200. */
function roundedUp(amount: string, exponent: number): bigint {
  const [whole = '0', fraction = ''] = amount.split('.');
  if (whole.length > 15) throw new Fault('AMOUNT_OUT_OF_RANGE', 'orderAmount: at most 15 digits before the point');
  const kept = fraction.slice(0, exponent).padEnd(exponent, '0');
  const lost = /[1-9]/.test(fraction.slice(exponent)) ? 1n : 0n;
  return BigInt(whole + kept) + lost;
}

function checkPayment({ paymentInfo }: Input): void {
  const { productName, payMethodType, payMethodName, captureMode } = paymentInfo;
  if (!contractedProducts.includes(productName)) {
    throw new Fault(
      'CONTRACT_FORBIDS',
      `paymentInfo.productName: the contract covers ${contractedProducts.join(', ')}`,
    );
  }
  if (captureMode !== undefined && captureMode !== '') {
    throw new Fault('CONTRACT_FORBIDS', 'paymentInfo.captureMode: the contract has no manual capture');
  }
  const types = payMethodType ? payMethodType.split(',').map((type) => type.trim()) : cardMethodTypes;
  if (!types.some((type) => cardMethodTypes.includes(type))) {
    throw new Fault(
      'PAY_METHOD_UNAVAILABLE',
      `paymentInfo.payMethodType: a token pays as ${cardMethodTypes.join(' or ')}`,
    );
  }
  if (payMethodName && !payMethodName.split(',').every((name) => cardMethodName.test(name.trim()))) {
    throw new Fault('PAY_METHOD_UNAVAILABLE', 'paymentInfo.payMethodName: a token pays as CC_… or DC_…, e.g. CC_VISA');
  }
}
