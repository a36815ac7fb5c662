/**
 * A refund: a part of a paid order that goes back to the shopper, once. What an order can still pay back is counted on the
 * order itself; a refund knows its own part only.
 */
import { type RefundStatus, refundStatuses } from '@waffo/protocol/statuses';
import { Fault } from '../fault.ts';

export interface RefundFailure {
  readonly code: string;
  readonly description: string;
}

/** The parts of the request, and of the order, that inquiry and notification echo. */
export interface RefundEcho {
  readonly origPaymentRequestId: string;
  readonly refundReason: string;
  readonly refundSource: string;
  readonly merchantRefundOrderId?: string | undefined;
  readonly userInfo?: object | undefined;
  readonly extendInfo?: string | undefined;
  readonly userCurrency?: string | undefined;
  readonly merchantUserId?: string | undefined;
}

export interface Refund {
  readonly merchantId: string;
  /** `R…`, ours. */
  readonly acquiringRefundOrderId: string;
  readonly refundRequestId: string;
  readonly requestFingerprint: Buffer;
  readonly acquiringOrderId: string;
  readonly status: RefundStatus;
  readonly currency: string;
  readonly amountMinor: bigint;
  /** Decimal string, as the merchant wrote it. */
  readonly amount: string;
  readonly echo: RefundEcho;
  readonly failure: RefundFailure | undefined;
  /** Undefined: the merchant inquires. */
  readonly notifyUrl: string | undefined;
  readonly requestedAt: Date;
  readonly completedAt: Date | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** `refunded-last`: nothing of the order remains paid. */
export type RefundEvent = 'refunded' | 'refunded-last' | 'refused';

/** status → event → next status. Final statuses have no row to leave by. */
export const transitions: Readonly<Record<RefundStatus, Partial<Record<RefundEvent, RefundStatus>>>> = {
  REFUND_IN_PROGRESS: {
    refunded: 'ORDER_PARTIALLY_REFUNDED',
    'refunded-last': 'ORDER_FULLY_REFUNDED',
    refused: 'ORDER_REFUND_FAILED',
  },
  ORDER_PARTIALLY_REFUNDED: {},
  ORDER_FULLY_REFUNDED: {},
  ORDER_REFUND_FAILED: {},
};

/**
 * The refund after an event.
 *
 * @throws Fault ORDER_STATE_INVALID when the event does not fit the status
 */
export function advance(refund: Refund, event: RefundEvent, now: Date, failure?: RefundFailure): Refund {
  const status = transitions[refund.status][event];
  if (status === undefined) throw new Fault('ORDER_STATE_INVALID', `The refund is ${refund.status}.`);
  const completedAt = refundStatuses[status].final ? now : undefined;
  return { ...refund, status, failure, completedAt, updatedAt: now };
}
