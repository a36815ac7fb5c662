/** `POST /order/create`: records an order and charges the token it names. A repeat answers the present state and charges nothing. */
import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/order';
import type { MerchantCaller } from '../caller.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { newAcquiringOrderId } from '../id.ts';
import { requestFingerprint } from '../idempotency.ts';
import { awaitAnswer } from '../payment/await-answer.ts';
import { perform } from '../payment/perform.ts';
import { type ChargeableToken, chargeableToken } from '../tokenization/charge.ts';
import { checkMethodFits, checkOrder, defaultLifetimeMs } from './check.ts';
import { findOrderByRequest, insertOrder } from './order.store.ts';
import type { Order } from './order.ts';
import { settleOrder } from './settle.ts';
import { initiatorOf, tokenOf } from './token-shapes.ts';

type Input = RequestOf<typeof operations.create>;
type Data = DataOf<typeof operations.create>;

export async function create(gateway: Gateway, caller: MerchantCaller, input: Input): Promise<Data> {
  const { merchantId } = caller.merchant;
  // Left out, so that nothing made from a bare card is kept: an order that has one is refused.
  const fingerprint = requestFingerprint({ ...input, cardInfo: undefined });
  const earlier = await findOrderByRequest(gateway.database, merchantId, input.paymentRequestId);
  if (earlier !== undefined) return repeat(gateway, earlier, fingerprint);
  const order = await newOrder(gateway, caller, input, fingerprint);
  const { token } = order;
  const result = await perform(
    gateway,
    {
      merchantId,
      subject: { kind: 'order', id: order.acquiringOrderId },
      verb: 'purchase',
      currency: order.currency,
      amountMinor: order.amountMinor,
      amount: order.amount,
      initiator: order.initiator,
    },
    {
      card: { cardId: token.cardId },
      begin: (tx) => insertOrder(tx, order),
      settle: (tx, outcome) => settleOrder(gateway, tx, merchantId, order.acquiringOrderId, outcome),
    },
  );
  if (result.kind === 'performed' && result.outcome.kind === 'unknown') throw new Fault('STATUS_UNKNOWN');
  if (result.kind === 'performed') return answer(result.settled);
  const winner = await findOrderByRequest(gateway.database, merchantId, input.paymentRequestId);
  return repeat(gateway, winner ?? order, fingerprint);
}

async function repeat(gateway: Gateway, seen: Order, fingerprint: Buffer): Promise<Data> {
  if (!seen.requestFingerprint.equals(fingerprint)) throw new Fault('IDEMPOTENCY_MISMATCH');
  const { merchantId, acquiringOrderId, paymentRequestId } = seen;
  await awaitAnswer(gateway, merchantId, { kind: 'order', id: acquiringOrderId });
  return answer((await findOrderByRequest(gateway.database, merchantId, paymentRequestId)) ?? seen);
}

async function newOrder(
  gateway: Gateway,
  { merchant }: MerchantCaller,
  input: Input,
  fingerprint: Buffer,
): Promise<Order & { token: ChargeableToken }> {
  const { merchantId, settings } = merchant;
  const now = gateway.clock.now();
  const amountMinor = checkOrder(gateway, merchant, input, now);
  const { tokenId, asAccessToken } = tokenOf(input);
  const initiator = initiatorOf(input);
  const token = await chargeableToken(gateway, { merchantId, tokenId, initiator, asAccessToken });
  checkMethodFits(input, token.card.scheme);
  if (settings.enforceTokenOwner && token.merchantUserId !== input.userInfo.userId) throw new Fault('TOKEN_INVALID');
  const expiresAt =
    input.orderExpiredAt === undefined ? new Date(now.getTime() + defaultLifetimeMs) : new Date(input.orderExpiredAt);
  return {
    token,
    merchantId,
    acquiringOrderId: newAcquiringOrderId(now),
    paymentRequestId: input.paymentRequestId,
    requestFingerprint: fingerprint,
    merchantOrderId: input.merchantOrderId,
    status: 'PAY_IN_PROGRESS',
    currency: input.orderCurrency,
    amountMinor,
    amount: input.orderAmount,
    tokenId,
    initiator,
    echo: echoOf(input, token, initiator),
    failure: undefined,
    notifyUrl: input.notifyUrl,
    requestedAt: new Date(input.orderRequestedAt),
    expiresAt,
    completedAt: undefined,
    createdAt: now,
    updatedAt: now,
  };
}

function echoOf(input: Input, token: ChargeableToken, initiator: 'CIT' | 'MIT'): Order['echo'] {
  const {
    merchantInfo,
    userInfo,
    goodsInfo,
    addressInfo,
    orderDescription,
    userCurrency,
    cancelRedirectUrl,
    extendInfo,
  } = input;
  const debit = token.card.type === 'DEBIT';
  return {
    merchantInfo,
    userInfo,
    goodsInfo,
    addressInfo,
    orderDescription,
    userCurrency,
    cancelRedirectUrl,
    extendInfo,
    paymentInfo: {
      ...input.paymentInfo,
      payMethodType: debit ? 'DEBITCARD' : 'CREDITCARD',
      payMethodName: `${debit ? 'DC' : 'CC'}_${token.card.scheme}`,
      payMethodProperties: JSON.stringify({ cardToken: token.tokenId, cardTransactionType: initiator }),
      payMethodResponse: JSON.stringify({ maskCardData: token.card.masked }),
    },
  };
}

const answer = (order: Order): Data => ({
  paymentRequestId: order.paymentRequestId,
  merchantOrderId: order.merchantOrderId,
  acquiringOrderId: order.acquiringOrderId,
  orderStatus: order.status,
});
