/**
 * An attempt: one call to an acquirer, recorded before it is made. SENDING is committed before the call, so a crash
 * leaves a record; after it only an inquiry with the same reference may follow, never a second call.
 */
import type { DeclineReason } from '../connector/declines.ts';
import type { Outcome } from '../connector/outcome.ts';

/** Each status with whose move it is: SENDING gateway, UNKNOWN acquirer, the others nobody's. */
export type AttemptStatus = 'SENDING' | 'APPROVED' | 'DECLINED' | 'UNKNOWN';

/** What an attempt is for; `kind` says which module settles it. */
export interface Subject {
  readonly kind: 'tokenization' | 'order' | 'refund';
  /** `tokenRequestId`, `acquiringOrderId` or `acquiringRefundOrderId`. */
  readonly id: string;
}

/** What is done with a card. */
export type CardVerb = 'verify' | 'authorize' | 'purchase';

/** What is done about an earlier attempt, without a card. */
export type FollowUpVerb = 'capture' | 'void' | 'refund';

export interface Attempt {
  readonly merchantId: string;
  /** Also the connector's reference. */
  readonly attemptId: string;
  readonly subject: Subject;
  readonly verb: CardVerb | FollowUpVerb;
  readonly connector: string;
  /** The attempt that a follow-up is about. */
  readonly originalAttemptId: string | undefined;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly status: AttemptStatus;
  readonly declineReason: DeclineReason | null;
  readonly createdAt: Date;
}

/** Which statuses an outcome may replace. A final status is never replaced. */
export const replaceable: readonly AttemptStatus[] = ['SENDING', 'UNKNOWN'];

/** The status that an outcome means. */
export const statusOf = (outcome: Outcome): AttemptStatus =>
  ({ approved: 'APPROVED', declined: 'DECLINED', unknown: 'UNKNOWN' })[outcome.kind] as AttemptStatus;
