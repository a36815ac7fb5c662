/**
 * The sandbox's directory server and ACS in one: an issuer that is a table. It keeps its own books, apart from ours, and
 * what a transaction came to never changes. A code belongs to one transaction. It must never meet a real issuer's cards.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { maskPan } from '@waffo/protocol/card';
import type { Clock } from '../../clock.ts';
import { newTransactionId, randomDigits } from '../../id.ts';
import { type Database, statement } from '../../storage/database.ts';
import type { CardBuffer } from '../../vault/card-buffer.ts';
import type { AReq, ARes, CReq, CRes, RReq, ThreeDsProvider, TransStatus, Verdict } from '../threeds.ts';
import { messageVersion } from '../threeds.ts';
import { type TestCard, testCardOf, testCards } from './triggers.ts';

/** Wrong codes that end a challenge. */
const challengeTries = 3;

interface Booked {
  acs_trans_id: string;
  three_ds_server_trans_id: string;
  ds_trans_id: string;
  code: string;
  eci: string;
  tries_left: number;
  trans_status: TransStatus;
  trans_status_reason: string | null;
  authentication_value: string | null;
  challenge_cancel: string | null;
}

/** As the table has them, masked. */
const takingPart = new Set(
  testCards.filter(({ threeDs }) => threeDs !== undefined).map(({ pan }) => maskPan(Buffer.from(pan, 'latin1'))),
);

const columns = `acs_trans_id, three_ds_server_trans_id, ds_trans_id, code, eci, tries_left, trans_status,
  trans_status_reason, authentication_value, challenge_cancel`;

const book = statement(
  'sandbox/authentication-book',
  `insert into sandbox_authentication
     (acs_trans_id, three_ds_server_trans_id, ds_trans_id, code, eci, tries_left, trans_status, trans_status_reason,
      authentication_value, created_at)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
);
const find = statement<Booked>(
  'sandbox/authentication-find',
  `select ${columns} from sandbox_authentication where three_ds_server_trans_id = $1`,
);
// A try is used up before the code is compared, so that many at once are still three.
const useTry = statement<Booked>(
  'sandbox/authentication-try',
  `update sandbox_authentication set tries_left = tries_left - 1
   where three_ds_server_trans_id = $1 and acs_trans_id = $2 and trans_status = 'C' and tries_left > 0
   returning ${columns}`,
);
const conclude = statement(
  'sandbox/authentication-conclude',
  `update sandbox_authentication
   set trans_status = $3, trans_status_reason = $4, authentication_value = $5, challenge_cancel = $6
   where three_ds_server_trans_id = $1 and acs_trans_id = $2 and trans_status = 'C'`,
);
const acknowledge = statement(
  'sandbox/authentication-acknowledge',
  'update sandbox_authentication set results_status = $3 where three_ds_server_trans_id = $1 and acs_trans_id = $2',
);

interface Deps {
  readonly database: Database;
  readonly clock: Clock;
  /** The code of every challenge; `drawn` draws one for each, as an issuer must. */
  readonly code: string;
}

/** @param deps.database - where the books are kept; in the sandbox, the gateway's own database */
export function sandboxAcs(deps: Deps): ThreeDsProvider {
  const { database } = deps;
  return {
    takesPart: (masked) => takingPart.has(masked),
    authenticate: (request, card) => authenticate(deps, request, card),
    challenge: (request) => challenge(database, request),
    async result(threeDSServerTransID) {
      const booked = await read(database, threeDSServerTransID);
      return booked === undefined || booked.trans_status === 'C' ? undefined : resultOf(booked);
    },
    async acknowledge({ threeDSServerTransID, acsTransID, resultsStatus }) {
      await database.rows(acknowledge, [threeDSServerTransID, acsTransID, resultsStatus]);
    },
  };
}

const decisions: Readonly<
  Record<NonNullable<TestCard['threeDs']>, Pick<Verdict, 'transStatus' | 'transStatusReason'>>
> = {
  challenge: { transStatus: 'C' },
  frictionless: { transStatus: 'Y' },
  refused: { transStatus: 'N', transStatusReason: '01' },
  unavailable: { transStatus: 'U', transStatusReason: '22' },
};

async function authenticate({ database, clock, code }: Deps, request: AReq, card: CardBuffer): Promise<ARes> {
  const mandated = request.threeDSRequestorChallengeInd === '04';
  const { transStatus, transStatusReason } =
    decisions[mandated ? 'challenge' : (testCardOf(card.pan)?.threeDs ?? 'unavailable')];
  const verdict = {
    transStatus,
    ...(transStatusReason !== undefined && { transStatusReason }),
    ...proofOf(transStatus, eciOf(card, transStatus)),
  };
  const ids = {
    threeDSServerTransID: request.threeDSServerTransID,
    acsTransID: newTransactionId(),
    dsTransID: newTransactionId(),
  };
  await database.rows(book, [
    ids.acsTransID,
    ids.threeDSServerTransID,
    ids.dsTransID,
    code === 'drawn' ? randomDigits(6) : code,
    eciOf(card, 'Y'),
    challengeTries,
    transStatus,
    transStatusReason ?? null,
    verdict.authenticationValue ?? null,
    clock.now(),
  ]);
  return { messageType: 'ARes', messageVersion, ...ids, ...verdict };
}

async function challenge(database: Database, request: CReq): Promise<CRes> {
  if (request.challengeCancel !== undefined) {
    await database.rows(conclude, [...idsOf(request), 'N', '01', null, request.challengeCancel]);
  } else if (request.challengeDataEntry !== undefined) {
    await tryCode(database, request, request.challengeDataEntry);
  }
  const booked = await read(database, request.threeDSServerTransID);
  if (booked?.acs_trans_id !== request.acsTransID) throw new Error('the ACS does not know this challenge');
  const ended = booked.trans_status !== 'C';
  return {
    messageType: 'CRes',
    messageVersion,
    threeDSServerTransID: request.threeDSServerTransID,
    acsTransID: request.acsTransID,
    challengeCompletionInd: ended ? 'Y' : 'N',
    ...(ended && { transStatus: booked.trans_status }),
    challengeInfoTextIndicator: booked.tries_left < challengeTries ? 'Y' : 'N',
    messageExtension: { triesLeft: booked.tries_left, simulatedCode: booked.code },
  };
}

async function tryCode(database: Database, request: CReq, entry: string): Promise<void> {
  const [booked] = await database.rows(useTry, idsOf(request));
  if (booked === undefined) return;
  if (sameCode(entry, booked.code)) {
    const { authenticationValue = null } = proofOf('Y', booked.eci);
    await database.rows(conclude, [...idsOf(request), 'Y', null, authenticationValue, null]);
  } else if (booked.tries_left === 0) {
    await database.rows(conclude, [...idsOf(request), 'N', '19', null, null]);
  }
}

/** Compared in constant time: their digests are of one length, and tell nothing of where two codes part. */
const sameCode = (entry: string, code: string): boolean => timingSafeEqual(digest(entry.trim()), digest(code));

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const idsOf = ({ threeDSServerTransID, acsTransID }: CReq) => [threeDSServerTransID, acsTransID];

const read = async (database: Database, id: string): Promise<Booked | undefined> =>
  (await database.rows(find, [id]))[0];

function resultOf(booked: Booked): RReq {
  const { trans_status, trans_status_reason, authentication_value, challenge_cancel } = booked;
  return {
    messageType: 'RReq',
    messageVersion,
    threeDSServerTransID: booked.three_ds_server_trans_id,
    acsTransID: booked.acs_trans_id,
    dsTransID: booked.ds_trans_id,
    transStatus: trans_status,
    ...(trans_status_reason !== null && { transStatusReason: trans_status_reason }),
    ...(authentication_value !== null && { eci: booked.eci, authenticationValue: authentication_value }),
    ...(challenge_cancel !== null && { challengeCancel: challenge_cancel }),
  };
}

function proofOf(transStatus: TransStatus, eci: string): Pick<Verdict, 'eci' | 'authenticationValue'> {
  return transStatus === 'Y' ? { eci, authenticationValue: randomBytes(20).toString('base64') } : {};
}

/** Mastercard counts from 00 to 02, everybody else from 07 down to 05. */
function eciOf(card: CardBuffer, transStatus: TransStatus): string {
  const authenticated = transStatus === 'Y';
  if (card.describe().scheme === 'MASTERCARD') return authenticated ? '02' : '00';
  return authenticated ? '05' : '07';
}
