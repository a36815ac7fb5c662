/**
 * The seam to an account updater: the schemes' services that know what became of a card which a merchant keeps (Visa
 * Account Updater, Mastercard Automatic Billing Updater). It is lent a card and answers; what follows from it is not its
 * business.
 */
import type { CardBuffer } from '../vault/card-buffer.ts';

/** What became of a card. `replaced`: the card that took its place, without a CVV; whoever asked disposes of it. */
export type CardUpdate =
  | { readonly kind: 'unchanged' | 'closed' }
  | { readonly kind: 'replaced'; readonly card: CardBuffer };

export interface AccountUpdater {
  /**
   * @param question.card - lent for the length of the call; never kept
   * @param question.reference - ours, for the updater's own books
   * @throws whatever a call may throw; the card is taken as it is, and asked about again
   */
  ask(question: {
    readonly merchantId: string;
    readonly reference: string;
    readonly card: CardBuffer;
    readonly now: Date;
  }): Promise<CardUpdate>;
}
