/** `POST /order/create`: records an order and charges the card it names. A repeat answers the present state and charges nothing. */
import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/order';
import type { MerchantCaller } from '../caller.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { newAcquiringOrderId } from '../id.ts';
import { claimLimit, dayOf } from '../merchant/limits.ts';
import { awaitAnswer } from '../payment/await-answer.ts';
import { perform } from '../payment/perform.ts';
import { type BareCard, bareCardOf, fingerprintOfOrder } from './bare-card.ts';
import { type Checked, checkMethodCovered, checkMethodFits, checkOrder, defaultLifetimeMs } from './check.ts';
import { endingOf } from './find.ts';
import { type Means, meansOf } from './means.ts';
import { findOrderByRequest, insertOrder } from './order.store.ts';
import { type Order, untouched } from './order.ts';
import { settleOrder } from './settle.ts';
import { initiatorOf } from './token-shapes.ts';

type Input = RequestOf<typeof operations.create>;
type Data = DataOf<typeof operations.create>;

export async function create(gateway: Gateway, caller: MerchantCaller, input: Input): Promise<Data> {
  const card = bareCardOf(caller.merchant, input);
  try {
    return await createWith(gateway, caller, input, card);
  } finally {
    card?.dispose();
  }
}

async function createWith(
  gateway: Gateway,
  caller: MerchantCaller,
  input: Input,
  card: BareCard | undefined,
): Promise<Data> {
  const { merchantId } = caller.merchant;
  const fingerprint = await fingerprintOfOrder(gateway, merchantId, input, card);
  const earlier = await findOrderByRequest(gateway.database, merchantId, input.paymentRequestId);
  if (earlier !== undefined) return repeat(gateway, earlier, fingerprint);
  const checked = await checkOrder(gateway, merchantId, input, gateway.clock.now());
  const means = await meansOf(gateway, caller.merchant, input, card);
  const order = newOrder(gateway, merchantId, input, fingerprint, checked, means);
  const { acquiringOrderId, currency, amountMinor, amount, initiator } = order;
  const subject = { kind: 'order', id: acquiringOrderId } as const;
  const verb = order.captureMode === 'MANUAL' ? 'authorize' : 'purchase';
  const payment = { merchantId, subject, verb, currency, amountMinor, amount, initiator } as const;
  const result = await perform(gateway, payment, {
    card: means.card,
    async begin(tx) {
      if (!(await insertOrder(tx, order))) return false;
      await claimLimit(tx, order, checked.dailyLimitMinor);
      return true;
    },
    settle: (tx, outcome) => settleOrder(gateway, tx, payment, outcome),
  });
  if (result.kind === 'performed' && result.outcome.kind === 'unknown') throw new Fault('STATUS_UNKNOWN');
  if (result.kind === 'performed') return endingOf(result.settled);
  const winner = await findOrderByRequest(gateway.database, merchantId, input.paymentRequestId);
  return repeat(gateway, winner ?? order, fingerprint);
}

async function repeat(gateway: Gateway, seen: Order, fingerprint: Buffer): Promise<Data> {
  if (!seen.requestFingerprint.equals(fingerprint)) throw new Fault('IDEMPOTENCY_MISMATCH');
  const { merchantId, acquiringOrderId, paymentRequestId } = seen;
  await awaitAnswer(gateway, merchantId, { kind: 'order', id: acquiringOrderId });
  return endingOf((await findOrderByRequest(gateway.database, merchantId, paymentRequestId)) ?? seen);
}

function newOrder(
  gateway: Gateway,
  merchantId: string,
  input: Input,
  fingerprint: Buffer,
  checked: Checked,
  means: Means,
): Order {
  const now = gateway.clock.now();
  const initiator = initiatorOf(input);
  const payMethodName = `${means.summary.type === 'DEBIT' ? 'DC' : 'CC'}_${means.summary.scheme}`;
  checkMethodFits(input, means.summary.scheme);
  checkMethodCovered(checked.contract, input, { payMethodName, amountMinor: checked.amountMinor });
  return {
    ...untouched,
    merchantId,
    acquiringOrderId: newAcquiringOrderId(now),
    paymentRequestId: input.paymentRequestId,
    requestFingerprint: fingerprint,
    merchantOrderId: input.merchantOrderId,
    status: 'PAY_IN_PROGRESS',
    currency: input.orderCurrency,
    amountMinor: checked.amountMinor,
    amount: input.orderAmount,
    tokenId: means.tokenId,
    initiator,
    captureMode: checked.captureMode,
    cancelling: false,
    limitDay: checked.dailyLimitMinor === undefined ? undefined : dayOf(now),
    echo: echoOf(input, means, payMethodName, initiator),
    failure: undefined,
    notifyUrl: input.notifyUrl,
    requestedAt: new Date(input.orderRequestedAt),
    expiresAt: new Date(input.orderExpiredAt ?? now.getTime() + defaultLifetimeMs),
    completedAt: undefined,
    createdAt: now,
    updatedAt: now,
  };
}

function echoOf(input: Input, { summary, tokenId }: Means, payMethodName: string, initiator: 'CIT' | 'MIT') {
  const { merchantInfo, userInfo, goodsInfo, addressInfo } = input;
  const { orderDescription, userCurrency, cancelRedirectUrl, extendInfo } = input;
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
      payMethodType: summary.type === 'DEBIT' ? 'DEBITCARD' : 'CREDITCARD',
      payMethodName,
      payMethodProperties: JSON.stringify({
        ...(tokenId !== undefined && { cardToken: tokenId }),
        cardTransactionType: initiator,
      }),
      payMethodResponse: JSON.stringify({ maskCardData: summary.masked }),
    },
  };
}
