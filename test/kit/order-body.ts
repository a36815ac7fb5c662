/** An order that nothing is special about, as a merchant sends it. */
import { testCard } from './test-card.ts';

/** For a merchant that may send bare cards. */
const bareCard = {
  cardInfo: {
    cardNumber: testCard.pan,
    cardExpiryYear: 2030,
    cardExpiryMonth: 12,
    cardCvv: '123',
    cardHolderName: 'Ada Lovelace',
  },
};

/** @param paidWith - a token in the place of the card */
export const orderBody = (
  order: { readonly merchantId: string; readonly paymentRequestId: string; readonly notifyUrl: string },
  paidWith: { readonly tokenId: string } | typeof bareCard = bareCard,
) => ({
  paymentRequestId: order.paymentRequestId,
  merchantOrderId: order.paymentRequestId,
  orderCurrency: 'HKD',
  orderAmount: '100.00',
  orderDescription: 'Three teapots',
  orderRequestedAt: '2026-11-23T12:00:00.000Z',
  merchantInfo: { merchantId: order.merchantId },
  userInfo: { userId: 'u', userEmail: 'u@example.com', userTerminal: 'WEB', userBrowserIp: '::1', userAgent: 'a' },
  paymentInfo: { productName: 'ONE_TIME_PAYMENT' },
  ...paidWith,
  notifyUrl: order.notifyUrl,
});
