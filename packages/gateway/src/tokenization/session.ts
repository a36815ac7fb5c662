/**
 * A tokenization session: one binding from `generate` to its end, under the merchant's `tokenRequestId`. It holds the
 * key that a browser encrypts to, never a card. Who has the next move: OPEN the shopper, SUBMITTED the gateway,
 * CHALLENGE the shopper, BOUND and FAILED nobody.
 */
import type { DeclineReason } from '../connector/declines.ts';
import type { ThreeDsDecision } from '../threeds/decision.ts';
import type { CardSummary } from './card-summary.ts';
import type { BillingAddress } from './token.ts';

export type SessionStatus = 'OPEN' | 'SUBMITTED' | 'CHALLENGE' | 'BOUND' | 'FAILED';

/** Why a binding came to nothing. */
export interface BindingFailure {
  readonly code:
    | DeclineReason
    | 'TOO_MANY_REFUSED_SUBMISSIONS'
    | 'AUTHENTICATION_FAILED'
    | 'AUTHENTICATION_CANCELLED'
    | 'AUTHENTICATION_EXPIRED'
    | 'SECURITY_CODE_LOST';
  readonly description: string;
}

export interface Session {
  readonly merchantId: string;
  readonly tokenRequestId: string;
  readonly requestFingerprint: Buffer;
  readonly status: SessionStatus;
  /** `tsess_…`, the public key itself; absent when a PCI-certified merchant sent the card. */
  readonly sessionId: string | undefined;
  /** Absent once used, expired or dead. */
  readonly sealedPrivateKey: Buffer | undefined;
  readonly expiresAt: Date | undefined;
  readonly refusedSubmits: number;
  /** Tells a retry of the accepted submission from another one. */
  readonly submitFingerprint: Buffer | undefined;
  readonly merchantUserId: string;
  readonly subMerchantId: string | undefined;
  readonly notifyUrl: string | undefined;
  readonly billingAddress: BillingAddress | undefined;
  /** While the binding is under way; the token owns it afterwards. */
  readonly cardId: string | undefined;
  readonly card: CardSummary | undefined;
  readonly returnUrl: string | undefined;
  /** The merchant's wish; undefined: as the card takes part. */
  readonly threeDsDecision: ThreeDsDecision | undefined;
  /** The card is to pay this subscription. */
  readonly subscriptionId: string | undefined;
  readonly tokenId: string | undefined;
  readonly failure: BindingFailure | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Submissions that may be refused for their content before the session is dead (D-17). */
export const refusedSubmitLimit = 5;

/** Tokens that one user may have bound at a time (decisions, "Token"). */
export const tokensPerUserLimit = 100;

export const isExpired = (session: Session, now: Date): boolean =>
  session.expiresAt !== undefined && session.expiresAt.getTime() <= now.getTime();
