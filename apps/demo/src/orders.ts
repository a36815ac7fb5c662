/**
 * What this shop sold: its order history, and refunds. It remembers which orders it made; what became of them it asks the
 * gateway, as a shop does that missed a webhook. It forgets when it restarts.
 */
import type { Waffo } from '@waffo/waffo-node';
import { newRequestId } from './request.ts';

/** An order as the shop remembers it. */
interface Sold {
  /** The shop's own: `paymentRequestId`. */
  readonly orderId: string;
  readonly name: string;
  readonly orderedAt: string;
  /** The idempotency key of its refund: a second click refunds nothing more. */
  readonly refundRequestId: string;
}

/** An order as the page shows it. */
interface OrderRow extends Pick<Sold, 'orderId' | 'name' | 'orderedAt'> {
  readonly amount: string;
  readonly currency: string;
  /** `411111******1111`; empty while nothing was paid with. */
  readonly card: string;
  readonly status: 'paid' | 'waiting' | 'closed' | 'refunded' | 'refunding';
}

export interface OrderBook {
  remember(order: { readonly orderId: string; readonly name: string }): void;
  /** The newest first, at most twenty. */
  list(): Promise<OrderRow[]>;
  /** Pays all of it back. @returns undefined when the shop does not know the order */
  refund(orderId: string, notifyUrl: string): Promise<OrderRow | undefined>;
}

const shown = 20;

export function createOrderBook(waffo: Waffo): OrderBook {
  const book: Sold[] = [];
  return {
    remember: ({ orderId, name }) => {
      book.unshift({ orderId, name, orderedAt: new Date().toISOString(), refundRequestId: newRequestId() });
    },
    list: async () => {
      const rows = await Promise.all(book.slice(0, shown).map((sold) => rowOf(waffo, sold)));
      return rows.filter((row) => row !== undefined);
    },
    async refund(orderId, refundNotifyUrl) {
      const sold = book.find((one) => one.orderId === orderId);
      if (sold === undefined) return undefined;
      const order = (await waffo.order().inquiry({ paymentRequestId: orderId })).unwrap();
      const response = await waffo.order().refund({
        refundRequestId: sold.refundRequestId,
        acquiringOrderId: order.acquiringOrderId,
        refundAmount: order.orderAmount,
        refundReason: 'Returned to the shop',
        refundNotifyUrl,
      });
      response.unwrap();
      return rowOf(waffo, sold);
    },
  };
}

async function rowOf(waffo: Waffo, sold: Sold): Promise<OrderRow | undefined> {
  const { orderId, name, orderedAt, refundRequestId } = sold;
  const found = await waffo.order().inquiry({ paymentRequestId: orderId });
  // The call may never have arrived; then there is nothing to show.
  if (!found.isSuccess()) return undefined;
  const { orderStatus, orderAmount: amount, orderCurrency: currency, paymentInfo } = found.unwrap();
  const row = { orderId, name, orderedAt, amount, currency, card: cardIn(paymentInfo.payMethodResponse) };
  if (orderStatus === 'ORDER_CLOSE') return { ...row, status: 'closed' };
  if (orderStatus !== 'PAY_SUCCESS') return { ...row, status: 'waiting' };
  const refund = await waffo.refund().inquiry({ refundRequestId });
  if (!refund.isSuccess()) return { ...row, status: 'paid' };
  const { refundStatus } = refund.unwrap();
  const refunded = ['ORDER_PARTIALLY_REFUNDED', 'ORDER_FULLY_REFUNDED'].includes(refundStatus);
  if (refunded) return { ...row, status: 'refunded' };
  return { ...row, status: refundStatus === 'REFUND_IN_PROGRESS' ? 'refunding' : 'paid' };
}

/** The masked card in what the gateway says of the method: a string that holds JSON. */
export function cardIn(payMethodResponse: string | undefined): string {
  const { maskCardData } = JSON.parse(payMethodResponse || '{}');
  return typeof maskCardData === 'string' ? maskCardData : '';
}
