/** `POST /order/refund`: pays back a part of a paid order. A repeat answers the present state and pays nothing back. */
import type { FaultName } from '@waffo/protocol/codes';
import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/refund';
import type { MerchantCaller } from '../caller.ts';
import type { PayMethod } from '../connector/connector.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { newRefundOrderId } from '../id.ts';
import { requestFingerprint } from '../idempotency.ts';
import { contractOf } from '../merchant/find-contract.ts';
import { minorUnitsOf } from '../order/amount.ts';
import { orderNamed } from '../order/find.ts';
import type { Order } from '../order/order.ts';
import { reserveRefund } from '../order/refundable.ts';
import { awaitAnswer } from '../payment/await-answer.ts';
import { chargeOf, performFollowUp } from '../payment/perform.ts';
import { remainingOf } from './record.ts';
import { findRefundByRequest, insertRefund } from './refund.store.ts';
import type { Refund } from './refund.ts';
import { settleRefund } from './settle.ts';

type Input = RequestOf<typeof operations.refund>;
type Data = DataOf<typeof operations.refund>;

export async function refund(gateway: Gateway, caller: MerchantCaller, input: Input): Promise<Data> {
  const { merchantId } = caller.merchant;
  const fingerprint = requestFingerprint(input);
  const earlier = await findRefundByRequest(gateway.database, merchantId, input.refundRequestId);
  if (earlier !== undefined) return repeat(gateway, earlier, fingerprint);
  const order = await orderNamed(gateway, merchantId, { acquiringOrderId: input.acquiringOrderId });
  const made = await newRefund(gateway, caller, input, order, fingerprint);
  const charge = await chargeOf(gateway, merchantId, { kind: 'order', id: order.acquiringOrderId });
  if (charge === undefined) throw new Fault('REFUND_NOT_ALLOWED', `The order is ${order.status}; nothing was taken.`);
  const { currency, amountMinor, amount } = made;
  const subject = { kind: 'refund', id: made.acquiringRefundOrderId } as const;
  const intent = { merchantId, subject, verb: 'refund', currency, amountMinor, amount, charge } as const;
  const result = await performFollowUp(gateway, intent, {
    async begin(tx) {
      if (!(await insertRefund(tx, made))) return false;
      await reserveRefund(tx, made, made.createdAt, methodOf(gateway, order));
      return true;
    },
    settle: (tx, outcome) => settleRefund(gateway, tx, intent, outcome),
  });
  if (result.kind === 'performed' && result.outcome.kind === 'unknown') throw new Fault('STATUS_UNKNOWN');
  if (result.kind === 'performed') return answer(gateway, result.settled);
  const winner = await findRefundByRequest(gateway.database, merchantId, input.refundRequestId);
  return repeat(gateway, winner ?? made, fingerprint);
}

async function repeat(gateway: Gateway, seen: Refund, fingerprint: Buffer): Promise<Data> {
  if (!seen.requestFingerprint.equals(fingerprint)) throw new Fault('IDEMPOTENCY_MISMATCH');
  const { merchantId, acquiringRefundOrderId, refundRequestId } = seen;
  await awaitAnswer(gateway, merchantId, { kind: 'refund', id: acquiringRefundOrderId });
  return answer(gateway, (await findRefundByRequest(gateway.database, merchantId, refundRequestId)) ?? seen);
}

async function newRefund(
  gateway: Gateway,
  { merchant: { merchantId, settings } }: MerchantCaller,
  input: Input,
  order: Order,
  fingerprint: Buffer,
): Promise<Refund> {
  const amountMinor = minorUnitsOf(gateway, order, { amount: input.refundAmount, member: 'refundAmount' });
  const notifyUrl = input.refundNotifyUrl || settings.refundNotifyUrl;
  const reason = notifyUrl === undefined ? undefined : gateway.egress.check(notifyUrl);
  if (reason !== undefined) throw new Fault('PARAMETER_INVALID', `refundNotifyUrl: ${reason}`);
  await refuseMethod(gateway, order);
  const now = gateway.clock.now();
  const { userId } = order.echo.userInfo as { readonly userId?: string };
  return {
    merchantId,
    acquiringRefundOrderId: newRefundOrderId(now),
    refundRequestId: input.refundRequestId,
    requestFingerprint: fingerprint,
    acquiringOrderId: order.acquiringOrderId,
    status: 'REFUND_IN_PROGRESS',
    currency: order.currency,
    amountMinor,
    amount: input.refundAmount,
    echo: {
      origPaymentRequestId: order.paymentRequestId,
      refundReason: input.refundReason,
      refundSource: 'MERCHANT',
      merchantRefundOrderId: input.merchantRefundOrderId,
      userInfo: input.userInfo,
      extendInfo: input.extendInfo,
      userCurrency: order.echo.userCurrency,
      merchantUserId: userId,
    },
    failure: undefined,
    notifyUrl,
    requestedAt: new Date(input.requestedAt),
    completedAt: undefined,
    createdAt: now,
    updatedAt: now,
  };
}

/** What the order was paid with, of what its acquirer offers. */
function methodOf(gateway: Gateway, { merchantId, echo }: Order): PayMethod | undefined {
  const { payMethodName } = echo.paymentInfo as { readonly payMethodName?: string };
  return gateway.connectors.of(merchantId).payMethods.find((method) => method.payMethodName === payMethodName);
}

/** The contract may keep a method's payments from being refunded. */
async function refuseMethod(gateway: Gateway, order: Order): Promise<void> {
  const { payMethodName } = order.echo.paymentInfo as { readonly payMethodName?: string };
  const { methods } = await contractOf(gateway, order.merchantId);
  const terms = methods.filter((method) => method.payMethodName === payMethodName);
  if (terms.length > 0 && terms.every(({ refundAllowed }) => !refundAllowed)) throw new Fault('REFUND_NOT_SUPPORTED');
}

/** Refusals of the acquirer that have a code of their own; all others are a result of the refund. */
const refusals: Readonly<Record<string, FaultName>> = {
  NOT_SUPPORTED: 'REFUND_NOT_SUPPORTED',
  MERCHANT_FUNDS_LOW: 'MERCHANT_BALANCE_INSUFFICIENT',
  DISPUTED: 'CHARGEBACK_BLOCKS_REFUND',
  REFUNDED_BY_PREVENTION: 'REFUNDED_BY_PREVENTION',
};

async function answer(gateway: Gateway, made: Refund): Promise<Data> {
  const refusal = made.failure && refusals[made.failure.code];
  if (refusal !== undefined) throw new Fault(refusal);
  const { acquiringOrderId, merchantId, echo } = made;
  const order = await orderNamed(gateway, merchantId, { acquiringOrderId });
  return {
    refundRequestId: made.refundRequestId,
    ...(echo.merchantRefundOrderId !== undefined && { merchantRefundOrderId: echo.merchantRefundOrderId }),
    acquiringOrderId,
    acquiringRefundOrderId: made.acquiringRefundOrderId,
    refundAmount: made.amount,
    refundStatus: made.status,
    remainingRefundAmount: remainingOf(order),
    refundSource: echo.refundSource,
  };
}
