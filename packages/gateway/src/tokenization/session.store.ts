/** SQL of tokenization sessions. Writes repeat the status they expect to replace. */
import { type Sql, statement, type Tx } from '../storage/database.ts';
import { expecting } from '../storage/expecting.ts';
import { groupedById } from '../storage/grouped.ts';
import { eachRecord, records } from '../storage/records.ts';
import type { CardSummary } from './card-summary.ts';
import type { BindingFailure, Session, SessionStatus } from './session.ts';
import type { BillingAddress } from './token.ts';

export interface SessionRow {
  merchant_id: string;
  token_request_id: string;
  request_fingerprint: Buffer;
  status: SessionStatus;
  session_id: string | null;
  sealed_private_key: Buffer | null;
  expires_at: Date | null;
  refused_submits: number;
  submit_fingerprint: Buffer | null;
  merchant_user_id: string;
  sub_merchant_id: string | null;
  notify_url: string | null;
  billing_address: BillingAddress | null;
  card_id: string | null;
  card_summary: CardSummary | null;
  return_url: string | null;
  three_ds_decision: Session['threeDsDecision'] | null;
  subscription_id: string | null;
  token_id: string | null;
  failure: BindingFailure | null;
  created_at: Date;
  updated_at: Date;
}

/** In this order wherever a session is read. */
export const columns = `merchant_id, token_request_id, request_fingerprint, status, session_id, sealed_private_key, expires_at,
  refused_submits, submit_fingerprint, merchant_user_id, sub_merchant_id, notify_url, billing_address, card_id,
  card_summary, return_url, three_ds_decision, subscription_id, token_id, failure, created_at, updated_at`;

const insert = statement<{ token_request_id: string }>(
  'session/insert',
  `insert into tokenization_session
     (merchant_id, token_request_id, request_fingerprint, status, session_id, sealed_private_key,
      expires_at, merchant_user_id, sub_merchant_id, notify_url, billing_address, three_ds_decision, created_at,
      updated_at, subscription_id)
   select merchant_id, token_request_id, request_fingerprint, 'OPEN', session_id, sealed_private_key,
     expires_at, merchant_user_id, sub_merchant_id, notify_url, billing_address, three_ds_decision, created_at,
     created_at, subscription_id
   from jsonb_populate_recordset(null::tokenization_session, $1)
   on conflict (merchant_id, token_request_id) do nothing
   returning token_request_id`,
);

const find = statement<SessionRow>(
  'session/find',
  `select ${columns} from unnest($1::text[], $2::text[]) as asked (merchant_id, token_request_id)
     join tokenization_session using (merchant_id, token_request_id)`,
);

const lock = statement<SessionRow>(
  'session/lock',
  `select ${columns} from tokenization_session where merchant_id = $1 and token_request_id = any ($2)
   order by token_request_id for update`,
);

const renew = statement<{ token_request_id: string }>(
  'session/renew',
  `update tokenization_session
   set session_id = $4, sealed_private_key = $5, expires_at = $6, refused_submits = 0, updated_at = $7
   where merchant_id = $1 and token_request_id = $2 and session_id = $3 and status = 'OPEN'
   returning token_request_id`,
);

const forgetKey = statement(
  'session/forget-key',
  `update tokenization_session set sealed_private_key = null, updated_at = $4
   where merchant_id = $1 and token_request_id = $2 and session_id = $3 and status = 'OPEN' and expires_at <= $4`,
);

const move = statement<{ token_request_id: string }>(
  'session/move',
  `update tokenization_session set status = $4, updated_at = $5
   where merchant_id = $1 and token_request_id = $2 and status = $3
   returning token_request_id`,
);

// The statuses are a parameter: named here, they would fit an index of sessions under way, which is longer to read than the key.
const ended = `update tokenization_session as known
   set status = told.status, token_id = told.token_id, failure = told.failure, sealed_private_key = null, card_id = null,
       card_summary = null, updated_at = told.updated_at
   from unnest($1::jsonb[]) as one, jsonb_populate_record(null::tokenization_session, one) as told
   where known.merchant_id = told.merchant_id and known.token_request_id = told.token_request_id
     and known.status = any ($2)
   returning known.token_request_id`;
const end = statement<{ token_request_id: string }>('session/end', ended);
const endEach = statement(
  'session/end-each',
  `with ended as (${ended}) select ${expecting('count(*) = cardinality($1)')} from ended`,
);

/** What is written of a new session. */
export type NewSession = Pick<
  Session,
  | 'merchantId'
  | 'tokenRequestId'
  | 'requestFingerprint'
  | 'sessionId'
  | 'sealedPrivateKey'
  | 'expiresAt'
  | 'merchantUserId'
  | 'subMerchantId'
  | 'notifyUrl'
  | 'billingAddress'
  | 'threeDsDecision'
  | 'createdAt'
> & { readonly subscriptionId?: string };

/** True when this call made the row; false when the request id was there already. */
export const insertSession = async (tx: Tx, session: NewSession): Promise<boolean> =>
  (await insertSessions(tx, [session])).has(session.tokenRequestId);

/** The same for several. @returns the request ids of those that are rows now */
export async function insertSessions(tx: Tx, sessions: readonly NewSession[]): Promise<ReadonlySet<string>> {
  const rows = sessions.map((session) => ({
    merchant_id: session.merchantId,
    token_request_id: session.tokenRequestId,
    request_fingerprint: session.requestFingerprint,
    session_id: session.sessionId,
    sealed_private_key: session.sealedPrivateKey,
    expires_at: session.expiresAt,
    merchant_user_id: session.merchantUserId,
    sub_merchant_id: session.subMerchantId,
    notify_url: session.notifyUrl,
    billing_address: session.billingAddress,
    three_ds_decision: session.threeDsDecision,
    created_at: session.createdAt,
    subscription_id: session.subscriptionId,
  }));
  return requestIdsOf(await tx.rows(insert, [records(rows)]));
}

export const requestIdsOf = (rows: readonly { readonly token_request_id: string }[]): ReadonlySet<string> =>
  new Set(rows.map(({ token_request_id }) => token_request_id));

/** A session by the merchant's id of its request; look-ups that come together share a statement. */
export const findSession = groupedById(
  find,
  (row) => row.token_request_id,
  (row) => sessionFrom(row),
);

/** Reads a session and keeps others from changing it until the transaction ends. */
export const lockSession = async (tx: Tx, merchantId: string, tokenRequestId: string): Promise<Session | undefined> =>
  (await lockSessions(tx, merchantId, [tokenRequestId])).get(tokenRequestId);

/** The same for several, locked in one order. */
export const lockSessions = async (
  tx: Tx,
  merchantId: string,
  tokenRequestIds: readonly string[],
): Promise<ReadonlyMap<string, Session>> =>
  new Map((await tx.rows(lock, [merchantId, tokenRequestIds])).map((row) => [row.token_request_id, sessionFrom(row)]));

/** Gives an expired, unused session a new key; false when somebody else did. */
export async function renewSession(
  tx: Tx,
  session: Session,
  key: { sessionId: string; sealedPrivateKey: Buffer; expiresAt: Date },
  now: Date,
): Promise<boolean> {
  const { merchantId, tokenRequestId, sessionId } = session;
  const values = [merchantId, tokenRequestId, sessionId, key.sessionId, key.sealedPrivateKey, key.expiresAt, now];
  return (await tx.rows(renew, values)).length === 1;
}

/** Destroys the private key of a session that expired unused. */
export async function forgetSessionKey(
  sql: Sql,
  key: { merchantId: string; tokenRequestId: string; sessionId: string },
  now: Date,
): Promise<void> {
  await sql.rows(forgetKey, [key.merchantId, key.tokenRequestId, key.sessionId, now]);
}

type Named = Pick<Session, 'merchantId' | 'tokenRequestId'>;

const moved = async (
  tx: Tx,
  { merchantId, tokenRequestId }: Named,
  from: SessionStatus,
  to: SessionStatus,
  now: Date,
) => (await tx.rows(move, [merchantId, tokenRequestId, from, to, now])).length === 1;

/** SUBMITTED → CHALLENGE: the shopper is asked. False when the session moved on meanwhile. */
export const markChallenged = (tx: Tx, session: Named, now: Date): Promise<boolean> =>
  moved(tx, session, 'SUBMITTED', 'CHALLENGE', now);

/** CHALLENGE → SUBMITTED: the shopper was asked, and the card is verified. */
export const markSubmittedAgain = (tx: Tx, session: Named, now: Date): Promise<boolean> =>
  moved(tx, session, 'CHALLENGE', 'SUBMITTED', now);

/** How a session ends. */
export type SessionEnding =
  | { readonly status: 'BOUND'; readonly tokenId: string }
  | { readonly status: 'FAILED'; readonly failure: BindingFailure };

/** → BOUND or FAILED; false when it had ended already. */
export const endSession = async (tx: Tx, session: Named, ending: SessionEnding, now: Date): Promise<boolean> =>
  (await tx.rows(end, [eachRecord([endedRow({ session, ending, now })]), underWay])).length === 1;

const underWay: readonly SessionStatus[] = ['OPEN', 'SUBMITTED', 'CHALLENGE'];

interface Ended {
  readonly session: Named;
  readonly ending: SessionEnding;
  readonly now: Date;
}

/** SUBMITTED → BOUND or FAILED, of several; refused when one is not SUBMITTED. */
export const endEachSubmitted = async (tx: Tx, sessions: readonly Ended[]): Promise<void> =>
  void (await tx.rows(endEach, [eachRecord(sessions.map(endedRow)), ['SUBMITTED']]));

const endedRow = ({ session: { merchantId, tokenRequestId }, ending, now }: Ended) => ({
  merchant_id: merchantId,
  token_request_id: tokenRequestId,
  status: ending.status,
  updated_at: now,
  ...(ending.status === 'BOUND' ? { token_id: ending.tokenId } : { failure: ending.failure }),
});

export function sessionFrom(row: SessionRow): Session {
  return {
    merchantId: row.merchant_id,
    tokenRequestId: row.token_request_id,
    requestFingerprint: row.request_fingerprint,
    status: row.status,
    sessionId: row.session_id ?? undefined,
    sealedPrivateKey: row.sealed_private_key ?? undefined,
    expiresAt: row.expires_at ?? undefined,
    refusedSubmits: row.refused_submits,
    submitFingerprint: row.submit_fingerprint ?? undefined,
    merchantUserId: row.merchant_user_id,
    subMerchantId: row.sub_merchant_id ?? undefined,
    notifyUrl: row.notify_url ?? undefined,
    billingAddress: row.billing_address ?? undefined,
    cardId: row.card_id ?? undefined,
    card: row.card_summary ?? undefined,
    returnUrl: row.return_url ?? undefined,
    threeDsDecision: row.three_ds_decision ?? undefined,
    subscriptionId: row.subscription_id ?? undefined,
    tokenId: row.token_id ?? undefined,
    failure: row.failure ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
