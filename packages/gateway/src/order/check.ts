/** What an order must satisfy before a card is looked at: amount, currency, limits, product, method, expiry, notify URL. */
import type { RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/order';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import type { Contract } from '../merchant/contract.ts';
import { contractOf } from '../merchant/find-contract.ts';
import { checkLimits } from '../merchant/limits.ts';
import { minorUnitsOf } from './amount.ts';
import type { Order } from './order.ts';
import { namesToken } from './token-shapes.ts';

type Input = RequestOf<typeof operations.create>;

/** Methods that a card can be. */
const cardMethodTypes = ['CREDITCARD', 'DEBITCARD'];
const cardMethodName = /^(?:CC|DC)_[A-Z]+$/;

/** How long a shopper may take when the order does not say (C-30): 4 hours. */
export const defaultLifetimeMs = 4 * 3_600_000;

/** What the checks found out on the way. */
export interface Checked {
  readonly amountMinor: bigint;
  readonly captureMode: Order['captureMode'];
  readonly contract: Contract;
  /** Of the order's currency; undefined: days are not counted. */
  readonly dailyLimitMinor: bigint | undefined;
}

/** @throws Fault as the contract's sections 10.1 and 19 say; the message names the member */
export async function checkOrder(gateway: Gateway, merchantId: string, input: Input, now: Date): Promise<Checked> {
  const { orderAmount, orderCurrency: currency, userCurrency, cardInfo, paymentInfo } = input;
  const account = { merchantId, currency, echo: { userCurrency } };
  const amountMinor = minorUnitsOf(gateway, account, { amount: orderAmount, member: 'orderAmount' });
  // With a card the acquirer itself does not answer; without one nothing else would pull the trigger.
  const { unknown } = gateway.connectors.of(merchantId).screen(orderAmount);
  if (unknown && cardInfo === undefined && !namesToken(input)) throw new Fault('STATUS_UNKNOWN');
  const contract = await contractOf(gateway, merchantId);
  const terms = checkLimits(contract, { currency, amountMinor });
  checkProduct(contract, paymentInfo);
  checkMethodForm(paymentInfo);
  if (input.orderExpiredAt !== undefined && new Date(input.orderExpiredAt).getTime() <= now.getTime()) {
    throw new Fault('ORDER_EXPIRY_PAST');
  }
  const reason = gateway.egress.check(input.notifyUrl);
  if (reason !== undefined) throw new Fault('PARAMETER_INVALID', `notifyUrl: ${reason}`);
  const captureMode = captureModeOf(paymentInfo);
  return { amountMinor, captureMode, contract, dailyLimitMinor: terms?.dailyLimitMinor };
}

/**
 * Whether the method that the request names is one that the card can be.
 *
 * @param scheme - of the card, as `cardScheme` has it
 * @throws Fault PAY_METHOD_UNAVAILABLE
 */
export function checkMethodFits({ paymentInfo: { payMethodName } }: Input, scheme: string): void {
  if (!payMethodName) return;
  const schemes = payMethodName.split(',').map((name) => name.trim().slice(3));
  if (schemes.some((name) => (name === 'MASTER' ? 'MASTERCARD' : name) === scheme)) return;
  throw new Fault(
    'PAY_METHOD_UNAVAILABLE',
    `paymentInfo.payMethodName: the card is a ${scheme} card; name it, or none`,
  );
}

/**
 * Whether the contract covers the method that the card is.
 *
 * @param method.payMethodName - e.g. `CC_VISA`
 * @throws Fault PAY_METHOD_UNAVAILABLE, COUNTRY_NEEDED, AMOUNT_OUT_OF_RANGE
 */
export function checkMethodCovered(
  { methods }: Contract,
  { orderCurrency, paymentInfo: { payMethodCountry } }: Input,
  method: { readonly payMethodName: string; readonly amountMinor: bigint },
): void {
  const { payMethodName, amountMinor } = method;
  const named = methods.filter(
    (terms) => terms.payMethodName === payMethodName && (terms.currency === '' || terms.currency === orderCurrency),
  );
  const fitting = payMethodCountry ? named.filter(({ country }) => ['', payMethodCountry].includes(country)) : named;
  if (new Set(fitting.map(({ country }) => country)).size > 1) {
    throw new Fault('COUNTRY_NEEDED', 'paymentInfo.payMethodCountry: several methods have this name; name a country');
  }
  const open = fitting.filter(({ available }) => available);
  if (open.length === 0) {
    throw new Fault('PAY_METHOD_UNAVAILABLE', `The contract does not cover ${payMethodName} now.`);
  }
  const within = open.some(
    ({ amountMinMinor, amountMaxMinor }) =>
      amountMinor >= (amountMinMinor ?? 0n) && (amountMaxMinor === undefined || amountMinor <= amountMaxMinor),
  );
  if (!within) throw new Fault('AMOUNT_OUT_OF_RANGE', `orderAmount: outside what ${payMethodName} allows`);
}

function checkProduct({ products }: Contract, { productName }: Input['paymentInfo']): void {
  if (products.includes(productName)) return;
  throw new Fault('CONTRACT_FORBIDS', `paymentInfo.productName: the contract covers ${products.join(', ')}`);
}

function captureModeOf({ captureMode }: Input['paymentInfo']): Order['captureMode'] {
  if (captureMode === undefined || captureMode === '') return 'AUTOMATIC';
  if (captureMode === 'manualCapture') return 'MANUAL';
  throw new Fault('PARAMETER_INVALID', 'paymentInfo.captureMode: expected manualCapture, or none');
}

function checkMethodForm({ payMethodType, payMethodName, cashierLanguage }: Input['paymentInfo']): void {
  if (cashierLanguage && !isLanguageTag(cashierLanguage)) {
    throw new Fault(
      'LANGUAGE_NOT_SUPPORTED',
      'paymentInfo.cashierLanguage: expected a BCP 47 tag, e.g. en or zh-Hant-HK',
    );
  }
  const types = payMethodType ? payMethodType.split(',').map((type) => type.trim()) : cardMethodTypes;
  if (!types.some((type) => cardMethodTypes.includes(type))) {
    throw new Fault(
      'PAY_METHOD_UNAVAILABLE',
      `paymentInfo.payMethodType: a card pays as ${cardMethodTypes.join(' or ')}`,
    );
  }
  if (payMethodName && !payMethodName.split(',').every((name) => cardMethodName.test(name.trim()))) {
    throw new Fault('PAY_METHOD_UNAVAILABLE', 'paymentInfo.payMethodName: a card pays as CC_… or DC_…, e.g. CC_VISA');
  }
}

function isLanguageTag(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text.replaceAll('_', '-')).length === 1;
  } catch {
    return false;
  }
}
