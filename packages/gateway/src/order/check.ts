/** What an order must satisfy before a card is looked at: amount, currency, limits, product, method, expiry, notify URL. */
import type { RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/order';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import type { Contract, PayMethodTerms } from '../merchant/contract.ts';
import { contractOf, subscriptionProducts } from '../merchant/find-contract.ts';
import { checkLimits } from '../merchant/limits.ts';
import { minorUnitsOf } from './amount.ts';
import { cardPrefixOf } from './card-prefix.ts';
import { checkShopper } from './check-shopper.ts';
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
  const { orderAmount, orderCurrency: currency, userCurrency, paymentInfo } = input;
  const account = { merchantId, currency, echo: { userCurrency } };
  const amountMinor = minorUnitsOf(gateway, account, { amount: orderAmount, member: 'orderAmount' });
  const contract = await contractOf(gateway, merchantId);
  const terms = checkLimits(contract, { currency, amountMinor });
  checkProduct(contract, input);
  checkShopper(input.userInfo);
  checkLanguage(paymentInfo);
  cardPrefixOf(paymentInfo);
  if (input.orderExpiredAt !== undefined && new Date(input.orderExpiredAt).getTime() <= now.getTime()) {
    throw new Fault('ORDER_EXPIRY_PAST');
  }
  const reason = gateway.egress.check(input.notifyUrl);
  if (reason !== undefined) throw new Fault('PARAMETER_INVALID', `notifyUrl: ${reason}`);
  const captureMode = captureModeOf(paymentInfo);
  return { amountMinor, captureMode, contract, dailyLimitMinor: terms?.dailyLimitMinor };
}

/** What a request says of the way to pay. */
interface Payable {
  readonly orderCurrency: string;
  readonly paymentInfo: Pick<Input['paymentInfo'], 'payMethodType' | 'payMethodName' | 'payMethodCountry'>;
}

/**
 * Whether the card is of a method that the request allows and the contract covers.
 *
 * @param card.scheme - as `cardScheme` has it
 * @param card.payMethodName - e.g. `CC_VISA`
 * @throws Fault PAY_METHOD_UNAVAILABLE, COUNTRY_NEEDED, AMOUNT_OUT_OF_RANGE
 */
export function checkCardMethod(
  { contract, amountMinor }: Pick<Checked, 'contract' | 'amountMinor'>,
  input: Payable,
  card: { readonly scheme: string; readonly payMethodName: string },
): void {
  const { payMethodType, payMethodName } = input.paymentInfo;
  if (payMethodType && !listOf(payMethodType).some((type) => cardMethodTypes.includes(type))) {
    throw unavailable(`paymentInfo.payMethodType: a card pays as ${cardMethodTypes.join(' or ')}`);
  }
  if (payMethodName && !listOf(payMethodName).every((name) => cardMethodName.test(name))) {
    throw unavailable('paymentInfo.payMethodName: a card pays as CC_… or DC_…, e.g. CC_VISA');
  }
  if (payMethodName && !listOf(payMethodName).some((name) => schemeNamed(name) === card.scheme)) {
    throw unavailable(`paymentInfo.payMethodName: the card is a ${card.scheme} card; name it, or none`);
  }
  const named = contract.methods.filter((terms) => terms.payMethodName === card.payMethodName && fits(terms, input));
  if (new Set(named.map(({ country }) => country)).size > 1) {
    throw new Fault('COUNTRY_NEEDED', 'paymentInfo.payMethodCountry: several methods have this name; name a country');
  }
  const open = named.filter(({ available }) => available);
  if (open.length === 0) throw unavailable(`The contract does not cover ${card.payMethodName} now.`);
  const within = open.some(
    ({ amountMinMinor, amountMaxMinor }) =>
      amountMinor >= (amountMinMinor ?? 0n) && (amountMaxMinor === undefined || amountMinor <= amountMaxMinor),
  );
  if (!within) throw new Fault('AMOUNT_OUT_OF_RANGE', `orderAmount: outside what ${card.payMethodName} allows`);
}

/** The same, for a card that the shopper chose later. */
export async function checkPaidMethod(
  gateway: Gateway,
  { merchantId, amountMinor, currency, echo }: Order,
  card: Parameters<typeof checkCardMethod>[2],
): Promise<void> {
  const contract = await contractOf(gateway, merchantId);
  const paymentInfo = echo.paymentInfo as Input['paymentInfo'];
  checkCardMethod({ contract, amountMinor }, { orderCurrency: currency, paymentInfo }, card);
}

const isCard = ({ payMethodType }: PayMethodTerms): boolean => cardMethodTypes.includes(payMethodType);

/** Whether an order can be paid with a contracted method at all: only cards are captured later (contract section 9). */
const isOpen = (terms: PayMethodTerms, captureMode: Order['captureMode'], order: Payable): boolean =>
  terms.available && fits(terms, order) && (captureMode === 'AUTOMATIC' || isCard(terms));

/**
 * Whether the shopper will have a choice: a contracted method that the request allows.
 *
 * @throws Fault PAY_METHOD_UNAVAILABLE
 */
export function checkChoice(
  { contract: { methods }, captureMode }: Pick<Checked, 'contract' | 'captureMode'>,
  input: Payable,
): void {
  const { payMethodType, payMethodName } = input.paymentInfo;
  const types = payMethodType ? listOf(payMethodType) : undefined;
  const names = payMethodName
    ? listOf(payMethodName).map((name) => name.replace(/^(CC|DC)_MASTER$/, '$1_MASTERCARD'))
    : undefined;
  const choice = methods.some(
    (terms) =>
      isOpen(terms, captureMode, input) &&
      (types?.includes(terms.payMethodType) ?? true) &&
      (names?.includes(terms.payMethodName) ?? true),
  );
  if (!choice) throw unavailable('paymentInfo: the contract covers no such method; name others, or none');
}

/** What an order can be paid with on its page besides a card. */
export async function otherMethodsOf(
  gateway: Pick<Gateway, 'database' | 'connectors'>,
  { merchantId, currency, captureMode, echo }: Pick<Order, 'merchantId' | 'currency' | 'captureMode' | 'echo'>,
): Promise<Pick<PayMethodTerms, 'payMethodType' | 'payMethodName'>[]> {
  const paymentInfo = echo.paymentInfo as Input['paymentInfo'];
  const { payMethodType, payMethodName } = paymentInfo;
  const { methods } = await contractOf(gateway, merchantId);
  const named = methods
    .filter((terms) => !isCard(terms) && isOpen(terms, captureMode, { orderCurrency: currency, paymentInfo }))
    .filter((terms) => !payMethodType || listOf(payMethodType).includes(terms.payMethodType))
    .filter((terms) => !payMethodName || listOf(payMethodName).includes(terms.payMethodName));
  return [...new Map(named.map((terms) => [terms.payMethodName, terms])).values()];
}

/** Whether a request leaves a card as a way to pay. */
export function allowsCard({ echo }: Pick<Order, 'echo'>): boolean {
  const { payMethodType, payMethodName } = echo.paymentInfo as Input['paymentInfo'];
  const isOne = !payMethodType || listOf(payMethodType).some((type) => cardMethodTypes.includes(type));
  return isOne && (!payMethodName || listOf(payMethodName).some((name) => cardMethodName.test(name)));
}

const unavailable = (why: string): Fault => new Fault('PAY_METHOD_UNAVAILABLE', why);

const listOf = (text: string): string[] => text.split(',').map((part) => part.trim());

const schemeNamed = (payMethodName: string): string => {
  const name = payMethodName.slice(3);
  return name === 'MASTER' ? 'MASTERCARD' : name;
};

/** A method without a currency or country of its own fits any. */
const fits = (terms: PayMethodTerms, { orderCurrency, paymentInfo: { payMethodCountry } }: Payable): boolean =>
  ['', orderCurrency].includes(terms.currency) && (!payMethodCountry || ['', payMethodCountry].includes(terms.country));

/** With a token an order may also be a payment of a subscription whose periods the merchant counts himself (contract section 8, V1). */
function checkProduct({ products }: Contract, input: Input): void {
  const { productName } = input.paymentInfo;
  const oneTime = products.filter((name) => !subscriptionProducts.includes(name));
  if (oneTime.includes(productName)) return;
  if (productName === 'SUBSCRIPTION' && products.includes(productName) && namesToken(input)) return;
  throw new Fault('CONTRACT_FORBIDS', `paymentInfo.productName: the contract covers ${oneTime.join(', ')}`);
}

function captureModeOf({ captureMode }: Input['paymentInfo']): Order['captureMode'] {
  if (captureMode === undefined || captureMode === '') return 'AUTOMATIC';
  if (captureMode === 'manualCapture') return 'MANUAL';
  throw new Fault('PARAMETER_INVALID', 'paymentInfo.captureMode: expected manualCapture, or none');
}

/** @throws Fault LANGUAGE_NOT_SUPPORTED */
export function checkLanguage({ cashierLanguage }: Pick<Input['paymentInfo'], 'cashierLanguage'>): void {
  if (cashierLanguage && !isLanguageTag(cashierLanguage)) {
    throw new Fault(
      'LANGUAGE_NOT_SUPPORTED',
      'paymentInfo.cashierLanguage: expected a BCP 47 tag, e.g. en or zh-Hant-HK',
    );
  }
}

function isLanguageTag(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text.replaceAll('_', '-')).length === 1;
  } catch {
    return false;
  }
}
