/** The sandbox's account updater: a table of test cards. It says of a card what it said before, until the card has changed. */
import type { CardBuffer } from '../../vault/card-buffer.ts';
import type { AccountUpdater, CardUpdate } from '../account-updater.ts';
import { testCardOf } from './triggers.ts';

/** How long a card is good that took another's place. */
const newCardYears = 5;

export const sandboxAccountUpdater: AccountUpdater = {
  ask: async ({ card, now }) => updateOf(card, now),
};

function updateOf(card: CardBuffer, now: Date): CardUpdate {
  const update = testCardOf(card.pan)?.update;
  if (update === undefined) return { kind: 'unchanged' };
  if (update === 'closed') return { kind: 'closed' };
  const expiry = { month: 12, year: now.getUTCFullYear() + newCardYears };
  if (update === 'expiry') {
    const isNew = card.expiryYear > expiry.year || (card.expiryYear === expiry.year && card.expiryMonth === 12);
    return isNew ? { kind: 'unchanged' } : { kind: 'replaced', card: card.succeededBy({ expiry }) };
  }
  return { kind: 'replaced', card: card.succeededBy({ pan: Buffer.from(update.successor, 'latin1'), expiry }) };
}
