/**
 * The merchant's side of the road: opens binding sessions, lists and removes cards, pays. It knows cards by token and
 * mask only; a card number never comes here.
 */
import { type Waffo, WaffoError, WaffoUnknownStatusError } from '@waffo/waffo-node';
import { currency, type Product } from './catalogue.ts';
import type { OrderBook } from './orders.ts';
import { homeOf, newRequestId, shopper, webUrlIn } from './request.ts';

/** A saved card as the page shows it. */
interface SavedCard {
  readonly tokenId: string;
  /** `411111******1111` */
  readonly maskedPan: string;
  readonly scheme: string;
  /** `MM/YYYY` */
  readonly expiry: string;
  readonly status: string;
}

/**
 * What an attempt to pay came to. `pending` is not a failure: the webhook, or an inquiry, will tell. `asked`: the bank wants to
 * see the shopper at `webUrl` first.
 */
interface Payment {
  readonly outcome: 'paid' | 'declined' | 'pending' | 'refused' | 'asked';
  readonly orderId: string;
  readonly amount: string;
  readonly currency: string;
  readonly webUrl?: string;
  /** The gateway's code when it refused. */
  readonly code?: string;
  /** The gateway's words when it refused. */
  readonly reason?: string;
}

export interface Checkout {
  /** Opens a binding session for the page's SDK. */
  openSession(): Promise<{ tokenSessionId: string; tokenRequestId: string }>;
  listCards(): Promise<SavedCard[]>;
  removeCard(tokenId: string): Promise<void>;
  pay(tokenId: string, product: Product): Promise<Payment>;
  /** Where the gateway's own page takes the payment. */
  payThere(product: Product): Promise<{ webUrl: string }>;
}

/**
 * @param waffo - the merchant's client
 * @param notifyUrl - where the gateway posts webhooks
 * @param remember - told of each order before it is made
 */
export function createCheckout(waffo: Waffo, notifyUrl: string, remember: OrderBook['remember']): Checkout {
  return {
    async openSession() {
      const tokenRequestId = newRequestId();
      const response = await waffo.tokenization().generate({
        tokenRequestId,
        merchantUserId: shopper.userId,
        tokenType: 'CARD',
        notifyUrl,
      });
      const { tokenSessionId } = response.unwrap();
      if (tokenSessionId === undefined) throw new Error('The gateway opened no session.');
      return { tokenSessionId, tokenRequestId };
    },
    async listCards() {
      const response = await waffo.tokenization().inquiry({ merchantUserId: shopper.userId });
      return response.unwrap().map(({ tokenId, tokenStatus, tokenData }) => ({
        tokenId,
        status: tokenStatus,
        maskedPan: tokenData?.maskedCardInfo ?? '',
        scheme: tokenData?.cardScheme ?? '',
        expiry: tokenData?.cardExpiry ?? '',
      }));
    },
    async removeCard(tokenId) {
      (await waffo.tokenization().remove({ tokenType: 'CARD', tokenId })).unwrap();
    },
    pay: (tokenId, product) => {
      const orderId = newRequestId();
      remember({ orderId, name: product.name });
      return pay(waffo, tokenId, orderOf(product, orderId, notifyUrl));
    },
    async payThere(product) {
      const orderId = newRequestId();
      remember({ orderId, name: product.name });
      const response = await waffo.order().create(orderOf(product, orderId, notifyUrl));
      const webUrl = webUrlIn(response.unwrap().orderAction);
      if (webUrl === undefined) throw new Error('The gateway named no page to pay at.');
      return { webUrl };
    },
  };
}

async function pay(waffo: Waffo, tokenId: string, order: ReturnType<typeof orderOf>): Promise<Payment> {
  const payment = { orderId: order.paymentRequestId, amount: order.orderAmount, currency };
  try {
    const { orderStatus, orderAction } = (await waffo.order().create({ ...order, tokenId })).unwrap();
    const webUrl = webUrlIn(orderAction);
    if (webUrl !== undefined) return { outcome: 'asked', webUrl, ...payment };
    if (orderStatus === 'PAY_SUCCESS') return { outcome: 'paid', ...payment };
    return { outcome: orderStatus === 'ORDER_CLOSE' ? 'declined' : 'pending', ...payment };
  } catch (error) {
    if (error instanceof WaffoUnknownStatusError) return { outcome: 'pending', ...payment };
    if (error instanceof WaffoError) return { outcome: 'refused', ...payment, code: error.code, reason: error.message };
    throw error;
  }
}

const orderOf = (product: Product, orderId: string, notifyUrl: string) => ({
  ...homeOf(notifyUrl, { order: orderId }),
  paymentRequestId: orderId,
  merchantOrderId: orderId,
  orderCurrency: currency,
  orderAmount: product.price,
  orderDescription: product.name,
  orderRequestedAt: new Date().toISOString(),
  notifyUrl,
  userInfo: shopper,
  goodsInfo: { goodsId: product.productId, goodsName: product.name, goodsQuantity: 1 },
  paymentInfo: { productName: 'ONE_TIME_PAYMENT' },
});
