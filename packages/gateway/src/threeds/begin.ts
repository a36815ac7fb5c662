/**
 * Begins an authentication: the record and the CVV's hold in the caller's transaction, then the question to the issuer,
 * outside any. An issuer that does not answer is `U`: nobody is authenticated, and nobody refused.
 */

import { answerInTime } from '../connector/in-time.ts';
import { type AReq, messageVersion } from '../connector/threeds.ts';
import type { Gateway } from '../gateway.ts';
import { newAuthenticationId, newTransactionId } from '../id.ts';
import { enqueue } from '../job/queue.ts';
import type { Sql, Tx } from '../storage/database.ts';
import type { CardBuffer } from '../vault/card-buffer.ts';
import { holdCvv, holdLifetimeMs, linkSecretOf } from '../vault/cvv-hold.ts';
import { findAuthenticationOf, insertAuthentication, saveAuthentication } from './authentication.store.ts';
import { type Authentication, advance, eventOf, type Proof } from './authentication.ts';
import { secretHash } from './visit.ts';

/** What an authentication is asked for. */
export interface Request
  extends Pick<
    Authentication,
    'merchantId' | 'subject' | 'currency' | 'amountMinor' | 'mandated' | 'shown' | 'returnUrl'
  > {
  /** What only the browser and this request know; the secret of the challenge's link follows from it. */
  readonly envelope: string;
}

/** Whether the card takes part in 3-D Secure. @param masked - `400000******1000` */
export const takesPart = (gateway: Pick<Gateway, 'connectors'>, merchantId: string, masked: string): boolean =>
  gateway.connectors.threeDsOf(merchantId).takesPart(masked);

/** Lends the card to what asks about it. */
export type Lend = <T>(ask: (card: CardBuffer) => Promise<T>) => Promise<T>;

/** A record that is not written yet. */
export function newAuthentication(gateway: Pick<Gateway, 'clock' | 'config'>, request: Request): Authentication {
  const { envelope, ...asked } = request;
  const now = gateway.clock.now();
  const authenticationId = newAuthenticationId();
  return {
    ...asked,
    authenticationId,
    status: 'CREATED',
    threeDSServerTransID: newTransactionId(),
    proof: {},
    holderHash: secretHash(linkSecretOf(envelope, authenticationId)),
    openedAt: undefined,
    expiresAt: new Date(now.getTime() + gateway.config.challengeLifetimeMs),
    createdAt: now,
    updatedAt: now,
  };
}

/** Writes the record, holds the CVV, and queues the end of both. */
export async function openAuthentication(
  tx: Tx,
  authentication: Authentication,
  { envelope, cvv }: { readonly envelope: string; readonly cvv: Uint8Array | undefined },
): Promise<void> {
  const { merchantId, authenticationId, createdAt: now } = authentication;
  await insertAuthentication(tx, authentication);
  const secret = linkSecretOf(envelope, authenticationId);
  await holdCvv(tx, { merchantId, holdId: authenticationId, secret }, cvv, now);
  const job = { merchantId, payload: { authenticationId }, now };
  await enqueue(tx, { ...job, kind: 'threeds/expire', dueAt: authentication.expiresAt });
  await enqueue(tx, { ...job, kind: 'threeds/drop-cvv', dueAt: new Date(now.getTime() + holdLifetimeMs) });
}

/** Asks the issuer. @returns the authentication as it now is, not written yet */
export async function askIssuer(gateway: Gateway, authentication: Authentication, lend: Lend): Promise<Authentication> {
  const proof = await answerOf(gateway, authentication, lend);
  return advance(authentication, eventOf(proof), proof, gateway.clock.now());
}

async function answerOf(gateway: Gateway, authentication: Authentication, lend: Lend): Promise<Proof> {
  const { merchantId, threeDSServerTransID } = authentication;
  try {
    const provider = gateway.connectors.threeDsOf(merchantId);
    const asked = lend((card) => provider.authenticate(questionOf(authentication), card));
    const answer = await answerInTime(gateway.clock, 'the 3DS provider', asked);
    if (answer.threeDSServerTransID !== threeDSServerTransID)
      throw new Error('the answer is about another transaction');
    const { acsTransID, dsTransID, transStatus, transStatusReason, eci, authenticationValue } = answer;
    return { acsTransID, dsTransID, transStatus, transStatusReason, eci, authenticationValue };
  } catch (error) {
    gateway.log.error('the 3DS provider did not answer', {
      merchantId,
      detail: authentication.authenticationId,
      error,
    });
    return { transStatus: 'U' };
  }
}

const questionOf = ({ threeDSServerTransID, amountMinor, currency, mandated, shown }: Authentication): AReq => ({
  messageType: 'AReq',
  messageVersion,
  threeDSServerTransID,
  deviceChannel: '02',
  messageCategory: amountMinor === 0n ? '02' : '01',
  threeDSRequestorChallengeInd: mandated ? '04' : '01',
  merchantName: shown.merchantName,
  purchaseAmount: String(amountMinor),
  purchaseCurrency: currency,
});

/** Writes what the issuer said. False when something else was faster, and then nothing may follow from it. */
export const recordAnswer = (tx: Tx, before: Authentication, after: Authentication): Promise<boolean> =>
  saveAuthentication(tx, after, before.status);

/**
 * Where the shopper is sent, while a challenge waits.
 *
 * @param envelopes - the submission's, or those that may be; the same bytes lead to the same address
 * @returns undefined while nobody is asked, and when none of the envelopes opens the link
 */
export async function challengeUrlOf(
  gateway: Pick<Gateway, 'publicUrl'>,
  sql: Sql,
  about: Pick<Authentication, 'merchantId' | 'subject'>,
  envelopes: readonly string[],
): Promise<string | undefined> {
  const authentication = await findAuthenticationOf(sql, about.merchantId, about.subject);
  if (authentication?.status !== 'CHALLENGE') return undefined;
  const { authenticationId, openedAt, holderHash } = authentication;
  // A link that was opened leads the one browser on that has its cookie.
  const envelope = envelopes.find(
    (one) => openedAt !== undefined || holderHash.equals(secretHash(linkSecretOf(one, authenticationId))),
  );
  return envelope === undefined ? undefined : linkOf(gateway, authentication, envelope);
}

/** The address that leads a shopper's browser to the challenge, once. @param envelope - the request's */
export function linkOf(
  gateway: Pick<Gateway, 'publicUrl'>,
  { authenticationId }: Pick<Authentication, 'authenticationId'>,
  envelope: string,
): string {
  const secret = linkSecretOf(envelope, authenticationId).toString('base64url');
  return `${gateway.publicUrl()}/3ds/${authenticationId}/${secret}`;
}

/** Whether the issuer was asked about this subject, or is being asked. */
export const wasAsked = async (sql: Sql, merchantId: string, subject: Authentication['subject']): Promise<boolean> =>
  (await findAuthenticationOf(sql, merchantId, subject)) !== undefined;

/** Whether the issuer strongly authenticated the holder for this subject. */
export const wasAuthenticated = async (
  sql: Sql,
  merchantId: string,
  subject: Authentication['subject'],
): Promise<boolean> => (await findAuthenticationOf(sql, merchantId, subject))?.status === 'AUTHENTICATED';
