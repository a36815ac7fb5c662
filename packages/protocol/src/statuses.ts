/**
 * The wire's statuses, each with whose move it is: who has to act before the status can change.
 * Identifiers are the wire's own (contract section 17, decisions "Token").
 */

/** Who has the next move. `nobody` does not mean final: see `final`. */
export type Mover = 'shopper' | 'merchant' | 'operator' | 'gateway' | 'acquirer' | 'nobody';

/** One status of a list. */
export interface StatusRow {
  readonly move: Mover;
  /** A final status never changes again. */
  readonly final: boolean;
  readonly meaning: string;
}

/** `tokenStatus`. */
export const tokenStatuses = {
  UNVERIFIED: { move: 'nobody', final: false, meaning: 'bound; the issuer has not strongly authenticated the holder' },
  VERIFIED: {
    move: 'nobody',
    final: false,
    meaning: 'bound and authenticated, or charged once with the shopper present',
  },
  SUSPENDED: { move: 'operator', final: false, meaning: 'must not be charged for now; can return' },
  EXPIRED: {
    move: 'shopper',
    final: false,
    meaning: 'the card behind it has expired, or its account was closed, and no update came',
  },
  REMOVED: { move: 'nobody', final: true, meaning: 'unbound; card data and fingerprint are erased' },
} as const satisfies Record<string, StatusRow>;
export type TokenStatus = keyof typeof tokenStatuses;

/** `tokenStatus` of a notification only: a binding that failed never becomes a token. */
export const failedBindingStatus = 'FAILED';

/** `orderStatus`. */
export const orderStatuses = {
  PAY_IN_PROGRESS: { move: 'gateway', final: false, meaning: 'accepted; the outcome is not known yet' },
  AUTHORIZATION_REQUIRED: { move: 'shopper', final: false, meaning: 'the shopper must act at orderAction' },
  AUTHED_WAITING_CAPTURE: { move: 'merchant', final: false, meaning: 'authorised; waits for the capture' },
  CAPTURE_IN_PROGRESS: { move: 'acquirer', final: false, meaning: 'capture sent; settlement is on its way' },
  PAY_SUCCESS: { move: 'nobody', final: true, meaning: 'paid' },
  ORDER_CLOSE: { move: 'nobody', final: true, meaning: 'cancelled, failed or timed out; nothing was taken' },
} as const satisfies Record<string, StatusRow>;
export type OrderStatus = keyof typeof orderStatuses;

/** `refundStatus`. */
export const refundStatuses = {
  REFUND_IN_PROGRESS: { move: 'acquirer', final: false, meaning: 'accepted; the outcome is not known yet' },
  ORDER_PARTIALLY_REFUNDED: { move: 'nobody', final: true, meaning: 'refunded; a part of the order remains paid' },
  ORDER_FULLY_REFUNDED: { move: 'nobody', final: true, meaning: 'refunded; nothing of the order remains paid' },
  ORDER_REFUND_FAILED: { move: 'nobody', final: true, meaning: 'nothing was paid back; the reason is with it' },
} as const satisfies Record<string, StatusRow>;
export type RefundStatus = keyof typeof refundStatuses;

/** `subscriptionStatus`. */
export const subscriptionStatuses = {
  AUTHORIZATION_REQUIRED: { move: 'shopper', final: false, meaning: 'the shopper must act at subscriptionAction' },
  IN_PROGRESS: { move: 'acquirer', final: false, meaning: 'the first payment has no known outcome yet' },
  ACTIVE: { move: 'gateway', final: false, meaning: 'runs; each period is charged when it begins' },
  CLOSE: { move: 'nobody', final: true, meaning: 'never began: the first payment failed or was not made in time' },
  MERCHANT_CANCELLED: { move: 'nobody', final: true, meaning: 'the merchant ended it' },
  USER_CANCELLED: { move: 'nobody', final: true, meaning: 'the shopper ended it' },
  CHANNEL_CANCELLED: { move: 'nobody', final: true, meaning: 'the payment channel ended it' },
  EXPIRED: { move: 'nobody', final: true, meaning: 'its last period is over' },
} as const satisfies Record<string, StatusRow>;
export type SubscriptionStatus = keyof typeof subscriptionStatuses;

/** `subscriptionChangeStatus`. */
export const subscriptionChangeStatuses = {
  AUTHORIZATION_REQUIRED: { move: 'shopper', final: false, meaning: 'the shopper must act at subscriptionAction' },
  IN_PROGRESS: { move: 'acquirer', final: false, meaning: 'the first payment has no known outcome yet' },
  SUCCESS: { move: 'nobody', final: true, meaning: 'the new subscription runs, the old one has ended' },
  CLOSED: { move: 'nobody', final: true, meaning: 'the old subscription goes on' },
} as const satisfies Record<string, StatusRow>;
export type SubscriptionChangeStatus = keyof typeof subscriptionChangeStatuses;
