/**
 * An order: what a merchant asks a shopper to pay, once. Who has the next move is said by the status list of the
 * protocol. Money is in minor units; the merchant's own spelling of the amount is kept for the answers.
 */
import type { OrderStatus } from '@waffo/protocol/statuses';
import { Fault } from '../fault.ts';

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
}

export interface Order {
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
  readonly tokenId: string;
  readonly initiator: 'CIT' | 'MIT';
  readonly echo: OrderEcho;
  readonly failure: OrderFailure | undefined;
  readonly notifyUrl: string;
  readonly requestedAt: Date;
  readonly expiresAt: Date;
  readonly completedAt: Date | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type OrderEvent = 'paid' | 'declined';

/** status → event → next status. What is missing is refused; final statuses have no row to leave by. */
export const transitions: Readonly<Record<OrderStatus, Partial<Record<OrderEvent, OrderStatus>>>> = {
  PAY_IN_PROGRESS: { paid: 'PAY_SUCCESS', declined: 'ORDER_CLOSE' },
  AUTHORIZATION_REQUIRED: {},
  AUTHED_WAITING_CAPTURE: {},
  CAPTURE_IN_PROGRESS: {},
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
  return { ...order, status, failure, completedAt: now, updatedAt: now };
}

/** Days after payment within which an order can be refunded (decisions: to the end of that day, UTC). */
const refundableDays = 180;

/** The last moment of the refund period of an order paid at `paidAt`. */
export function refundExpiryOf(paidAt: Date): Date {
  const { year, month, day } = { year: paidAt.getUTCFullYear(), month: paidAt.getUTCMonth(), day: paidAt.getUTCDate() };
  return new Date(Date.UTC(year, month, day + refundableDays, 23, 59, 59, 999));
}
