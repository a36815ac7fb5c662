/**
 * The management page behind `managementUrl`, and what is posted from it. What is posted is answered with a redirect, so that a
 * reload repeats nothing; only the question whether to end is a page of its own.
 */
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { beginCardChange, openCardChange, otherCardsOf, useSavedCard } from '../subscription/change-card.ts';
import { endSubscription } from '../subscription/end.ts';
import { type Managed, visitSubscription } from '../subscription/manage.ts';
import { nextTryOf } from '../subscription/next-try.ts';
import { paymentsOf } from '../subscription/payments.ts';
import { simulateNext } from '../subscription/simulate.ts';
import { takesCard } from '../subscription/takes-card.ts';
import { cardOf } from '../tokenization/charge.ts';
import { submit } from '../tokenization/submit.ts';
import type { Refusal } from './card-form.ts';
import { renderEnd } from './challenge-markup.ts';
import { referenceOf, refusalOf } from './checkout.ts';
import { type PageAnswer, seeOther, type Visit } from './page.ts';
import { type ManagementFrame, renderCancelling, renderCardChange, renderManagement } from './subscription-markup.ts';

/** `GET /subscription/<subscription>/<secret>` */
export async function showSubscription(gateway: Gateway, visit: Visit): Promise<PageAnswer> {
  const managed = await managedBy(gateway, visit);
  return managed === undefined ? unusable(visit) : show(managed, visit, false);
}

/** `POST` of the same: ends it, changes its card, or plays the next payment. */
export async function changeSubscription(gateway: Gateway, visit: Visit): Promise<PageAnswer> {
  const managed = await managedBy(gateway, visit);
  if (managed === undefined || !isOwnForm(visit)) return unusable(visit);
  const { gateway: ours, subscription, merchant } = managed;
  const isSandbox = ours.config.environment === 'sandbox';
  const isActive = subscription.status === 'ACTIVE';
  const action = visit.form.get('action') ?? '';
  if (isActive && action === 'cancel') return { status: 200, body: renderCancelling(frameOf(managed, visit)) };
  if (isActive && action === 'cancel-confirmed') await endSubscription(ours, subscription, 'left');
  if (takesCard(subscription) && action === 'change-card') {
    return seeOther(`${addressOf(visit)}/card/${await beginCardChange(ours, subscription)}`);
  }
  if (isSandbox && action.startsWith('simulate-')) {
    await simulateNext(ours, merchant, subscription, action === 'simulate-success');
  }
  return seeOther(addressOf(visit));
}

/** `GET /subscription/<subscription>/<secret>/card/<binding>` */
export async function showCardChange(gateway: Gateway, visit: Visit): Promise<PageAnswer> {
  const managed = await managedBy(gateway, visit);
  return managed === undefined ? unusable(visit) : askForCard(managed, visit);
}

/** `POST` of the same: the card that is to pay from now on. */
export async function takeCard(gateway: Gateway, visit: Visit): Promise<PageAnswer> {
  const managed = await managedBy(gateway, visit);
  if (managed === undefined || !isOwnForm(visit)) return unusable(visit);
  const { subscription } = managed;
  const home = addressOf(visit);
  if (visit.form.get('action') === 'saved') {
    const cards = await otherCardsOf(managed.gateway, subscription);
    const card = cards.find(({ tokenId }) => referenceOf(tokenId) === visit.form.get('savedCard'));
    if (card === undefined) return askForCard(managed, visit, { reason: 'card', member: undefined });
    await useSavedCard(managed.gateway, subscription, card);
    return seeOther(home);
  }
  try {
    const validateUrl = await submitted(managed, visit);
    if (validateUrl !== undefined) return seeOther(validateUrl);
  } catch (error) {
    const refused = error instanceof Fault ? refusalOf(error) : undefined;
    if (refused === undefined) throw error;
    return askForCard(managed, visit, refused);
  }
  const after = await managedBy(gateway, visit);
  const isTaken = after?.subscription.tokenId !== subscription.tokenId;
  return isTaken || after === undefined ? seeOther(home) : show(after, visit, true);
}

/** @returns where the shopper is sent, when his bank wants to see him */
async function submitted({ gateway, merchant, subscription }: Managed, visit: Visit): Promise<string | undefined> {
  const sessionId = await openCardChange(gateway, subscription, visit.params.tokenRequestId ?? '');
  if (sessionId === undefined) return undefined;
  const { requestId, network, form } = visit;
  // The page that the shopper comes back to is ours.
  const { cashierLanguage: language } = subscription.echo.paymentInfo as { readonly cashierLanguage?: string };
  const from = { origin: undefined, network, requestId, language };
  const caller = { door: 'browser', merchant, ...from, mayReturnTo: () => true } as const;
  const returnUrl = `${gateway.publicUrl()}${addressOf(visit)}`;
  const encryptedCard = form.get('encryptedCard') ?? '';
  if (encryptedCard === '') throw new Fault('CARD_DATA_INVALID');
  const { validateUrl } = await submit(gateway, caller, {
    tokenSessionId: sessionId,
    encryptedCard,
    returnUrl,
  });
  return validateUrl;
}

async function askForCard(managed: Managed, visit: Visit, refused?: Refusal): Promise<PageAnswer> {
  const { gateway, subscription } = managed;
  const { tokenRequestId = '' } = visit.params;
  const sessionId = await openCardChange(gateway, subscription, tokenRequestId);
  // A binding that has ended takes no other card.
  if (sessionId === undefined) return refused === undefined ? seeOther(addressOf(visit)) : show(managed, visit, true);
  const cards = await otherCardsOf(gateway, subscription);
  const saved = cards.map(({ tokenId, card }) => ({ reference: referenceOf(tokenId), card }));
  const isSandbox = gateway.config.environment === 'sandbox';
  const body = renderCardChange(frameOf(managed, visit), { saved, sessionId, isSandbox, tokenRequestId }, refused);
  return { status: refused === undefined ? 200 : 422, body, scripted: true };
}

async function show(managed: Managed, visit: Visit, notConfirmed: boolean): Promise<PageAnswer> {
  const { gateway, subscription } = managed;
  const { merchantId, tokenId } = subscription;
  const body = renderManagement({
    ...frameOf(managed, visit),
    card: tokenId === undefined ? undefined : await cardOf(gateway, merchantId, tokenId),
    next: await nextTryOf(gateway.database, subscription),
    payments: await paymentsOf(gateway.database, subscription),
    isSandbox: gateway.config.environment === 'sandbox',
    notConfirmed,
  });
  return { status: 200, body };
}

const frameOf = ({ gateway, subscription, merchant }: Managed, visit: Visit): ManagementFrame => ({
  subscription,
  now: gateway.clock.now(),
  merchantName: merchant.name,
  acceptLanguage: visit.acceptLanguage,
  address: addressOf(visit),
});

const addressOf = ({ params }: Visit): string =>
  `/subscription/${encodeURIComponent(params.subscriptionId ?? '')}/${encodeURIComponent(params.secret ?? '')}`;

const managedBy = (gateway: Gateway, { params }: Visit): Promise<Managed | undefined> =>
  visitSubscription(gateway, { subscriptionId: params.subscriptionId ?? '', secret: params.secret ?? '' });

const isOwnForm = ({ fetchSite }: Visit): boolean => ['', 'same-origin'].includes(fetchSite);

/** Unknown, forged and expired look alike. */
const unusable = (visit: Visit): PageAnswer => ({ status: 404, body: renderEnd(visit.acceptLanguage, 'unusable') });
