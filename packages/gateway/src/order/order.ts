/**
 * An order: what a merchant asks a shopper to pay, once. Who has the next move is said by the status list of the
 * protocol. Money is in minor units; the merchant's own spelling of the amount is kept for the answers.
 */
import { type OrderStatus, orderStatuses } from '@waffo/protocol/statuses';
import { Fault } from '../fault.ts';
import type { CardSummary } from '../tokenization/card-summary.ts';

/** Why an order closed without being paid. */
export interface OrderFailure {
  readonly code: string;
  readonly description: string;
}

/** The parts of the request that inquiry and notifications echo, as they came. */
export interface OrderEcho {
  readonly merchantInfo: object;
  readonly userInfo: object;
  readonly goodsInfo?: object | undefined;
  readonly addressInfo?: object | undefined;
  /** Completed with the method that was used and the masked card. */
  readonly paymentInfo: object;
  readonly orderDescription: string;
  readonly userCurrency?: string | undefined;
  readonly cancelRedirectUrl?: string | undefined;
  readonly extendInfo?: string | undefined;
  /** Where the shopper acts while the status is AUTHORIZATION_REQUIRED. */
  readonly webUrl?: string | undefined;
  /** When it pays a period of a subscription. */
  readonly subscriptionInfo?: SubscriptionPayment | undefined;
  /** For the checkout page alone; never echoed. */
  readonly checkout?: {
    readonly successRedirectUrl?: string | undefined;
    readonly failedRedirectUrl?: string | undefined;
    readonly brandInfo?: unknown;
  };
}

/** Of which subscription an order is a payment (contract section 15.11). */
interface SubscriptionPayment {
  readonly subscriptionId: string;
  /** Its number, from `1`. */
  readonly period: string;
  readonly subscriptionRequest: string;
  /** The same. */
  readonly merchantRequest: string;
}

/** What is known of a card that waits in the vault: for the shopper's authentication, or to become a token. */
export interface WaitingCard {
  readonly cardId: string;
  /** The authentication that its CVV is held for, if there is one. */
  readonly authenticationId?: string | undefined;
  readonly summary: CardSummary;
  /** Once it has paid it becomes a token. */
  readonly save: boolean;
}

/** What was taken of an order and paid back; minor units. */
export interface Money {
  readonly capturedMinor: bigint;
  readonly refundedMinor: bigint;
  /** Of refunds whose outcome is not known yet. */
  readonly refundingMinor: bigint;
  /** Refunds that succeeded or may still. */
  readonly refundCount: number;
}

export interface Order extends Money {
  readonly merchantId: string;
  /** `A…`, ours. */
  readonly acquiringOrderId: string;
  readonly paymentRequestId: string;
  readonly requestFingerprint: Buffer;
  readonly merchantOrderId: string;
  readonly status: OrderStatus;
  readonly currency: string;
  readonly amountMinor: bigint;
  /** Decimal string, as the merchant wrote it. */
  readonly amount: string;
  /** Absent when it is paid with a bare card, or nothing was chosen yet. */
  readonly tokenId: string | undefined;
  readonly initiator: 'CIT' | 'MIT';
  /** MANUAL: authorised first, and captured when the merchant says so. */
  readonly captureMode: 'AUTOMATIC' | 'MANUAL';
  /** The authorisation is being voided: nothing may be captured any more. */
  readonly cancelling: boolean;
  /** The UTC day, `2026-11-23`, whose limit the order was counted against. */
  readonly limitDay: string | undefined;
  /** A card without a token, in the vault until the order is charged or closed. */
  readonly waitingCard: WaitingCard | undefined;
  readonly echo: OrderEcho;
  readonly failure: OrderFailure | undefined;
  readonly notifyUrl: string;
  readonly requestedAt: Date;
  readonly expiresAt: Date;
  readonly completedAt: Date | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Nothing taken, nothing paid back. */
export const untouched: Money = { capturedMinor: 0n, refundedMinor: 0n, refundingMinor: 0n, refundCount: 0 };

/** `charge-sent`: the shopper chose a card. `closed`: cancelled or too late, before anything was charged. `voided`: an authorisation was given back. */
export type OrderEvent =
  | 'charge-sent'
  | 'paid'
  | 'authorized'
  | 'declined'
  | 'closed'
  | 'voided'
  | 'capture-sent'
  | 'capture-refused'
  | 'captured';

/** status → event → next status. What is missing is refused; final statuses have no row to leave by. */
export const transitions: Readonly<Record<OrderStatus, Partial<Record<OrderEvent, OrderStatus>>>> = {
  PAY_IN_PROGRESS: { paid: 'PAY_SUCCESS', authorized: 'AUTHED_WAITING_CAPTURE', declined: 'ORDER_CLOSE' },
  AUTHORIZATION_REQUIRED: { 'charge-sent': 'PAY_IN_PROGRESS', closed: 'ORDER_CLOSE' },
  AUTHED_WAITING_CAPTURE: { 'capture-sent': 'CAPTURE_IN_PROGRESS', voided: 'ORDER_CLOSE' },
  CAPTURE_IN_PROGRESS: { captured: 'PAY_SUCCESS', 'capture-refused': 'AUTHED_WAITING_CAPTURE' },
  PAY_SUCCESS: {},
  ORDER_CLOSE: {},
};

/**
 * The order after an event.
 *
 * @throws Fault ORDER_STATE_INVALID when the event does not fit the status
 */
export function advance(order: Order, event: OrderEvent, now: Date, failure?: OrderFailure): Order {
  const status = transitions[order.status][event];
  if (status === undefined) throw new Fault('ORDER_STATE_INVALID', `The order is ${order.status}.`);
  const completedAt = orderStatuses[status].final ? now : undefined;
  return { ...order, status, failure, completedAt, updatedAt: now };
}

/** What can still be paid back; minor units. */
export const refundableMinor = ({ capturedMinor, refundedMinor, refundingMinor }: Money): bigint =>
  capturedMinor - refundedMinor - refundingMinor;

/** Days after payment within which an order can be refunded (decisions: to the end of that day, UTC). */
const refundableDays = 180;

/** The last moment of the refund period of an order paid at `paidAt`. */
export function refundExpiryOf(paidAt: Date): Date {
  const { year, month, day } = { year: paidAt.getUTCFullYear(), month: paidAt.getUTCMonth(), day: paidAt.getUTCDate() };
  return new Date(Date.UTC(year, month, day + refundableDays, 23, 59, 59, 999));
}

/** Who pays, as the order names him; a shopper without a name has no saved cards. */
export const shopperOf = ({ echo }: Pick<Order, 'echo'>): string =>
  (echo.userInfo as { readonly userId?: string }).userId ?? '';
