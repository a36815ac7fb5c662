/** A card that just paid becomes a token, because the shopper wished it or a subscription needs it. The merchant is told as of any other. */
import type { Gateway } from '../gateway.ts';
import { newTokenId } from '../id.ts';
import { requestFingerprint } from '../idempotency.ts';
import type { Tx } from '../storage/database.ts';
import type { CardSummary } from './card-summary.ts';
import { notifyToken } from './notification.ts';
import { endSession, insertSession } from './session.store.ts';
import { insertToken } from './token.store.ts';
import type { Token } from './token.ts';
import { watchExpiry } from './watch-expiry.ts';

/** A card in the vault, and who paid with it. */
export interface PaidCard {
  readonly merchantId: string;
  /** The order's id, by which the merchant knows what the token comes from. */
  readonly tokenRequestId: string;
  readonly merchantUserId: string;
  readonly notifyUrl: string;
  readonly cardId: string;
  readonly card: CardSummary;
}

/**
 * Makes the token, in the transaction that settles the payment: its holder was present, and the issuer approved.
 *
 * @returns its id
 */
export async function saveCard(gateway: Gateway, tx: Tx, paid: PaidCard): Promise<string> {
  const now = gateway.clock.now();
  const { merchantId, merchantUserId, notifyUrl, cardId, card } = paid;
  const tokenId = newTokenId();
  const named = { merchantId, tokenRequestId: paid.tokenRequestId };
  const session = {
    ...named,
    merchantUserId,
    notifyUrl,
    requestFingerprint: requestFingerprint(named),
    sessionId: undefined,
    sealedPrivateKey: undefined,
    expiresAt: undefined,
    subMerchantId: undefined,
    billingAddress: undefined,
    threeDsDecision: undefined,
    createdAt: now,
  };
  // A merchant may have used the order's id for a binding of its own; the card is kept all the same.
  const isFree = await insertSession(tx, session);
  const token: Token = {
    ...session,
    tokenRequestId: isFree ? paid.tokenRequestId : tokenId,
    tokenId,
    status: 'VERIFIED',
    formerStatus: undefined,
    cardId,
    card,
    updatedAt: now,
  };
  await insertToken(tx, token);
  if (isFree) await endSession(tx, named, { status: 'BOUND', tokenId }, now);
  await watchExpiry(gateway, tx, token);
  await notifyToken(gateway, tx, token);
  return tokenId;
}
