/**
 * `POST /subscription/create`: records a subscription and charges its first period with the shopper present. A repeat answers
 * the present state and charges nothing.
 */
import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/subscription';
import type { MerchantCaller } from '../caller.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { newBrowserSecret, newSubscriptionId } from '../id.ts';
import { requestFingerprint } from '../idempotency.ts';
import { authenticateOrder, isAsked, questionAbout } from '../order/authenticate.ts';
import { queueExpiry } from '../order/expire-queue.ts';
import { chargeOrder, paidWith } from '../order/pay.ts';
import { tokenOf } from '../order/token-shapes.ts';
import { awaitAnswer } from '../payment/await-answer.ts';
import type { Tx } from '../storage/database.ts';
import { awaitIssuer } from '../threeds/await-issuer.ts';
import { chargeableToken } from '../tokenization/charge.ts';
import { orderOf, type Payable, payableOf, type Try, writeTry } from './charge.ts';
import { checkSubscription } from './check.ts';
import { subscriptionActionOf } from './record.ts';
import { passFree } from './settle.ts';
import { findSubscription, findSubscriptionByRequest, insertSubscription, listOrderIds } from './subscription.store.ts';
import type { Subscription } from './subscription.ts';
import { amountOf, isFree, type Terms } from './terms.ts';

type Input = RequestOf<typeof operations.create>;
type Data = DataOf<typeof operations.create>;

const first: Try = { period: 1, attempt: 1, initiator: 'CIT' };

export async function create(gateway: Gateway, { merchant }: MerchantCaller, input: Input): Promise<Data> {
  const { merchantId } = merchant;
  const fingerprint = requestFingerprint(input);
  const earlier = await findSubscriptionByRequest(gateway.database, merchantId, input.subscriptionRequest);
  if (earlier !== undefined) return repeat(gateway, earlier, fingerprint);
  const terms = await checkSubscription(gateway, merchantId, input, gateway.clock.now());
  const { tokenId } = tokenOf(input);
  const free = isFree(amountOf(terms, 1));
  // Nothing is charged for a free trial: only a verified token can be charged without the shopper after it.
  const initiator = free ? 'MIT' : 'CIT';
  const token = await chargeableToken(gateway, { merchantId, tokenId, initiator, asAccessToken: false });
  if (merchant.settings.enforceTokenOwner && token.merchantUserId !== input.userInfo.userId) {
    throw new Fault('TOKEN_INVALID');
  }
  const means = { summary: token.card, tokenId };
  const subscription = newSubscription(gateway, merchantId, input, { fingerprint, terms, means });
  const made = free
    ? await begin(gateway, subscription)
    : await pay(gateway, subscription, { input, merchantName: merchant.name });
  if (made !== undefined) return answer(made);
  const winner = await findSubscriptionByRequest(gateway.database, merchantId, input.subscriptionRequest);
  return repeat(gateway, winner ?? subscription, fingerprint);
}

/** A free trial begins at once. */
async function begin(gateway: Gateway, subscription: Subscription): Promise<Subscription | undefined> {
  const { merchantId, subscriptionId } = subscription;
  const begun = await gateway.database.transaction(
    async (tx) => (await insertSubscription(tx, subscription)) && passFree(gateway, tx, subscription, 1),
  );
  gateway.nudge();
  return begun ? findSubscription(gateway.database, merchantId, subscriptionId) : undefined;
}

/** @returns undefined when another request with this id was faster */
async function pay(
  gateway: Gateway,
  subscription: Subscription,
  { input, merchantName }: { readonly input: Input; readonly merchantName: string },
): Promise<Subscription | undefined> {
  const { merchantId, subscriptionId, tokenId } = subscription;
  const expiresAt = input.orderExpiredAt === undefined ? undefined : new Date(input.orderExpiredAt);
  const order = orderOf(gateway, subscription, { ...first, expiresAt });
  const payable = await payableOf(gateway, order, tokenId);
  if (isAsked(gateway, payable.order, payable.means)) return ask(gateway, subscription, payable, merchantName);
  const result = await chargeOrder(gateway, payable.order, payable.means, (tx) =>
    write(gateway, tx, subscription, payable),
  );
  if (result.kind !== 'performed') return undefined;
  if (result.outcome.kind === 'unknown') throw new Fault('STATUS_UNKNOWN');
  return findSubscription(gateway.database, merchantId, subscriptionId);
}

/** The issuer is asked first; the subscription waits for its shopper as long as that takes. */
async function ask(
  gateway: Gateway,
  subscription: Subscription,
  { order, means, dailyLimitMinor }: Payable,
  merchantName: string,
): Promise<Subscription | undefined> {
  const { merchantId, subscriptionId } = subscription;
  const envelope = newBrowserSecret().toString('base64url');
  const asked = { mandated: false, merchantName, envelope };
  const question = questionAbout(gateway, order, means, asked);
  const { webUrl } = question;
  const status = 'AUTHORIZATION_REQUIRED';
  const waiting = { ...order, status, echo: { ...order.echo, webUrl } } as const;
  const written = { ...subscription, status, echo: { ...subscription.echo, webUrl } } as const;
  const result = await authenticateOrder(gateway, question, async (tx) => {
    if (!(await write(gateway, tx, written, { order: waiting, dailyLimitMinor }))) return false;
    await queueExpiry(gateway, tx, waiting);
    return true;
  });
  if (result === 'lost') return undefined;
  const made = await findSubscription(gateway.database, merchantId, subscriptionId);
  const undecided = result === 'finished' && made?.status === 'AUTHORIZATION_REQUIRED';
  if (undecided || gateway.connectors.of(merchantId).screen(order.amount).unknown) throw new Fault('STATUS_UNKNOWN');
  return made;
}

async function write(
  gateway: Gateway,
  tx: Tx,
  subscription: Subscription,
  payable: Pick<Payable, 'order' | 'dailyLimitMinor'>,
): Promise<boolean> {
  if (!(await insertSubscription(tx, subscription))) return false;
  return writeTry(gateway, tx, subscription, first, payable);
}

async function repeat(gateway: Gateway, seen: Subscription, fingerprint: Buffer): Promise<Data> {
  if (!seen.requestFingerprint.equals(fingerprint)) throw new Fault('IDEMPOTENCY_MISMATCH');
  const { merchantId, subscriptionId } = seen;
  const [id] = await listOrderIds(gateway.database, seen);
  if (id !== undefined) {
    await awaitIssuer(gateway, merchantId, { kind: 'order', id });
    await awaitAnswer(gateway, merchantId, { kind: 'order', id });
  }
  return answer((await findSubscription(gateway.database, merchantId, subscriptionId)) ?? seen);
}

const answer = (subscription: Subscription): Data => ({
  subscriptionRequest: subscription.subscriptionRequest,
  merchantSubscriptionId: subscription.merchantSubscriptionId,
  subscriptionId: subscription.subscriptionId,
  subscriptionStatus: subscription.status,
  ...subscriptionActionOf(subscription),
});

function newSubscription(
  gateway: Gateway,
  merchantId: string,
  input: Input,
  known: {
    readonly fingerprint: Buffer;
    readonly terms: Terms;
    readonly means: Parameters<typeof paidWith>[1] & { readonly tokenId: string };
  },
): Subscription {
  const now = gateway.clock.now();
  const { merchantInfo, userInfo, goodsInfo, addressInfo, productInfo, userCurrency, extendInfo } = input;
  const { successRedirectUrl, failedRedirectUrl, cancelRedirectUrl, subscriptionManagementUrl } = input;
  return {
    merchantId,
    subscriptionId: newSubscriptionId(now),
    subscriptionRequest: input.subscriptionRequest,
    requestFingerprint: known.fingerprint,
    merchantSubscriptionId: input.merchantSubscriptionId,
    status: 'IN_PROGRESS',
    currency: input.currency,
    terms: known.terms,
    tokenId: known.means.tokenId,
    period: 1,
    startedAt: undefined,
    anchor: undefined,
    anchorPeriod: 1,
    nextChargeAt: undefined,
    echo: {
      merchantInfo,
      userInfo,
      goodsInfo,
      addressInfo,
      paymentInfo: input.paymentInfo,
      usedPaymentInfo: paidWith(input.paymentInfo, known.means, 'CIT'),
      productInfo,
      userCurrency,
      successRedirectUrl,
      failedRedirectUrl,
      cancelRedirectUrl,
      subscriptionManagementUrl,
      extendInfo,
    },
    failure: undefined,
    notifyUrl: input.notifyUrl,
    requestedAt: new Date(input.requestedAt),
    createdAt: now,
    updatedAt: now,
  };
}
