/**
 * Which cards a payment is for at all: `cardPrefix` and `cardPrefixPurpose` inside `paymentInfo.payMethodProperties` (contract
 * section 15.5). Either purpose rules other cards out; they differ in what the shopper is told.
 */
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { withCard } from '../vault/vault.ts';
import type { BareCard } from './bare-card.ts';
import type { Order } from './order.ts';
import type { Means } from './pay.ts';
import { propertiesOf } from './token-shapes.ts';

const purposes = ['restriction', 'promotion'] as const;
const mostPrefixes = 80;
const longestPrefix = 9;
/** What is known of a token without its number. */
const shownDigits = 6;

export interface CardPrefix {
  /** Each 4 to 9 digits. */
  readonly prefixes: readonly string[];
  readonly purpose: (typeof purposes)[number];
}

type PaymentInfo = Parameters<typeof propertiesOf>[0];

/**
 * @returns undefined when any card may pay
 * @throws Fault PARAMETER_INVALID
 * @example cardPrefixOf({ payMethodProperties: '{"cardPrefix":"4111,555555"}' }) // { prefixes: ['4111', '555555'], purpose: 'restriction' }
 */
export function cardPrefixOf(paymentInfo: PaymentInfo): CardPrefix | undefined {
  const { cardPrefix = '', cardPrefixPurpose } = propertiesOf(paymentInfo);
  const purpose = purposes.find((one) => one === (cardPrefixPurpose || 'restriction'));
  if (purpose === undefined) throw invalid('cardPrefixPurpose: expected restriction or promotion');
  if (cardPrefix === '') return undefined;
  const prefixes = typeof cardPrefix === 'string' ? cardPrefix.split(',').map((prefix) => prefix.trim()) : [];
  if (
    prefixes.length > mostPrefixes ||
    prefixes.length === 0 ||
    !prefixes.every((prefix) => /^\d{4,9}$/.test(prefix))
  ) {
    throw invalid(
      `cardPrefix: expected a string of up to ${mostPrefixes} prefixes of 4 to 9 digits, e.g. "4111,555555"`,
    );
  }
  return { prefixes, purpose };
}

/**
 * @param use - in whose name a token's number is looked at, where six digits do not tell
 * @throws Fault CARD_EXCLUDED; PARAMETER_INVALID
 */
export async function checkCardPrefix(
  gateway: Gateway,
  paymentInfo: PaymentInfo,
  { card, summary }: Pick<Means, 'card' | 'summary'>,
  use: { readonly merchantId: string; readonly subject: string; readonly reference: string },
): Promise<void> {
  const rule = cardPrefixOf(paymentInfo);
  if (rule === undefined) return;
  const begins = (digits: string): boolean => rule.prefixes.some((prefix) => digits.startsWith(prefix));
  const shown = summary.masked.slice(0, shownDigits);
  if (begins(shown)) return;
  if (rule.prefixes.some((prefix) => prefix.startsWith(shown))) {
    const isOne = ({ pan }: Pick<BareCard, 'pan'>) => begins(Buffer.from(pan).toString('latin1', 0, longestPrefix));
    const found =
      'cardId' in card
        ? await withCard(gateway, { ...use, ...card, purpose: 'card-prefix' }, async (lent) => isOne(lent))
        : isOne(card);
    if (found) return;
  }
  throw new Fault('CARD_EXCLUDED', 'paymentInfo.payMethodProperties: the card begins with no prefix of cardPrefix');
}

/** In the name of an order. */
export const useOf = ({ merchantId, acquiringOrderId }: Pick<Order, 'merchantId' | 'acquiringOrderId'>) => ({
  merchantId,
  subject: `order/${acquiringOrderId}`,
  reference: acquiringOrderId,
});

const invalid = (why: string): Fault => new Fault('PARAMETER_INVALID', `paymentInfo.payMethodProperties: ${why}`);
