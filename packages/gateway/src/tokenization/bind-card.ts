/**
 * How a binding begins, told by two entrances: `submit` (the browser's road) and `generate` with a bare card. The card is
 * sealed and the session moved on in one transaction. On the browser's road the issuer is asked by 3-D Secure; when it
 * wants to ask the shopper, the rest waits for the challenge. Otherwise `finish` follows at once.
 */
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import type { Tx } from '../storage/database.ts';
import type { Authentication } from '../threeds/authentication.ts';
import { askIssuer, newAuthentication, openAuthentication, recordAnswer, takesPart } from '../threeds/begin.ts';
import { asksIssuer, type ThreeDsDecision } from '../threeds/decision.ts';
import { mayGoOn } from '../threeds/result.ts';
import { recordAccess } from '../vault/access-log.ts';
import { dropCvv } from '../vault/cvv-hold.ts';
import { sealCard, storeCard } from '../vault/vault.ts';
import { bindTogether } from './bind-together.ts';
import { type Binding, type BindingSession, type Submission, submittedSession } from './binding.ts';
import { summarise } from './card-summary.ts';
import { abandonBinding, type Verification, verificationCurrency, verifyCard } from './finish.ts';
import { markChallenged } from './session.store.ts';
import { markSubmitted } from './submission.store.ts';
import { refuseFullUsers } from './user-limit.ts';

/**
 * Seals the card, authenticates and verifies it, and makes the token.
 *
 * @param session - identifies the binding
 * @param submission - the card is used for the verification with its CVV, and the CVV is gone afterwards
 * @param open - what else the first transaction writes before the session moves on; false: somebody else was first
 * @returns `challenge` when the shopper must be asked; `lost` when another submission was first
 */
export async function bindCard(
  gateway: Gateway,
  session: BindingSession,
  submission: Submission,
  open?: (tx: Tx) => Promise<boolean>,
): Promise<Verification | 'challenge'> {
  const { merchantId, merchantUserId } = session;
  const { card, network, threeDs } = submission;
  const tried = await gateway.limits.cardTries.judge({ merchantId, merchantUserId, card, network });
  if (tried.judgement === 'user-full') throw new Fault('MERCHANT_LIMIT_EXCEEDED', userFull);
  const mandated = tried.judgement === 'challenge';
  if (tried.judgement === 'decline' || (mandated && threeDs === undefined)) throw cardDeclined();
  const decision = mandated ? '3DS_FORCE' : session.threeDsDecision;
  const result = await bindJudgedCard(gateway, session, submission, open, decision);
  // An issuer that wants to see the shopper by itself has not failed anybody.
  if (result === 'bound' || (result === 'challenge' && !mandated)) await tried.approved();
  return result;
}

const userFull = 'merchantUserId: this user has bound enough new cards for a day';

async function bindJudgedCard(
  gateway: Gateway,
  session: BindingSession,
  submission: Submission,
  open: ((tx: Tx) => Promise<boolean>) | undefined,
  decision: ThreeDsDecision | undefined,
): Promise<Verification | 'challenge'> {
  const { merchantId } = session;
  const { card } = submission;
  const facts = gateway.connectors.of(merchantId).factsOf(card.pan);
  const sealed = await sealCard(gateway, { merchantId, card });
  const binding = { session, submission, sealed, summary: summarise(card, facts) };
  const keep = async (tx: Tx) => (open === undefined || (await open(tx))) && (await keepCard(gateway, tx, binding));
  const isAsked = asksIssuer(decision, () => takesPart(gateway, merchantId, binding.summary.masked));
  if (submission.threeDs === undefined || !isAsked) {
    return open === undefined ? bindTogether(gateway, binding) : verifyCard(gateway, session, card, keep);
  }
  const mandated = decision === '3DS_FORCE';
  const authentication = await beginAuthentication(gateway, binding, { ...submission.threeDs, mandated }, keep);
  return authentication === undefined ? 'lost' : authenticate(gateway, binding, authentication);
}

async function keepCard(gateway: Gateway, tx: Tx, binding: Binding): Promise<boolean> {
  const { session, sealed } = binding;
  const now = gateway.clock.now();
  await refuseFullUsers(tx, session.merchantId, [session.merchantUserId]);
  const submitted = await markSubmitted(tx, [submittedSession({ ...binding, now })]);
  if (!submitted.has(session.tokenRequestId)) return false;
  await storeCard(tx, sealed, now);
  return true;
}

async function beginAuthentication(
  gateway: Gateway,
  { session, submission, summary }: Binding,
  { envelope, merchantName, language, mandated }: NonNullable<Submission['threeDs']> & { readonly mandated: boolean },
  keep: (tx: Tx) => Promise<boolean>,
): Promise<Authentication | undefined> {
  const { card, returnUrl } = submission;
  const { masked: maskedCard, scheme, issuerName } = summary;
  const authentication = newAuthentication(gateway, {
    merchantId: session.merchantId,
    subject: { kind: 'tokenization', id: session.tokenRequestId },
    currency: verificationCurrency,
    amountMinor: 0n,
    mandated,
    shown: { merchantName, maskedCard, scheme, issuerName, language },
    returnUrl: returnUrl && withRequestId(returnUrl, session.tokenRequestId),
    envelope,
  });
  const begun = await gateway.database.transaction(async (tx) => {
    if (!(await keep(tx))) return false;
    await openAuthentication(tx, authentication, { envelope, cvv: card.cvv });
    return true;
  });
  return begun ? authentication : undefined;
}

/** Asks the issuer, and goes on, waits or gives up as it says. */
async function authenticate(
  gateway: Gateway,
  { session, submission, sealed }: Binding,
  before: Authentication,
): Promise<Verification | 'challenge'> {
  const { merchantId, tokenRequestId } = session;
  const authentication = await askIssuer(gateway, before, async (ask) => {
    await recordAccess(gateway, {
      merchantId,
      actor: 'gateway',
      act: 'card.use',
      purpose: 'authenticate',
      cardId: sealed.cardId,
      subject: `tokenization/${tokenRequestId}`,
      reference: before.authenticationId,
    });
    return ask(submission.card);
  });
  const record = (tx: Tx) => recordAnswer(tx, before, authentication);
  if (authentication.status === 'CHALLENGE') {
    const waits = await gateway.database.transaction(
      async (tx) => (await record(tx)) && (await markChallenged(tx, session, gateway.clock.now())),
    );
    return waits ? 'challenge' : 'lost';
  }
  if (!mayGoOn(authentication)) {
    await abandonBinding(gateway, { authentication, record });
    return 'failed';
  }
  const hold = { merchantId: session.merchantId, holdId: authentication.authenticationId };
  const begin = async (tx: Tx) => {
    if (!(await record(tx))) return false;
    await dropCvv(tx, hold);
    return true;
  };
  return verifyCard(gateway, session, submission.card, begin, authentication);
}

/** The shopper comes back with the id by which the merchant knows the binding. */
function withRequestId(returnUrl: string, tokenRequestId: string): string {
  const url = new URL(returnUrl);
  url.searchParams.set('tokenRequestId', tokenRequestId);
  return url.href;
}

/** What a caller is answered whose card was declined. The reason goes to the merchant by notification only (D-17). */
export const cardDeclined = (): Fault => new Fault('CHANNEL_REJECTED', 'The card was declined; ask for another card.');

export const bindingUnknown = (): Fault =>
  new Fault('STATUS_UNKNOWN', 'The card is still being verified; inquire, or wait for the notification.');
