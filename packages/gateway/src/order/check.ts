/** What an order must satisfy before a token is looked at: amount, currency, product, method, expiry, notify URL. */
import { exponentOf, MoneyError, toMinorUnits } from '@waffo/protocol/money';
import type { RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/order';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import type { Merchant } from '../merchant/merchant.ts';
import { namesToken } from './token-shapes.ts';

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
export function checkOrder(gateway: Gateway, merchant: Merchant, input: Input, now: Date): bigint {
  refuseBareCard(merchant, input);
  const { fault, unknown, anyPrecision } = gateway.connectors.of(merchant.merchantId).screen(input.orderAmount);
  if (fault !== undefined) throw new Fault(fault);
  const amountMinor = minorUnits(input, anyPrecision);
  if (amountMinor <= 0n) throw new Fault('AMOUNT_OUT_OF_RANGE', 'orderAmount: must be greater than zero');
  // With a token the acquirer itself does not answer; without one nothing else would pull the trigger.
  if (unknown && !namesToken(input)) throw new Fault('STATUS_UNKNOWN');
  checkPayment(input);
  if (input.orderExpiredAt !== undefined && new Date(input.orderExpiredAt).getTime() <= now.getTime()) {
    throw new Fault('ORDER_EXPIRY_PAST');
  }
  const reason = gateway.egress.check(input.notifyUrl);
  if (reason !== undefined) throw new Fault('PARAMETER_INVALID', `notifyUrl: ${reason}`);
  return amountMinor;
}

/** A bare card is for PCI-certified merchants, and this version does not charge one yet. */
function refuseBareCard(merchant: Merchant, { cardInfo }: Input): void {
  if (cardInfo === undefined || cardInfo === null) return;
  if (!merchant.pciCertified)
    throw new Fault('PERMISSION_DENIED', 'cardInfo: only PCI-certified merchants may send a card; pay with a tokenId');
  throw new Fault('CONTRACT_FORBIDS', 'cardInfo: bind the card with tokenization/generate and pay with its tokenId');
}

/**
 * Whether the method that the request names is one that the token's card can be.
 *
 * @param scheme - of the token's card, as `cardScheme` has it
 * @throws Fault PAY_METHOD_UNAVAILABLE
 */
export function checkMethodFits({ paymentInfo: { payMethodName } }: Input, scheme: string): void {
  if (!payMethodName) return;
  const schemes = payMethodName.split(',').map((name) => name.trim().slice(3));
  if (schemes.some((name) => (name === 'MASTER' ? 'MASTERCARD' : name) === scheme)) return;
  throw new Fault(
    'PAY_METHOD_UNAVAILABLE',
    `paymentInfo.payMethodName: the token is a ${scheme} card; name it, or none`,
  );
}

/** Whether the shopper pays in another currency, which lets some currencies have decimals (contract section 4). */
export const isCrossCurrency = (orderCurrency: string, userCurrency: string | undefined): boolean =>
  userCurrency !== undefined && userCurrency !== '' && userCurrency !== orderCurrency;

function minorUnits({ orderAmount, orderCurrency, userCurrency }: Input, anyPrecision: boolean): bigint {
  const exponent = exponentOf(orderCurrency);
  if (exponent === undefined)
    throw new Fault('CURRENCY_NOT_SUPPORTED', `orderCurrency: ${orderCurrency.slice(0, 12)} is not supported`);
  const crossCurrency = isCrossCurrency(orderCurrency, userCurrency);
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
  const { productName, payMethodType, payMethodName, captureMode, cashierLanguage } = paymentInfo;
  if (cashierLanguage && !isLanguageTag(cashierLanguage)) {
    throw new Fault(
      'LANGUAGE_NOT_SUPPORTED',
      'paymentInfo.cashierLanguage: expected a BCP 47 tag, e.g. en or zh-Hant-HK',
    );
  }
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

function isLanguageTag(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text.replaceAll('_', '-')).length === 1;
  } catch {
    return false;
  }
}
