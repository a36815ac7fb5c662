/**
 * The hosted checkout: the page behind an order's `webUrl`, and what is posted from it. It shows how things stand and hands
 * on what was chosen. What is posted is answered with a redirect, so that a reload repeats nothing; a second tab, the back
 * button and a double click find the order begun.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { paySimulated, payWithCard, payWithToken } from '../checkout/pay.ts';
import { type Visited, visitCheckout } from '../checkout/visit.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { cardPrefixOf } from '../order/card-prefix.ts';
import { allowsCard, otherMethodsOf } from '../order/check.ts';
import { giveUp } from '../order/give-up.ts';
import { shopperOf } from '../order/order.ts';
import { causeOf, redirectUrlOf } from '../order/way-home.ts';
import { challengeUrlOf, wasAsked } from '../threeds/begin.ts';
import { savedCardsOf } from '../tokenization/charge.ts';
import type { Refusal } from './card-form.ts';
import { renderEnd } from './challenge-markup.ts';
import { type Framing, renderChoice, renderProcessing, renderResult, renderStepOut } from './checkout-markup.ts';
import { themeOf } from './checkout-theme.ts';
import { type PageAnswer, seeOther, type Visit } from './page.ts';

/** `GET /checkout/<order>/<secret>`: the choice while the order waits, then how it went on. */
export async function showCheckout(gateway: Gateway, visit: Visit): Promise<PageAnswer> {
  const visited = await visitedBy(gateway, visit);
  return visited === undefined ? unusable(visit) : show(visited, visit);
}

/** `POST` of the same: pays, or gives up. */
export async function payCheckout(gateway: Gateway, visit: Visit): Promise<PageAnswer> {
  const visited = await visitedBy(gateway, visit);
  if (visited === undefined || !['', 'same-origin'].includes(visit.fetchSite)) return unusable(visit);
  if (isOpen(visited)) {
    try {
      const challengeUrl = await act(visited, visit);
      if (challengeUrl !== undefined) return showChallenge(visited, visit, challengeUrl);
    } catch (error) {
      const refused = error instanceof Fault ? refusalAt(visited, error) : undefined;
      if (refused === undefined) throw error;
      return show(visited, visit, refused);
    }
  }
  return seeOther(addressOf(visit));
}

/** `GET /checkout/<order>/<secret>/result?status=…`: the order decides what it says, not the address. */
export async function showResult(gateway: Gateway, visit: Visit): Promise<PageAnswer> {
  const visited = await visitedBy(gateway, visit);
  if (visited === undefined) return unusable(visit);
  const end = endOf(visited);
  if (end === undefined) return seeOther(addressOf(visit));
  const body = renderResult(framingOf(visited, visit), end, redirectUrlOf(visited.order));
  return { status: 200, body, embeddedBy: visited.origins };
}

/** `GET /checkout/<order>/<secret>/theme.css` */
export async function showTheme(gateway: Gateway, visit: Visit): Promise<PageAnswer> {
  const visited = await visitedBy(gateway, visit);
  if (visited === undefined) return unusable(visit);
  const { cashierAppearance = '' } = visited.order.echo.paymentInfo as { readonly cashierAppearance?: string };
  const headers = { 'Content-Type': 'text/css; charset=utf-8' };
  return { status: 200, headers, body: Buffer.from(themeOf(cashierAppearance)) };
}

/** `GET /checkout/<order>/<secret>/wait`: the page that says "Processing…" asks here, and is led on when that is over. */
export async function awaitCheckout(gateway: Gateway, visit: Visit): Promise<PageAnswer> {
  for (let poll = 0; poll < polls; poll++) {
    const visited = await visitedBy(gateway, visit);
    if (visited === undefined) return unusable(visit);
    if ((await stageOf(visited)).at !== 'charge') break;
    await sleep(pollMs);
  }
  return seeOther(addressOf(visit));
}

const pollMs = 500;
const polls = 10;

/** Where an order is: with the shopper, with his bank, with the acquirer, or at its end. */
type Stage =
  | { readonly at: 'choice' | 'charge' }
  | { readonly at: 'bank'; readonly challengeUrl: string }
  | { readonly at: 'end'; readonly end: End };

async function stageOf(visited: Visited): Promise<Stage> {
  const { gateway, order } = visited;
  const end = endOf(visited);
  if (end !== undefined) return { at: 'end', end };
  if (order.status === 'PAY_IN_PROGRESS') return { at: 'charge' };
  const subject = { kind: 'order', id: order.acquiringOrderId } as const;
  const { merchantId, echo } = order;
  if (!(await wasAsked(gateway.database, merchantId, subject))) return { at: 'choice' };
  const challengeUrl = await challengeUrlOf(gateway, gateway.database, { merchantId, subject }, [echo.webUrl ?? '']);
  return challengeUrl === undefined ? { at: 'charge' } : { at: 'bank', challengeUrl };
}

async function show(visited: Visited, visit: Visit, refused?: Refusal): Promise<PageAnswer> {
  const stage = await stageOf(visited);
  if (stage.at === 'end') return seeOther(`${addressOf(visit)}/result?status=${stage.end.status}`);
  if (stage.at === 'bank') return showChallenge(visited, visit, stage.challengeUrl);
  if (stage.at === 'choice') return showChoice(visited, visit, refused);
  return { status: 200, body: renderProcessing(framingOf(visited, visit)), embeddedBy: visited.origins };
}

async function showChoice(visited: Visited, visit: Visit, refused?: Refusal): Promise<PageAnswer> {
  const { gateway, order, checkout, origins } = visited;
  const isSubscribing = visited.subscription !== undefined;
  const shopper = shopperOf(order);
  const tokens = await savedCardsOf(gateway, order.merchantId, shopper);
  const takesCard = allowsCard(order);
  const body = renderChoice({
    ...framingOf(visited, visit),
    sessionId: checkout.sessionId,
    now: gateway.clock.now(),
    saved: takesCard ? tokens.map(({ tokenId, card }) => ({ reference: referenceOf(tokenId), card })) : [],
    takesCard,
    // Only a card can be charged again without its holder.
    others: isSubscribing ? [] : (await otherMethodsOf(gateway, order)).map(({ payMethodName }) => payMethodName),
    maySave: shopper !== '' && !isSubscribing,
    isSandbox: gateway.config.environment === 'sandbox',
    refused,
  });
  return { status: refused === undefined ? 200 : 422, body, scripted: true, embeddedBy: origins };
}

/** The bank's page is nowhere framed: out of a frame the shopper steps by himself. */
function showChallenge(visited: Visited, visit: Visit, challengeUrl: string): PageAnswer {
  if (visit.fetchDest !== 'iframe') return seeOther(challengeUrl);
  const body = renderStepOut(framingOf(visited, visit), challengeUrl);
  return { status: 200, body, embeddedBy: visited.origins };
}

/** @returns where the shopper is sent, when his bank wants to see him */
async function act(visited: Visited, { form, network }: Visit): Promise<string | undefined> {
  const { gateway, order } = visited;
  const action = form.get('action') ?? '';
  if (action === 'cancel') {
    await giveUp(gateway, order);
    return undefined;
  }
  if (action === 'saved') return payWithToken(visited, await tokenReferredTo(visited, form.get('savedCard') ?? ''));
  if (action.startsWith('simulate-') && gateway.config.environment === 'sandbox') {
    await paySimulated(visited, action === 'simulate-success', form.get('method') ?? '');
    return undefined;
  }
  const encryptedCard = form.get('encryptedCard') ?? '';
  if (encryptedCard === '') throw new Fault('CARD_DATA_INVALID');
  return payWithCard(visited, { encryptedCard, save: form.get('saveCard') === 'yes', network });
}

/** A token's name on the page; the token itself never reaches a browser. */
export const referenceOf = (tokenId: string): string => createHash('sha256').update(tokenId).digest('base64url');

async function tokenReferredTo({ gateway, order }: Visited, reference: string): Promise<string> {
  const tokens = await savedCardsOf(gateway, order.merchantId, shopperOf(order));
  const token = tokens.find(({ tokenId }) => referenceOf(tokenId) === reference);
  if (token === undefined) throw new Fault('TOKEN_INVALID');
  return token.tokenId;
}

/** What a shopper can mend; anything else is ours to mend. Texts of faults begin with the member that they are about. */
export function refusalOf(error: Fault): Refusal | undefined {
  const reason = reasonOf(error);
  const [, member] = /^(pan|expiry|cvv|name): /.exec(error.message) ?? [];
  return reason && { reason, member };
}

function reasonOf({ fault }: Fault): Refusal['reason'] | undefined {
  if (['PAY_METHOD_UNAVAILABLE', 'AMOUNT_OUT_OF_RANGE', 'CARD_NOT_SUPPORTED'].includes(fault)) return 'method';
  if (fault === 'CARD_EXCLUDED') return 'excluded';
  if (fault === 'TOO_MANY_REQUESTS') return 'later';
  const ofCard = ['CARD_DATA_INVALID', 'CHANNEL_REJECTED', 'TOKEN_INVALID', 'TOKEN_EXPIRED', 'PAYMENT_TOKEN_INVALID'];
  return ofCard.includes(fault) ? 'card' : undefined;
}

/** A promotion is told of by its name. */
function refusalAt({ order }: Visited, fault: Fault): Refusal | undefined {
  const refused = refusalOf(fault);
  if (refused?.reason !== 'excluded') return refused;
  const rule = cardPrefixOf(order.echo.paymentInfo as Parameters<typeof cardPrefixOf>[0]);
  return rule?.purpose === 'promotion' ? { ...refused, reason: 'unpromoted' } : refused;
}

const isOpen = ({ order, gateway }: Visited): boolean =>
  order.status === 'AUTHORIZATION_REQUIRED' && order.expiresAt > gateway.clock.now();

type End = Parameters<typeof renderResult>[1];

/** Undefined while it may still become anything. */
function endOf(visited: Visited): End | undefined {
  const { order } = visited;
  if (order.status === 'PAY_IN_PROGRESS' || isOpen(visited)) return undefined;
  if (order.status === 'AUTHORIZATION_REQUIRED') return { status: 'failed', cause: 'expired' };
  if (order.status !== 'ORDER_CLOSE') return { status: 'success' };
  return { status: 'failed', cause: causeOf(order) };
}

const addressOf = ({ params }: Visit): string =>
  `/checkout/${encodeURIComponent(params.acquiringOrderId ?? '')}/${encodeURIComponent(params.secret ?? '')}`;

const framingOf = ({ order, subscription, merchant }: Visited, visit: Visit): Framing => ({
  order,
  subscription,
  merchantName: merchant.name,
  acceptLanguage: visit.acceptLanguage,
  address: addressOf(visit),
});

const visitedBy = (gateway: Gateway, { params }: Visit): Promise<Visited | undefined> =>
  visitCheckout(gateway, { acquiringOrderId: params.acquiringOrderId ?? '', secret: params.secret ?? '' });

/** Unknown and forged look alike. */
const unusable = (visit: Visit): PageAnswer => ({ status: 404, body: renderEnd(visit.acceptLanguage, 'unusable') });
