/**
 * How a binding ends. With the shopper authenticated, or nobody able to tell, the card is verified and becomes a token;
 * otherwise it comes to nothing. Either way the notification leaves in the transaction of the change.
 */
import { declineReasons } from '../connector/declines.ts';
import type { Outcome } from '../connector/outcome.ts';
import type { Gateway } from '../gateway.ts';
import { newTokenId } from '../id.ts';
import { type CardAtHand, perform } from '../payment/perform.ts';
import type { Payment, Performed } from '../payment/road.ts';
import type { Tx } from '../storage/database.ts';
import { adoptCard } from '../subscription/adopt-card.ts';
import type { Authentication } from '../threeds/authentication.ts';
import { wasAuthenticated } from '../threeds/begin.ts';
import type { Ended, Handover } from '../threeds/complete.ts';
import { cvvLost, failureOf, holdOf, mayGoOn, proofFor } from '../threeds/result.ts';
import { dropCvv, readCvv } from '../vault/cvv-hold.ts';
import { eraseCard } from '../vault/vault.ts';
import { notifyFailedBinding, notifyToken } from './notification.ts';
import { endSession, findSession, lockSession, markSubmittedAgain } from './session.store.ts';
import type { BindingFailure, Session } from './session.ts';
import { insertToken } from './token.store.ts';
import type { Token } from './token.ts';
import { watchExpiry } from './watch-expiry.ts';

/** The currency of the zero-amount verification; it is not charged. */
export const verificationCurrency = 'USD';

/** What a verification came to. `lost`: somebody else was first. */
export type Verification = 'bound' | 'failed' | 'unknown' | 'lost';

/** The zero-amount check of a card; its outcome ends the binding. */
export async function verifyCard(
  gateway: Gateway,
  { merchantId, tokenRequestId }: Pick<Session, 'merchantId' | 'tokenRequestId'>,
  card: CardAtHand,
  begin: (tx: Tx) => Promise<boolean>,
  authentication?: Authentication,
): Promise<Verification> {
  const payment = verifying({ merchantId, tokenRequestId }, authentication);
  const result = await perform(gateway, payment, {
    card,
    begin,
    async settle(tx, outcome) {
      if (authentication !== undefined) await dropCvv(tx, holdOf(authentication));
      await settleBinding(gateway, tx, merchantId, tokenRequestId, outcome);
    },
  });
  return verificationOf(result);
}

/** The zero-amount check of the card of a session. */
export const verifying = (
  { merchantId, tokenRequestId }: Pick<Session, 'merchantId' | 'tokenRequestId'>,
  authentication?: Authentication,
): Payment => ({
  merchantId,
  subject: { kind: 'tokenization', id: tokenRequestId },
  verb: 'verify',
  currency: verificationCurrency,
  amountMinor: 0n,
  amount: '0',
  initiator: 'CIT',
  threeDs: authentication && proofFor(authentication),
});

export function verificationOf(result: Performed<void>): Verification {
  if (result.kind !== 'performed') return result.kind === 'not-begun' ? 'lost' : 'unknown';
  return ({ approved: 'bound', declined: 'failed', unknown: 'unknown' } as const)[result.outcome.kind];
}

/**
 * Takes the result of an authentication on.
 *
 * @param handover.secret - opens the CVV that waited; without it a binding that needs one fails
 */
export async function finishBinding(gateway: Gateway, handover: Handover): Promise<void> {
  const { authentication, record, secret } = handover;
  const { merchantId, subject } = authentication;
  const session = await findSession(gateway.database, merchantId, subject.id);
  if (session?.cardId === undefined) return;
  if (!mayGoOn(authentication)) return abandonBinding(gateway, handover);
  const cvv = secret && (await readCvv(gateway.database, { ...holdOf(authentication), secret }));
  if (cvv === undefined) return abandonBinding(gateway, handover, cvvLost);
  try {
    const card = { cardId: session.cardId, cvv };
    const begin = async (tx: Tx) => (await record(tx)) && (await markSubmittedAgain(tx, session, gateway.clock.now()));
    await verifyCard(gateway, session, card, begin, authentication);
  } finally {
    cvv.fill(0);
  }
}

/** What a binding came to, for the shopper. */
export async function endingOfBinding(gateway: Gateway, merchantId: string, tokenRequestId: string): Promise<Ended> {
  const session = await findSession(gateway.database, merchantId, tokenRequestId);
  if (session?.status === 'BOUND') return { ending: 'success' };
  return { ending: session?.status === 'FAILED' ? 'failed' : 'pending' };
}

/** Ends a binding whose authentication came to nothing. */
export async function abandonBinding(
  gateway: Gateway,
  { authentication, record }: Pick<Handover, 'authentication' | 'record'>,
  failure = failureOf(authentication),
): Promise<void> {
  await gateway.database.transaction(async (tx) => {
    if (!(await record(tx))) return;
    await dropCvv(tx, holdOf(authentication));
    const session = await lockSession(tx, authentication.merchantId, authentication.subject.id);
    if (session !== undefined) await failBinding(gateway, tx, session, failure);
  });
  gateway.nudge();
}

/** Carries the outcome of a verification on: the token, or the end of the binding. An unknown outcome waits. */
export async function settleBinding(
  gateway: Gateway,
  tx: Tx,
  merchantId: string,
  tokenRequestId: string,
  outcome: Outcome,
): Promise<void> {
  if (outcome.kind === 'unknown') return;
  const session = await lockSession(tx, merchantId, tokenRequestId);
  if (session?.status !== 'SUBMITTED') return;
  if (outcome.kind === 'approved') await bind(gateway, tx, session, outcome.networkTransactionId);
  else await failBinding(gateway, tx, session, { code: outcome.reason, description: declineReasons[outcome.reason] });
}

async function bind(gateway: Gateway, tx: Tx, session: Session, networkTransactionId: string): Promise<void> {
  const now = gateway.clock.now();
  const subject = { kind: 'tokenization', id: session.tokenRequestId } as const;
  const isVerified = await wasAuthenticated(tx, session.merchantId, subject);
  const token = tokenOf(session, now, isVerified ? 'VERIFIED' : 'UNVERIFIED');
  await insertToken(tx, { ...token, networkTransactionId });
  await watchExpiry(gateway, tx, token);
  await endSession(tx, session, { status: 'BOUND', tokenId: token.tokenId }, now);
  await notifyToken(gateway, tx, token);
  await adopt(gateway, tx, session, token);
}

/** Only a card whose holder was authenticated can be charged when he is not there. */
async function adopt(gateway: Gateway, tx: Tx, { subscriptionId }: Session, token: Token): Promise<void> {
  const { merchantId, tokenId, card, status } = token;
  if (subscriptionId === undefined || card === undefined || status !== 'VERIFIED') return;
  await adoptCard(gateway, tx, { merchantId, subscriptionId }, { tokenId, card });
}

/** Ends a binding that came to nothing: no token, the card erased, the merchant told once. */
export async function failBinding(gateway: Gateway, tx: Tx, session: Session, failure: BindingFailure): Promise<void> {
  if (!(await endSession(tx, session, { status: 'FAILED', failure }, gateway.clock.now()))) return;
  if (session.cardId !== undefined) await eraseCard(tx, { merchantId: session.merchantId, cardId: session.cardId });
  await notifyFailedBinding(gateway, tx, session, failure);
}

/** What a token takes over from its session. */
export type TokenOrigin = Pick<
  Session,
  | 'merchantId'
  | 'tokenRequestId'
  | 'merchantUserId'
  | 'subMerchantId'
  | 'cardId'
  | 'card'
  | 'billingAddress'
  | 'notifyUrl'
>;

/** The token that a session comes to. */
export const tokenOf = (session: TokenOrigin, now: Date, status: 'VERIFIED' | 'UNVERIFIED'): Token => ({
  merchantId: session.merchantId,
  tokenId: newTokenId(),
  tokenRequestId: session.tokenRequestId,
  merchantUserId: session.merchantUserId,
  subMerchantId: session.subMerchantId,
  status,
  formerStatus: undefined,
  cardId: session.cardId,
  card: session.card,
  billingAddress: session.billingAddress,
  notifyUrl: session.notifyUrl,
  createdAt: now,
  updatedAt: now,
});
