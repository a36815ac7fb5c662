/**
 * An order that is not charged before the issuer was asked by 3-D Secure. It waits for its shopper from the first moment
 * on; what the issuer says is taken on by `finish.ts`, at once or when the challenge is over. A card without a token waits
 * in the vault, its CVV where only the shopper's browser can open it.
 */
import type { Gateway } from '../gateway.ts';
import type { Tx } from '../storage/database.ts';
import type { Authentication } from '../threeds/authentication.ts';
import { awaitIssuer } from '../threeds/await-issuer.ts';
import {
  askIssuer,
  challengeUrlOf,
  type Lend,
  linkOf,
  newAuthentication,
  openAuthentication,
  recordAnswer,
  takesPart,
  wasAsked,
} from '../threeds/begin.ts';
import { asksIssuer, type ThreeDsDecision } from '../threeds/decision.ts';
import { recordAccess } from '../vault/access-log.ts';
import { linkSecretOf } from '../vault/cvv-hold.ts';
import { withCard } from '../vault/vault.ts';
import { finishOrder } from './finish.ts';
import { lockOrder, saveOrder } from './order.store.ts';
import type { Order } from './order.ts';
import type { Means } from './pay.ts';
import { waitingCardOf } from './waiting-card.ts';

/** How the shopper is to be asked. */
export interface Asked {
  /** Whatever the issuer thinks of the card. */
  readonly mandated: boolean;
  /** What only this request knows; the link to the challenge follows from it (see `linkSecretOf`). */
  readonly envelope: string;
  readonly merchantName: string;
  /** Where he goes on; undefined: where the order's own addresses lead. */
  readonly returnUrl?: string;
}

/** A question that is not asked yet. */
export interface Question {
  readonly order: Order;
  readonly means: Means;
  readonly authentication: Authentication;
  readonly envelope: string;
  /** Where the shopper is sent if he is to be asked. */
  readonly webUrl: string;
}

/**
 * Whether the issuer is asked before this card is charged: never without the shopper; else when the card takes part.
 *
 * @param decision - `threeDsDecision`, where a request has one
 */
export const isAsked = (
  gateway: Pick<Gateway, 'connectors'>,
  { merchantId, initiator }: Pick<Order, 'merchantId' | 'initiator'>,
  { summary }: Pick<Means, 'summary'>,
  decision?: ThreeDsDecision,
): boolean => initiator === 'CIT' && asksIssuer(decision, () => takesPart(gateway, merchantId, summary.masked));

/** What the issuer will be asked about an order. */
export function questionAbout(gateway: Gateway, order: Order, means: Means, asked: Asked): Question {
  const { mandated, envelope, merchantName, returnUrl } = asked;
  const { merchantId, acquiringOrderId, currency, amountMinor } = order;
  const { masked: maskedCard, scheme, issuerName } = means.summary;
  const { cashierLanguage: language } = order.echo.paymentInfo as { readonly cashierLanguage?: string };
  const authentication = newAuthentication(gateway, {
    merchantId,
    subject: { kind: 'order', id: acquiringOrderId },
    currency,
    amountMinor,
    mandated,
    shown: { merchantName, maskedCard, scheme, issuerName, language },
    returnUrl,
    envelope,
  });
  return { order, means, authentication, envelope, webUrl: linkOf(gateway, authentication, envelope) };
}

/**
 * Asks the issuer, and charges the order at once when it does not want to see the shopper.
 *
 * @param wait - writes the order as one that waits; false: somebody else was first, and nobody is asked
 * @returns `challenge`: the shopper must be asked · `finished`: the order says what it came to · `lost`
 */
export async function authenticateOrder(
  gateway: Gateway,
  question: Question,
  wait: (tx: Tx) => Promise<boolean>,
): Promise<'challenge' | 'finished' | 'lost'> {
  const { order, means, authentication: before, envelope } = question;
  const { card, summary, save = false } = means;
  const keepCard =
    'cardId' in card
      ? undefined
      : await waitingCardOf(gateway, order, card, { authenticationId: before.authenticationId, summary, save });
  const begun = await gateway.database.transaction(async (tx) => {
    if (!(await wait(tx))) return false;
    await keepCard?.(tx);
    await openAuthentication(tx, before, { envelope, cvv: 'cardId' in card ? undefined : card.cvv });
    return true;
  });
  if (!begun) return 'lost';
  const authentication = await askIssuer(gateway, before, lendFor(gateway, question));
  const record = (tx: Tx) => recordAnswer(tx, before, authentication);
  if (authentication.status === 'CHALLENGE') return (await gateway.database.transaction(record)) ? 'challenge' : 'lost';
  const secret = linkSecretOf(envelope, before.authenticationId);
  await finishOrder(gateway, { authentication, secret, record });
  return 'finished';
}

/**
 * The same for an order that waited for its shopper: he chose this card. He is asked once, however often this is called.
 *
 * @returns where he is sent; undefined when he need not be asked, or was asked about another card: then the order says
 *   how it stands
 */
export async function authenticateOpenOrder(
  gateway: Gateway,
  order: Order,
  means: Means,
  asked: Asked,
): Promise<string | undefined> {
  const { merchantId, acquiringOrderId } = order;
  const subject = { kind: 'order', id: acquiringOrderId } as const;
  const question = questionAbout(gateway, order, means, asked);
  const result = await authenticateOrder(gateway, question, async (tx) => {
    const open = await lockOrder(tx, merchantId, acquiringOrderId);
    const now = gateway.clock.now();
    if (open?.status !== 'AUTHORIZATION_REQUIRED' || open.expiresAt <= now) return false;
    if (await wasAsked(tx, merchantId, subject)) return false;
    return saveOrder(tx, { ...open, tokenId: means.tokenId, updatedAt: now }, open.status);
  });
  if (result === 'challenge') return question.webUrl;
  if (result === 'lost') await awaitIssuer(gateway, merchantId, subject);
  return challengeUrlOf(gateway, gateway.database, { merchantId, subject }, [asked.envelope]);
}

function lendFor(gateway: Gateway, { order, means: { card }, authentication }: Question): Lend {
  const { merchantId, acquiringOrderId } = order;
  const reference = authentication.authenticationId;
  const use = { merchantId, purpose: 'authenticate', subject: `order/${acquiringOrderId}`, reference };
  if (!('cardId' in card)) {
    return async (ask) => {
      await recordAccess(gateway, { ...use, actor: 'gateway', act: 'card.use' });
      return ask(card);
    };
  }
  const { cardId, tokenId } = card;
  return (ask) => withCard(gateway, { ...use, cardId, tokenId }, ask);
}
