/** Whether a card may be bound at all: number, scheme, expiry, CVV length. Says what is wrong, never what was sent. */
import { isExpired, passesLuhn, schemes } from '@waffo/protocol/card';
import type { Connector } from '../connector/connector.ts';
import { isTestNumber } from '../connector/test-numbers.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import type { CardBuffer } from '../vault/card-buffer.ts';

const nameLimit = 128;

/**
 * @param card - as it was submitted
 * @param connector - its test numbers are taken before the Luhn check (contract section 20)
 * @param gateway - its clock decides whether the card has expired: a card is good to the end of its month, UTC. In
 *   production no published test number is a card.
 * @throws Fault CARD_DATA_INVALID or CARD_NOT_SUPPORTED
 */
export function checkCard(card: CardBuffer, connector: Connector, gateway: Pick<Gateway, 'clock' | 'config'>): void {
  if (gateway.config.environment === 'production' && isTestNumber(card.pan)) {
    throw new Fault('CARD_NOT_SUPPORTED', 'pan: a published test number; use a card that an issuer gave out');
  }
  // The published numbers break the rules that they are tested with: they are known by their digits alone.
  const unchecked = connector.acceptsUnchecked(card.pan);
  if (!unchecked && !passesLuhn(card.pan)) {
    throw new Fault('CARD_DATA_INVALID', 'pan: the number fails the check digit; ask the shopper to check it');
  }
  const { scheme } = card.describe();
  if (scheme === undefined) throw new Fault('CARD_NOT_SUPPORTED', 'pan: no supported scheme issues this number');
  const rule = schemes[scheme];
  if (!unchecked && !rule.lengths.includes(card.pan.length)) {
    throw new Fault('CARD_DATA_INVALID', `pan: ${scheme} numbers have ${rule.lengths.join(' or ')} digits`);
  }
  if (isExpired({ month: card.expiryMonth, year: card.expiryYear }, gateway.clock.now())) {
    throw new Fault('CARD_DATA_INVALID', 'expiry: the card has expired; use a later MM/YYYY');
  }
  if (!unchecked && card.cvv !== undefined && card.cvv.length !== rule.cvvLength) {
    throw new Fault('CARD_DATA_INVALID', `cvv: ${scheme} codes have ${rule.cvvLength} digits`);
  }
  if (card.name.length > nameLimit || /\d(?:[ -]?\d){11,}/.test(card.name)) {
    throw new Fault('CARD_DATA_INVALID', `name: at most ${nameLimit} characters, and not a card number`);
  }
}
