/**
 * The first payment of a subscription, with the shopper present: at once with a card that is known, after the issuer has
 * seen him, or with the card that he chooses at the checkout. A new card becomes a token when it has paid.
 */
import { newCheckout, openCheckout } from '../checkout/open.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { newBrowserSecret } from '../id.ts';
import { authenticateOrder, isAsked, questionAbout } from '../order/authenticate.ts';
import { envelopeOf } from '../order/bare-card.ts';
import { queueExpiry } from '../order/expire-queue.ts';
import type { Order } from '../order/order.ts';
import { chargeOrder, keeping, type Means } from '../order/pay.ts';
import type { Tx } from '../storage/database.ts';
import type { ThreeDsDecision } from '../threeds/decision.ts';
import { type Open, openOf, orderOf, type Payable, payableOf, type Try, writeTry } from './charge.ts';
import { passFree } from './settle.ts';
import { findSubscription, insertSubscription } from './subscription.store.ts';
import type { Subscription } from './subscription.ts';

/** What is to be paid, and by whom. */
export interface FirstPayment {
  /** Not written yet. */
  readonly subscription: Subscription;
  /** Undefined: the shopper chooses. */
  readonly means: Means | undefined;
  /** `threeDsDecision`, where the request has one. */
  readonly decision: ThreeDsDecision | undefined;
  /** Until when the shopper may act; four hours when absent. */
  readonly expiresAt: Date | undefined;
  readonly merchantName: string;
  /** What else is written with the subscription, before it. False: another request with this id was faster; a fault lets nothing be written. */
  readonly before?: (tx: Tx) => Promise<boolean>;
}

const first: Try = { period: 1, attempt: 1, initiator: 'CIT' };

/**
 * Writes the subscription and pays its first period.
 *
 * @returns undefined when another request with this id was faster
 * @throws Fault of `payableOf` or `openOf`: nothing was written; STATUS_UNKNOWN
 */
export async function payFirst(gateway: Gateway, payment: FirstPayment): Promise<Subscription | undefined> {
  const { subscription, means, expiresAt, decision } = payment;
  const order = orderOf(gateway, subscription, { ...first, expiresAt });
  if (means === undefined) return offer(gateway, payment, order);
  const payable = await payableOf(gateway, order, means);
  if (isAsked(gateway, order, means, decision)) return ask(gateway, payment, payable);
  const keep = await keeping(gateway, payable.order, means);
  const result = await chargeOrder(gateway, payable.order, means, async (tx) => {
    if (!(await write(gateway, tx, payment, payable))) return false;
    await keep(tx);
    return true;
  });
  if (result.kind !== 'performed') return undefined;
  if (result.outcome.kind === 'unknown') throw new Fault('STATUS_UNKNOWN');
  return found(gateway, subscription);
}

/** A first period that costs nothing begins at once. */
export async function beginFree(
  gateway: Gateway,
  { subscription, before }: Pick<FirstPayment, 'subscription' | 'before'>,
): Promise<Subscription | undefined> {
  const begun = await gateway.database.transaction(async (tx) => {
    return (await insertAfter(tx, subscription, before)) && passFree(gateway, tx, subscription, 1);
  });
  gateway.nudge();
  return begun ? found(gateway, subscription) : undefined;
}

/** The shopper chooses his card on the page of the first order, as long as that lives. */
async function offer(gateway: Gateway, payment: FirstPayment, order: Order): Promise<Subscription | undefined> {
  const open = await openOf(gateway, order);
  const secret = newBrowserSecret().toString('base64url');
  const webUrl = `${gateway.publicUrl()}/checkout/${order.acquiringOrderId}/${secret}`;
  const waiting = waitingAt(payment, open, webUrl);
  const checkout = await newCheckout(gateway, order);
  const written = await gateway.database.transaction(async (tx) => {
    if (!(await write(gateway, tx, waiting.payment, waiting.open))) return false;
    await openCheckout(tx, checkout);
    await queueExpiry(gateway, tx, waiting.open.order);
    return true;
  });
  if (!written) return undefined;
  refuseSilently(gateway, order);
  return waiting.payment.subscription;
}

/** The issuer is asked first; the subscription waits for its shopper as long as that takes. */
async function ask(gateway: Gateway, payment: FirstPayment, payable: Payable): Promise<Subscription | undefined> {
  const { subscription, decision, merchantName } = payment;
  const { order, means } = payable;
  const isToken = 'cardId' in means.card;
  const envelope =
    'cardId' in means.card ? newBrowserSecret().toString('base64url') : await envelopeOf(gateway, order, means.card);
  const question = questionAbout(gateway, order, means, { mandated: decision === '3DS_FORCE', merchantName, envelope });
  // The link of a bare card opens its CVV: it is answered, and kept nowhere.
  const waiting = waitingAt(payment, payable, isToken ? question.webUrl : undefined);
  const result = await authenticateOrder(gateway, question, async (tx) => {
    if (!(await write(gateway, tx, waiting.payment, waiting.open))) return false;
    await queueExpiry(gateway, tx, waiting.open.order);
    return true;
  });
  if (result === 'lost') return undefined;
  const made = await found(gateway, subscription);
  const isUndecided = result === 'finished' && made?.status === 'AUTHORIZATION_REQUIRED';
  if (isUndecided) throw new Fault('STATUS_UNKNOWN');
  refuseSilently(gateway, order);
  return made && result === 'challenge' ? { ...made, echo: { ...made.echo, webUrl: question.webUrl } } : made;
}

/** Both wait for the shopper. @param webUrl - where he acts, if that may be kept */
function waitingAt(payment: FirstPayment, open: Open, webUrl: string | undefined) {
  const { subscription } = payment;
  const status = 'AUTHORIZATION_REQUIRED';
  const echo = { ...subscription.echo, webUrl };
  return {
    payment: { ...payment, subscription: { ...subscription, status, echo } },
    open: { ...open, order: { ...open.order, status, echo: { ...open.order.echo, webUrl } } },
  } as const;
}

/** An amount of the unknown kind takes effect and is not answered. */
function refuseSilently(gateway: Gateway, { merchantId, amount }: Order): void {
  if (gateway.connectors.of(merchantId).screen(amount).unknown) throw new Fault('STATUS_UNKNOWN');
}

async function write(gateway: Gateway, tx: Tx, { subscription, before }: FirstPayment, open: Open): Promise<boolean> {
  return (await insertAfter(tx, subscription, before)) && writeTry(gateway, tx, subscription, first, open);
}

const insertAfter = async (tx: Tx, subscription: Subscription, before: FirstPayment['before']): Promise<boolean> =>
  (before === undefined || (await before(tx))) && insertSubscription(tx, subscription);

const found = (
  { database }: Gateway,
  { merchantId, subscriptionId }: Subscription,
): Promise<Subscription | undefined> => findSubscription(database, merchantId, subscriptionId);
