/** Whether the shopper may give a card on the page of his subscription. Pure. */
import type { Subscription } from './subscription.ts';
import { amountOf, isFree } from './terms.ts';

/** Whether it waits for a card, and for no payment: its trial is free. */
export const waitsForCard = ({ status, tokenId, terms }: Subscription): boolean =>
  status === 'AUTHORIZATION_REQUIRED' && tokenId === undefined && isFree(amountOf(terms, 1));

/** In the place of the one that pays, or to begin with. */
export const takesCard = (subscription: Subscription): boolean =>
  subscription.status === 'ACTIVE' || waitsForCard(subscription);
