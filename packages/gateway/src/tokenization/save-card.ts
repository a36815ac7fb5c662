/** A shopper's wish at the checkout: the card that just paid becomes a token, which the merchant is told of as of any other. */
import type { Gateway } from '../gateway.ts';
import { requestFingerprint } from '../idempotency.ts';
import { bindCard, type Submission } from './bind-card.ts';
import { insertSession } from './session.store.ts';

/**
 * @param saved.tokenRequestId - the order's id, by which the merchant knows what the token comes from
 * @param saved.card - stays the caller's
 */
export async function savePaidCard(
  gateway: Gateway,
  saved: {
    readonly merchantId: string;
    readonly tokenRequestId: string;
    readonly merchantUserId: string;
    readonly notifyUrl: string;
    readonly card: Submission['card'];
  },
): Promise<void> {
  const { card, ...named } = saved;
  const session = {
    ...named,
    requestFingerprint: requestFingerprint(named),
    sessionId: undefined,
    sealedPrivateKey: undefined,
    expiresAt: undefined,
    subMerchantId: undefined,
    billingAddress: undefined,
    threeDsDecision: undefined,
    createdAt: gateway.clock.now(),
  };
  const submission = { card, submitFingerprint: undefined, billingAddress: undefined, returnUrl: undefined };
  await bindCard(gateway, session, submission, (tx) => insertSession(tx, session));
}
