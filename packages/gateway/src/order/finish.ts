/**
 * Takes the result of an order's authentication on. With the shopper authenticated, or nobody able to tell, the order is
 * charged, by the one road that every charge takes; otherwise it closes. Either way the result is written in the
 * transaction that begins what follows, so that two who bring it charge once.
 */
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import type { Tx } from '../storage/database.ts';
import type { Ended, Handover } from '../threeds/complete.ts';
import { cardReplaced, cvvLost, failureOf, holdOf, mayGoOn, proofFor } from '../threeds/result.ts';
import { chargeableToken } from '../tokenization/charge.ts';
import { dropCvv, readCvv } from '../vault/cvv-hold.ts';
import { CardMissing, withCard } from '../vault/vault.ts';
import { findOrder, lockOrder } from './order.store.ts';
import type { Order, OrderFailure } from './order.ts';
import { type Means, payOpenOrder } from './pay.ts';
import { closeOrder } from './settle.ts';
import { redirectUrlOf } from './way-home.ts';

/** @param handover.secret - opens the CVV that waited; without it an order that is paid with a bare card closes */
export async function finishOrder(gateway: Gateway, handover: Handover): Promise<void> {
  const { authentication, record } = handover;
  const order = await findOrder(gateway.database, authentication.merchantId, authentication.subject.id);
  if (order === undefined) return;
  const first = async (tx: Tx) => {
    if (!(await record(tx))) return false;
    // A waiting card's goes with the card, when the order is locked: two who end it take the locks in one order.
    if (order.waitingCard === undefined) await dropCvv(tx, holdOf(authentication));
    return true;
  };
  if (!mayGoOn(authentication)) return abandon(gateway, order, first, failureOf(authentication));
  try {
    await charge(gateway, order, handover, first);
  } catch (error) {
    // The token was removed, suspended or ran out while the shopper was asked; or another was faster.
    if (error instanceof CardMissing) return abandon(gateway, order, first, cvvLost);
    if (!(error instanceof Fault)) throw error;
    await abandon(gateway, order, first, { code: error.fault, description: error.message });
  }
}

async function charge(
  gateway: Gateway,
  order: Order,
  { authentication, secret }: Handover,
  first: (tx: Tx) => Promise<boolean>,
): Promise<void> {
  const threeDs = proofFor(authentication);
  const { merchantId, tokenId, waitingCard } = order;
  if (waitingCard === undefined) {
    if (tokenId === undefined) return abandon(gateway, order, first, cvvLost);
    const token = await chargeableToken(gateway, { merchantId, tokenId, initiator: 'CIT', asAccessToken: false });
    if (token.card.masked !== authentication.shown.maskedCard) return abandon(gateway, order, first, cardReplaced);
    const means: Means = { card: { cardId: token.cardId, tokenId }, summary: token.card, tokenId, threeDs };
    await payOpenOrder(gateway, order, means, first);
    return;
  }
  const cvv = secret && (await readCvv(gateway.database, { ...holdOf(authentication), secret }));
  if (cvv === undefined) return abandon(gateway, order, first, cvvLost);
  const { cardId, summary } = waitingCard;
  const { acquiringOrderId, captureMode } = order;
  const purpose = captureMode === 'MANUAL' ? 'authorize' : 'purchase';
  const reference = authentication.authenticationId;
  const use = { merchantId, cardId, purpose, subject: `order/${acquiringOrderId}`, reference };
  await withCard(gateway, use, async (lent) => {
    const card = lent.withCvv(cvv);
    try {
      const means: Means = { card, summary, tokenId: undefined, threeDs, hasWaited: true };
      await payOpenOrder(gateway, order, means, first);
    } finally {
      card.dispose();
    }
  }).finally(() => cvv.fill(0));
}

/** Closes an order that still waits. */
async function abandon(
  gateway: Gateway,
  { merchantId, acquiringOrderId }: Order,
  first: (tx: Tx) => Promise<boolean>,
  failure: OrderFailure,
): Promise<void> {
  await gateway.database.transaction(async (tx) => {
    if (!(await first(tx))) return;
    const order = await lockOrder(tx, merchantId, acquiringOrderId);
    if (order?.status === 'AUTHORIZATION_REQUIRED') await closeOrder(gateway, tx, order, 'closed', failure);
  });
  gateway.nudge();
}

/** What became of an order, for the shopper who comes from a challenge. */
export async function endingOfOrder(gateway: Gateway, merchantId: string, acquiringOrderId: string): Promise<Ended> {
  const order = await findOrder(gateway.database, merchantId, acquiringOrderId);
  if (order === undefined || order.status === 'PAY_IN_PROGRESS') return { ending: 'pending' };
  if (order.status === 'AUTHORIZATION_REQUIRED') return { ending: 'pending' };
  return { ending: order.status === 'ORDER_CLOSE' ? 'failed' : 'success', returnUrl: redirectUrlOf(order) };
}
