/**
 * Carries a challenge on: what the shopper typed goes to the ACS, and what came of it is read from the directory server.
 * Only that result decides, once, and only when it names this very transaction. What a browser says or returns to never
 * does. Who takes a result on is handed in: nothing here knows a token or an order.
 */

import { answerInTime } from '../connector/in-time.ts';
import { type CReq, type CRes, messageVersion, type RReq } from '../connector/threeds.ts';
import { forMerchant, type Gateway } from '../gateway.ts';
import type { Tx } from '../storage/database.ts';
import { saveAuthentication } from './authentication.store.ts';
import { type Authentication, advance, eventOf, isAbout, isOver } from './authentication.ts';

/** A result on its way to the module whose subject it is about. */
export interface Handover {
  /** As it is with the result; written by `record`. */
  readonly authentication: Authentication;
  /** Opens the CVV's hold; absent when no browser is there. */
  readonly secret: Buffer | undefined;
  /** Writes the result in the taker's own first transaction. False: another was faster, and nothing may follow. */
  record(tx: Tx): Promise<boolean>;
}

/** What became of a subject, for the shopper. `pending`: nobody knows yet. */
type Ending = 'success' | 'failed' | 'pending';

export interface Ended {
  readonly ending: Ending;
  /** Where the shopper goes on when whoever asked did not say. */
  readonly returnUrl?: string | undefined;
}

/** The module whose subjects are authenticated. */
interface Taker {
  /** Takes a result on. */
  finish(gateway: Gateway, handover: Handover): Promise<void>;
  endingOf(gateway: Gateway, merchantId: string, subjectId: string): Promise<Ended>;
}

/** Who takes results on, by the kind of subject. `pages.ts` says. */
export type Takers = Readonly<Record<Authentication['subject']['kind'], Taker>>;

/** What the shopper did on the page. */
export type ChallengeAnswer = Pick<CReq, 'challengeDataEntry' | 'challengeCancel'>;

/**
 * Shows the ACS an answer, or only asks how things stand.
 *
 * @param authentication - in status CHALLENGE
 */
export function askAcs(gateway: Gateway, authentication: Authentication, answer: ChallengeAnswer = {}): Promise<CRes> {
  const { merchantId, threeDSServerTransID, proof } = authentication;
  if (proof.acsTransID === undefined) throw new Error('a challenge without an ACS');
  const asked = gateway.connectors.threeDsOf(merchantId).challenge({
    messageType: 'CReq',
    messageVersion,
    threeDSServerTransID,
    acsTransID: proof.acsTransID,
    challengeWindowSize: '05',
    ...answer,
  });
  return answerInTime(gateway.clock, 'the 3DS provider', asked);
}

/**
 * Reads the result of a challenge, if there is one, and hands it on. Harmless to repeat.
 *
 * @param secret - the browser's, from its cookie
 */
export async function complete(
  unscoped: Gateway,
  takers: Takers,
  authentication: Authentication,
  secret: Buffer | undefined,
): Promise<void> {
  if (authentication.status !== 'CHALLENGE') return;
  const gateway = await forMerchant(unscoped, authentication.merchantId);
  if (isOver(authentication, gateway.clock.now())) return expireNow(gateway, takers, authentication);
  const provider = gateway.connectors.threeDsOf(authentication.merchantId);
  const result = await answerInTime(
    gateway.clock,
    'the 3DS provider',
    provider.result(authentication.threeDSServerTransID),
  );
  if (result === undefined) return;
  const after = judge(authentication, result, gateway.clock.now());
  const { threeDSServerTransID, acsTransID, dsTransID } = result;
  const ids = { threeDSServerTransID, acsTransID, dsTransID };
  const resultsStatus = after === undefined ? '02' : '01';
  if (after === undefined) {
    gateway.log.warn('a 3DS result was refused', {
      merchantId: authentication.merchantId,
      detail: threeDSServerTransID,
    });
  } else {
    await handOn(gateway, takers, authentication, after, secret);
  }
  const told = provider.acknowledge({ messageType: 'RRes', messageVersion, ...ids, resultsStatus });
  await answerInTime(gateway.clock, 'the 3DS provider', told);
}

/**
 * What a result makes of an authentication.
 *
 * @returns undefined when it is about another transaction, or is none: then it changes nothing
 */
function judge(authentication: Authentication, result: RReq, now: Date): Authentication | undefined {
  if (authentication.status !== 'CHALLENGE' || !isAbout(authentication, result)) return undefined;
  const event = eventOf(result);
  if (event === 'challenged') return undefined;
  const { transStatus, transStatusReason, eci, authenticationValue, challengeCancel } = result;
  const proof = { transStatus, transStatusReason, eci, authenticationValue, challengeCancel };
  return advance(authentication, event, { ...authentication.proof, ...proof }, now);
}

/** Ends an authentication that nobody finished in time. */
export async function expireNow(gateway: Gateway, takers: Takers, authentication: Authentication): Promise<void> {
  const { proof } = authentication;
  await handOn(
    gateway,
    takers,
    authentication,
    advance(authentication, 'expired', proof, gateway.clock.now()),
    undefined,
  );
}

const handOn = (
  gateway: Gateway,
  takers: Takers,
  before: Authentication,
  authentication: Authentication,
  secret: Buffer | undefined,
): Promise<void> =>
  takers[before.subject.kind].finish(gateway, {
    authentication,
    secret,
    record: (tx) => saveAuthentication(tx, authentication, before.status),
  });
