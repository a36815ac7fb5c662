/**
 * `POST /order/create`: records an order and charges the card it names; without one the shopper chooses at the checkout.
 * A repeat answers the present state and charges nothing.
 */
import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/order';
import { orderStatuses } from '@waffo/protocol/statuses';
import type { MerchantCaller } from '../caller.ts';
import { newCheckout, openCheckout } from '../checkout/open.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { newAcquiringOrderId, newBrowserSecret } from '../id.ts';
import { dayOf } from '../merchant/limits.ts';
import { awaitAnswer } from '../payment/await-answer.ts';
import type { Tx } from '../storage/database.ts';
import { awaitIssuer } from '../threeds/await-issuer.ts';
import { challengeUrlOf } from '../threeds/begin.ts';
import { type Asked, authenticateOrder, isAsked, questionAbout } from './authenticate.ts';
import {
  type BareCard,
  bareCardOf,
  envelopeOf,
  envelopesOf,
  fingerprintOfOrder,
  threeDsDecisionOf,
} from './bare-card.ts';
import { checkCardPrefix, useOf } from './card-prefix.ts';
import { type Checked, checkCardMethod, checkChoice, checkOrder, defaultLifetimeMs } from './check.ts';
import { queueExpiry } from './expire-queue.ts';
import { endingOf } from './find.ts';
import { meansOf } from './means.ts';
import { findOrder, findOrderByRequest } from './order.store.ts';
import { type Order, untouched } from './order.ts';
import { paidWith, payMethodNameOf } from './paid-with.ts';
import { chargeNewOrder, type Means } from './pay.ts';
import { type Placed, placeOrder } from './place.ts';
import { orderActionOf } from './record.ts';
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
  { merchant }: MerchantCaller,
  input: Input,
  card: BareCard | undefined,
): Promise<Data> {
  const { merchantId } = merchant;
  const fingerprint = fingerprintOfOrder(input, card);
  // Asked for at once, told one after the other: a repeat comes before whatever would be wrong with the order now.
  const looking = findOrderByRequest(gateway.database, merchantId, input.paymentRequestId);
  const checking = checkOrder(gateway, merchantId, input, gateway.clock.now());
  const choosing = meansOf(gateway, merchant, input, card);
  await Promise.allSettled([looking, checking, choosing]);
  const earlier = await looking;
  if (earlier !== undefined) return repeat(gateway, earlier, fingerprint, card);
  const checked = await checking;
  const means = await choosing;
  const decision = threeDsDecisionOf(input);
  const asked = means !== undefined && isAsked(gateway, { merchantId, initiator: initiatorOf(input) }, means, decision);
  const order = newOrder(gateway, merchantId, input, { fingerprint, checked, means, asked });
  if (means !== undefined) await checkCardPrefix(gateway, input.paymentInfo, means, useOf(order));
  const { dailyLimitMinor } = checked;
  const insert = (tx: Tx, written = order) => placeOrder(tx, written, dailyLimitMinor);
  const mandated = decision === '3DS_FORCE';
  const made =
    means === undefined
      ? await open(gateway, order, insert)
      : asked
        ? await ask(gateway, order, means, { mandated, merchantName: merchant.name }, insert)
        : await charge(gateway, { order, dailyLimitMinor }, means);
  if (made !== undefined) return answer(made);
  const winner = await findOrderByRequest(gateway.database, merchantId, input.paymentRequestId);
  return repeat(gateway, winner ?? order, fingerprint, card);
}

async function charge(gateway: Gateway, placed: Placed, means: Means): Promise<Order | undefined> {
  const result = await chargeNewOrder(gateway, placed, means);
  if (result.kind !== 'performed') return undefined;
  if (result.outcome.kind === 'unknown') throw new Fault('STATUS_UNKNOWN');
  return result.settled;
}

/** Without a card the order waits for its shopper, as long as it lives. */
async function open(gateway: Gateway, order: Order, insert: (tx: Tx) => Promise<boolean>) {
  const checkout = await newCheckout(gateway, order);
  const inserted = await gateway.database.transaction(async (tx) => {
    if (!(await insert(tx))) return false;
    await openCheckout(tx, checkout);
    await queueExpiry(gateway, tx, order);
    return true;
  });
  if (!inserted) return undefined;
  refuseSilently(gateway, order);
  return order;
}

/** An amount of the unknown kind takes effect, and is not answered. */
function refuseSilently(gateway: Gateway, { merchantId, amount }: Order): void {
  if (gateway.connectors.of(merchantId).screen(amount).unknown) throw new Fault('STATUS_UNKNOWN');
}

/** The issuer is asked first; the order waits for its shopper as long as that takes. */
async function ask(
  gateway: Gateway,
  order: Order,
  means: Means,
  asked: Pick<Asked, 'mandated' | 'merchantName'>,
  insert: (tx: Tx, order: Order) => Promise<boolean>,
): Promise<Order | undefined> {
  const { card } = means;
  const envelope = 'cardId' in card ? newBrowserSecret().toString('base64url') : await envelopeOf(gateway, order, card);
  const question = questionAbout(gateway, order, means, { ...asked, envelope });
  const waiting = { ...order, echo: { ...order.echo, webUrl: question.webUrl } };
  const result = await authenticateOrder(gateway, question, async (tx) => {
    // The link of a bare card opens its CVV.
    if (!(await insert(tx, order.tokenId === undefined ? order : waiting))) return false;
    await queueExpiry(gateway, tx, order);
    return true;
  });
  if (result === 'lost') return undefined;
  if (result === 'challenge') {
    refuseSilently(gateway, order);
    return waiting;
  }
  const finished = await findOrder(gateway.database, order.merchantId, order.acquiringOrderId);
  if (finished?.status === 'PAY_IN_PROGRESS') throw new Fault('STATUS_UNKNOWN');
  return finished;
}

async function repeat(gateway: Gateway, seen: Order, fingerprint: Buffer, card: BareCard | undefined): Promise<Data> {
  if (!seen.requestFingerprint.equals(fingerprint)) throw new Fault('IDEMPOTENCY_MISMATCH');
  // An order that has ended waits for nobody.
  if (orderStatuses[seen.status].final) return answer(seen);
  const { merchantId, acquiringOrderId } = seen;
  const subject = { kind: 'order', id: acquiringOrderId } as const;
  await awaitIssuer(gateway, merchantId, subject);
  await awaitAnswer(gateway, merchantId, subject);
  const order = (await findOrder(gateway.database, merchantId, acquiringOrderId)) ?? seen;
  if (card === undefined || order.waitingCard === undefined) return answer(order);
  const envelopes = await envelopesOf(gateway, order, card);
  const webUrl = await challengeUrlOf(gateway, gateway.database, { merchantId, subject }, envelopes);
  return answer({ ...order, echo: { ...order.echo, webUrl } });
}

const answer = (order: Order): Data => ({ ...endingOf(order), ...orderActionOf(order) });

function newOrder(
  gateway: Gateway,
  merchantId: string,
  input: Input,
  known: {
    readonly fingerprint: Buffer;
    readonly checked: Checked;
    readonly means: Means | undefined;
    readonly asked: boolean;
  },
): Order {
  const { fingerprint, checked, means, asked } = known;
  const now = gateway.clock.now();
  const acquiringOrderId = newAcquiringOrderId(now);
  const initiator = initiatorOf(input);
  if (means === undefined) checkChoice(checked, input);
  else checkCardMethod(checked, input, { scheme: means.summary.scheme, payMethodName: payMethodNameOf(means.summary) });
  const echo = echoOf(input);
  const checkoutUrl = () =>
    `${gateway.publicUrl()}/checkout/${acquiringOrderId}/${newBrowserSecret().toString('base64url')}`;
  return {
    merchantId,
    ...untouched,
    acquiringOrderId,
    paymentRequestId: input.paymentRequestId,
    requestFingerprint: fingerprint,
    merchantOrderId: input.merchantOrderId,
    status: means === undefined || asked ? 'AUTHORIZATION_REQUIRED' : 'PAY_IN_PROGRESS',
    currency: input.orderCurrency,
    amountMinor: checked.amountMinor,
    amount: input.orderAmount,
    tokenId: means?.tokenId,
    initiator,
    captureMode: checked.captureMode,
    cancelling: false,
    waitingCard: undefined,
    limitDay: checked.dailyLimitMinor === undefined ? undefined : dayOf(now),
    echo:
      means === undefined
        ? { ...echo, webUrl: checkoutUrl() }
        : { ...echo, paymentInfo: paidWith(input.paymentInfo, means, initiator) },
    failure: undefined,
    notifyUrl: input.notifyUrl,
    requestedAt: new Date(input.orderRequestedAt),
    expiresAt: new Date(input.orderExpiredAt ?? now.getTime() + defaultLifetimeMs),
    completedAt: undefined,
    createdAt: now,
    updatedAt: now,
  };
}

function echoOf(input: Input): Order['echo'] {
  const { merchantInfo, userInfo, goodsInfo, addressInfo, paymentInfo, orderDescription, userCurrency } = input;
  const { successRedirectUrl, failedRedirectUrl, cancelRedirectUrl, extendInfo, brandInfo } = input;
  return {
    merchantInfo,
    userInfo,
    goodsInfo,
    addressInfo,
    paymentInfo,
    orderDescription,
    userCurrency,
    cancelRedirectUrl,
    extendInfo,
    checkout: { successRedirectUrl, failedRedirectUrl, brandInfo },
  };
}
