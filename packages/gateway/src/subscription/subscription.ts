/**
 * A subscription: what a shopper pays again and again. Each period is an order of its own, charged when the period begins.
 * Who has the next move is said by the status list of the protocol.
 */
import { type SubscriptionStatus, subscriptionStatuses } from '@waffo/protocol/statuses';
import { Fault } from '../fault.ts';
import type { OrderFailure } from '../order/order.ts';
import type { Terms } from './terms.ts';

/** The parts of the request that inquiry, notifications and the orders echo, as they came. */
export interface SubscriptionEcho {
  readonly merchantInfo: object;
  readonly userInfo: object;
  readonly goodsInfo?: object | undefined;
  readonly addressInfo?: object | undefined;
  /** What a card must fit. */
  readonly paymentInfo: object;
  /** The same, completed with the method and the masked card: what is shown. */
  readonly usedPaymentInfo: object;
  readonly productInfo: { readonly description: string };
  readonly userCurrency?: string | undefined;
  readonly successRedirectUrl?: string | undefined;
  readonly failedRedirectUrl?: string | undefined;
  readonly cancelRedirectUrl?: string | undefined;
  readonly subscriptionManagementUrl?: string | undefined;
  readonly extendInfo?: string | undefined;
  /** Of one that takes the place of another: what was said of that. */
  readonly change?: SubscriptionChange | undefined;
  /** Of one that is to be replaced, or was: `SC…` of the other. */
  readonly heirId?: string | undefined;
  /** Where the shopper acts while the status is AUTHORIZATION_REQUIRED. */
  readonly webUrl?: string | undefined;
}

/** A change, as it was asked for. */
export interface SubscriptionChange {
  readonly originSubscriptionRequest: string;
  /** Decimal string in major units. */
  readonly remainingAmount: string;
  readonly productInfoList: readonly object[];
  readonly orderExpiredAt?: string | undefined;
}

export interface Subscription {
  readonly merchantId: string;
  /** `SC…`, ours. */
  readonly subscriptionId: string;
  readonly subscriptionRequest: string;
  readonly requestFingerprint: Buffer;
  readonly merchantSubscriptionId: string;
  readonly status: SubscriptionStatus;
  /** ISO 4217. */
  readonly currency: string;
  readonly terms: Terms;
  /** Undefined until the first payment of one that is paid with a new card. */
  readonly tokenId: string | undefined;
  /** The one that it takes the place of. */
  readonly originId: string | undefined;
  /** The period that runs, or is being paid. */
  readonly period: number;
  /** Undefined until the first payment. */
  readonly startedAt: Date | undefined;
  readonly anchor: Date | undefined;
  readonly anchorPeriod: number;
  /** When a card is charged next; undefined: not any more, or just now. */
  readonly nextChargeAt: Date | undefined;
  readonly echo: SubscriptionEcho;
  /** Why it never began. */
  readonly failure: OrderFailure | undefined;
  readonly notifyUrl: string;
  readonly requestedAt: Date;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/**
 * `refused`: the first payment failed or was not made in time. `cancelled`: by the merchant. `left`: by the shopper, on the
 * management page. `lapsed`: its card can pay no more. `completed`: the last period is over.
 */
export type SubscriptionEvent = 'started' | 'refused' | 'cancelled' | 'left' | 'lapsed' | 'completed';

/** status → event → next status. What is missing is refused; final statuses have no row to leave by. */
export const transitions: Readonly<Record<SubscriptionStatus, Partial<Record<SubscriptionEvent, SubscriptionStatus>>>> =
  {
    AUTHORIZATION_REQUIRED: { started: 'ACTIVE', refused: 'CLOSE' },
    IN_PROGRESS: { started: 'ACTIVE', refused: 'CLOSE' },
    ACTIVE: {
      cancelled: 'MERCHANT_CANCELLED',
      left: 'USER_CANCELLED',
      lapsed: 'CHANNEL_CANCELLED',
      completed: 'EXPIRED',
    },
    CLOSE: {},
    MERCHANT_CANCELLED: {},
    USER_CANCELLED: {},
    CHANNEL_CANCELLED: {},
    EXPIRED: {},
  };

/**
 * The subscription after an event. One that has ended charges nothing more.
 *
 * @throws Fault ORDER_STATE_INVALID when the event does not fit the status
 */
export function advance(
  subscription: Subscription,
  event: SubscriptionEvent,
  now: Date,
  failure?: OrderFailure,
): Subscription {
  const status = transitions[subscription.status][event];
  if (status === undefined) throw new Fault('ORDER_STATE_INVALID', `The subscription is ${subscription.status}.`);
  const nextChargeAt = subscriptionStatuses[status].final ? undefined : subscription.nextChargeAt;
  return { ...subscription, status, failure, nextChargeAt, updatedAt: now };
}

/** Whether its first payment has not been decided. */
export const isWaiting = ({ status }: Subscription): boolean =>
  status === 'AUTHORIZATION_REQUIRED' || status === 'IN_PROGRESS';
