/** `POST /tokenization/submit`: takes an encrypted card from a browser. One success per session; the answer never carries `tokenId`. */
import type { DataOf, RequestOf } from '@waffo/protocol/operation';
import type * as operations from '@waffo/protocol/operations/tokenization';
import type { BrowserCaller } from '../caller.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { requestFingerprint } from '../idempotency.ts';
import { awaitAnswer } from '../payment/await-answer.ts';
import { challengeUrlOf } from '../threeds/begin.ts';
import type { CardBuffer } from '../vault/card-buffer.ts';
import { openSubmittedCard } from '../vault/session-key.ts';
import { bindCard, bindingUnknown, cardDeclined } from './bind-card.ts';
import { checkCard } from './check-card.ts';
import { failBinding } from './finish.ts';
import { findSession, lockSession } from './session.store.ts';
import { isExpired, refusedSubmitLimit, type Session } from './session.ts';
import { countRefusal, findSessionToSubmit } from './submission.store.ts';
import { refuseFull } from './user-limit.ts';

type Input = RequestOf<typeof operations.submit>;
type Data = DataOf<typeof operations.submit>;

const startAgain = 'open a new one with tokenization/generate';

export async function submit(gateway: Gateway, caller: BrowserCaller, input: Input): Promise<Data> {
  const { merchantId } = caller.merchant;
  const found = await findSessionToSubmit(gateway.database, merchantId, input.tokenSessionId);
  if (found === undefined) throw new Fault('PARAMETER_INVALID', `tokenSessionId: unknown; ${startAgain}`);
  const { session, bound } = found;
  const fingerprint = requestFingerprint(input);
  if (session.status !== 'OPEN') return presentState(gateway, session, fingerprint, input);
  if (isExpired(session, gateway.clock.now()))
    throw new Fault('PARAMETER_INVALID', `tokenSessionId: expired; ${startAgain}`);
  if (input.returnUrl !== undefined && !caller.mayReturnTo(input.returnUrl)) {
    throw new Fault('PARAMETER_INVALID', 'returnUrl: its origin is not registered for this client key');
  }
  await gateway.limits.cardTries.admit(caller.network);
  refuseFull(bound);
  const card = await openCard(gateway, session, input.encryptedCard);
  try {
    const { billingAddress, returnUrl } = input;
    const result = await bindCard(gateway, session, {
      card,
      submitFingerprint: fingerprint,
      billingAddress,
      returnUrl,
      network: caller.network,
      threeDs: { merchantName: caller.merchant.name, language: caller.language, envelope: input.encryptedCard },
    });
    if (result === 'bound') return { tokenRequestId: session.tokenRequestId };
  } catch (error) {
    // A card that is not even tried counts like one that was refused for its content.
    if (error instanceof Fault && error.fault === 'CHANNEL_REJECTED') await recordRefusal(gateway, session);
    throw error;
  } finally {
    card.dispose();
  }
  const now = await findSession(gateway.database, merchantId, session.tokenRequestId);
  return presentState(gateway, now ?? session, fingerprint, input);
}

/** A repeat of the accepted bytes is answered with what became of them; anything else is refused. */
async function presentState(gateway: Gateway, seen: Session, fingerprint: Buffer, input: Input): Promise<Data> {
  if (seen.submitFingerprint === undefined)
    throw new Fault('PARAMETER_INVALID', `tokenSessionId: no longer usable; ${startAgain}`);
  if (!seen.submitFingerprint.equals(fingerprint)) {
    throw new Fault('IDEMPOTENCY_MISMATCH', `tokenSessionId: already used with another card; ${startAgain}`);
  }
  await awaitAnswer(gateway, seen.merchantId, { kind: 'tokenization', id: seen.tokenRequestId });
  const session = await findSession(gateway.database, seen.merchantId, seen.tokenRequestId);
  if (session?.status === 'FAILED') throw cardDeclined();
  if (session?.status === 'CHALLENGE') {
    const subject = { kind: 'tokenization', id: session.tokenRequestId } as const;
    const about = { merchantId: session.merchantId, subject };
    const validateUrl = await challengeUrlOf(gateway, gateway.database, about, [input.encryptedCard]);
    return { tokenRequestId: session.tokenRequestId, ...(validateUrl !== undefined && { validateUrl }) };
  }
  if (session?.status !== 'BOUND') throw bindingUnknown();
  return { tokenRequestId: session.tokenRequestId };
}

/** Opens and checks the card; a refusal is counted, and too many end the session. */
async function openCard(gateway: Gateway, session: Session, jwe: string): Promise<CardBuffer> {
  let card: CardBuffer | undefined;
  try {
    card = await openSubmittedCard(gateway, session, jwe);
    checkCard(card, gateway.connectors.of(session.merchantId), gateway);
    return card;
  } catch (error) {
    card?.dispose();
    const fault = asRefusal(error);
    await recordRefusal(gateway, session);
    throw fault;
  }
}

function asRefusal(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof Error && error.name === 'EnvelopeError') {
    return new Fault('CARD_DATA_INVALID', 'encryptedCard: cannot be opened with the key of this session', {
      cause: error,
    });
  }
  throw error;
}

async function recordRefusal(gateway: Gateway, refused: Session): Promise<void> {
  await gateway.database.transaction(async (tx) => {
    const refusals = await countRefusal(tx, refused, gateway.clock.now());
    if (refusals === undefined || refusals < refusedSubmitLimit) return;
    const session = await lockSession(tx, refused.merchantId, refused.tokenRequestId);
    if (session === undefined) return;
    await failBinding(gateway, tx, session, {
      code: 'TOO_MANY_REFUSED_SUBMISSIONS',
      description: `${refusals} submissions were refused for their content`,
    });
  });
  gateway.nudge();
}
