/**
 * The story of a binding, told by two entrances: `submit` (the browser's road) and `generate` with a bare card. The
 * card is sealed and the session moved on in one transaction with the intent; the verification is made outside any;
 * its outcome makes the token, or fails the binding, together with the notification. 3-D Secure will stand between the
 * two halves: `settleBinding` does not care who calls it.
 */
import { declineReasons } from '../connector/declines.ts';
import type { Outcome } from '../connector/outcome.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { newTokenId } from '../id.ts';
import { perform } from '../payment/perform.ts';
import type { Tx } from '../storage/database.ts';
import type { CardBuffer } from '../vault/card-buffer.ts';
import { eraseCard, type SealedCard, sealCard, storeCard } from '../vault/vault.ts';
import { summarise } from './card-summary.ts';
import { notifyFailedBinding, notifyToken } from './notification.ts';
import { attachCardToSession, endSession, lockSession, markSubmitted } from './session.store.ts';
import type { BindingFailure, Session } from './session.ts';
import { insertToken } from './token.store.ts';
import type { Token } from './token.ts';
import { refuseFullUserFirmly } from './user-limit.ts';

/** The currency of the zero-amount verification; it is not charged. */
const verificationCurrency = 'USD';

/** Which session, under which key, and whose. */
type Binding = Pick<Session, 'merchantId' | 'tokenRequestId' | 'sessionId' | 'merchantUserId'>;

export interface Submission {
  readonly card: CardBuffer;
  readonly submitFingerprint: Buffer | undefined;
  readonly billingAddress: Session['billingAddress'];
  readonly returnUrl: string | undefined;
}

/**
 * Seals the card, verifies it, and makes the token.
 *
 * @param session - identifies the binding
 * @param submission - the card is used for the verification with its CVV, and the CVV is gone afterwards
 * @param open - what else the first transaction writes before the session moves on; false: somebody else was first
 * @returns `bound`, `failed` or `unknown`; `lost` when another submission was first
 */
export async function bindCard(
  gateway: Gateway,
  session: Binding,
  submission: Submission,
  open: (tx: Tx) => Promise<boolean> = async () => true,
): Promise<'bound' | 'failed' | 'unknown' | 'lost'> {
  const { merchantId, tokenRequestId } = session;
  const subject = { kind: 'tokenization', id: tokenRequestId } as const;
  const check = {
    merchantId,
    subject,
    verb: 'verify',
    currency: verificationCurrency,
    amountMinor: 0n,
    amount: '0',
  } as const;
  const sealed = await sealCard(gateway, { merchantId, card: submission.card });
  const result = await perform(
    gateway,
    { ...check, initiator: 'CIT' },
    {
      card: submission.card,
      begin: async (tx) => (await open(tx)) && (await keepCard(gateway, tx, session, submission, sealed)),
      settle: (tx, outcome) => settleBinding(gateway, tx, merchantId, tokenRequestId, outcome),
    },
  );
  if (result.kind !== 'performed') return result.kind === 'not-begun' ? 'lost' : 'unknown';
  return ({ approved: 'bound', declined: 'failed', unknown: 'unknown' } as const)[result.outcome.kind];
}

async function keepCard(
  gateway: Gateway,
  tx: Tx,
  session: Binding,
  submission: Submission,
  sealed: SealedCard,
): Promise<boolean> {
  const { card, submitFingerprint, billingAddress, returnUrl } = submission;
  const facts = gateway.connectors.of(session.merchantId).factsOf(card.pan);
  const shown = { submitFingerprint, card: summarise(card, facts), billingAddress, returnUrl };
  const now = gateway.clock.now();
  await refuseFullUserFirmly(tx, session.merchantId, session.merchantUserId);
  if (!(await markSubmitted(tx, session, shown, now))) return false;
  await storeCard(tx, sealed, now);
  await attachCardToSession(tx, session, sealed.cardId);
  return true;
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
  if (outcome.kind === 'approved') await bind(gateway, tx, session);
  else await failBinding(gateway, tx, session, { code: outcome.reason, description: declineReasons[outcome.reason] });
}

async function bind(gateway: Gateway, tx: Tx, session: Session): Promise<void> {
  const now = gateway.clock.now();
  const token: Token = {
    merchantId: session.merchantId,
    tokenId: newTokenId(),
    tokenRequestId: session.tokenRequestId,
    merchantUserId: session.merchantUserId,
    subMerchantId: session.subMerchantId,
    status: 'UNVERIFIED',
    cardId: session.cardId,
    card: session.card,
    billingAddress: session.billingAddress,
    notifyUrl: session.notifyUrl,
    createdAt: now,
    updatedAt: now,
  };
  await insertToken(tx, token);
  await endSession(tx, session, { status: 'BOUND', tokenId: token.tokenId }, now);
  await notifyToken(gateway, tx, token);
}

/** Ends a binding that came to nothing: no token, the card erased, the merchant told once. */
export async function failBinding(gateway: Gateway, tx: Tx, session: Session, failure: BindingFailure): Promise<void> {
  if (!(await endSession(tx, session, { status: 'FAILED', failure }, gateway.clock.now()))) return;
  if (session.cardId !== undefined) await eraseCard(tx, { merchantId: session.merchantId, cardId: session.cardId });
  await notifyFailedBinding(gateway, tx, session, failure);
}

/** What a caller is answered whose card was declined. The reason goes to the merchant by notification only (D-17). */
export const cardDeclined = (): Fault => new Fault('CHANNEL_REJECTED', 'The card was declined; ask for another card.');

export const bindingUnknown = (): Fault =>
  new Fault('STATUS_UNKNOWN', 'The card is still being verified; inquire, or wait for the notification.');
