/** A request id that was there already: the subscription as it stands, once nobody is being asked about it any more. */
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { type BareCard, envelopesOf } from '../order/bare-card.ts';
import { orderNamed } from '../order/find.ts';
import { awaitAnswer } from '../payment/await-answer.ts';
import { awaitIssuer } from '../threeds/await-issuer.ts';
import { challengeUrlOf } from '../threeds/begin.ts';
import { findSubscription, listOrderIds } from './subscription.store.ts';
import type { Subscription } from './subscription.ts';

/**
 * @param fingerprint - of the repeated request
 * @param card - that it carries; its challenge's link can be told again
 * @throws Fault IDEMPOTENCY_MISMATCH for other content
 */
export async function seenBefore(
  gateway: Gateway,
  seen: Subscription,
  fingerprint: Buffer,
  card?: BareCard,
): Promise<Subscription> {
  if (!seen.requestFingerprint.equals(fingerprint)) throw new Fault('IDEMPOTENCY_MISMATCH');
  const { merchantId, subscriptionId } = seen;
  const [id] = await listOrderIds(gateway.database, seen);
  if (id === undefined) return seen;
  const subject = { kind: 'order', id } as const;
  await awaitIssuer(gateway, merchantId, subject);
  await awaitAnswer(gateway, merchantId, subject);
  const now = (await findSubscription(gateway.database, merchantId, subscriptionId)) ?? seen;
  if (card === undefined) return now;
  const order = await orderNamed(gateway, merchantId, { acquiringOrderId: id });
  if (order.waitingCard?.authenticationId === undefined) return now;
  const envelopes = await envelopesOf(gateway, order, card);
  const webUrl = await challengeUrlOf(gateway, gateway.database, { merchantId, subject }, envelopes);
  return { ...now, echo: { ...now.echo, webUrl } };
}
