/** A token takes the place of the one that a subscription was paid with. */
import type { Gateway } from '../gateway.ts';
import { paidWith } from '../order/paid-with.ts';
import type { Tx } from '../storage/database.ts';
import type { CardSummary } from '../tokenization/card-summary.ts';
import { passFree } from './settle.ts';
import { lockSubscription, saveSubscription } from './subscription.store.ts';
import type { Subscription } from './subscription.ts';
import { takesCard, waitsForCard } from './takes-card.ts';

/**
 * Later periods are charged to this card, as is the next try of one that failed; a charge on its way stays where it is. A free trial
 * that waited for a card begins.
 *
 * @param token - VERIFIED, of the same merchant
 * @returns false when the subscription has ended
 */
export async function adoptCard(
  gateway: Gateway,
  tx: Tx,
  { merchantId, subscriptionId }: Pick<Subscription, 'merchantId' | 'subscriptionId'>,
  { tokenId, card }: { readonly tokenId: string; readonly card: CardSummary },
): Promise<boolean> {
  const open = await lockSubscription(tx, merchantId, subscriptionId);
  if (open === undefined || !takesCard(open)) return false;
  const usedPaymentInfo = paidWith(open.echo.paymentInfo, { summary: card, tokenId }, 'CIT');
  const echo = { ...open.echo, usedPaymentInfo };
  const adopted = { ...open, tokenId, echo, updatedAt: gateway.clock.now() };
  await saveSubscription(tx, adopted, open.status);
  if (waitsForCard(open)) await passFree(gateway, tx, adopted, 1);
  return true;
}
