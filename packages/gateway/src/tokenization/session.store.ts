/** SQL of tokenization sessions. Writes repeat the status they expect to replace. */
import { type Sql, statement, type Tx } from '../storage/database.ts';
import type { CardSummary } from './card-summary.ts';
import type { BindingFailure, Session, SessionStatus } from './session.ts';
import type { BillingAddress } from './token.ts';

interface SessionRow {
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

const columns = `merchant_id, token_request_id, request_fingerprint, status, session_id, sealed_private_key, expires_at,
  refused_submits, submit_fingerprint, merchant_user_id, sub_merchant_id, notify_url, billing_address, card_id,
  card_summary, return_url, three_ds_decision, subscription_id, token_id, failure, created_at, updated_at`;

const insert = statement<{ token_request_id: string }>(
  'session/insert',
  `insert into tokenization_session
     (merchant_id, token_request_id, request_fingerprint, status, session_id, sealed_private_key,
      expires_at, merchant_user_id, sub_merchant_id, notify_url, billing_address, three_ds_decision, created_at,
      updated_at, subscription_id)
   values ($1, $2, $3, 'OPEN', $4, $5, $6, $7, $8, $9, $10, $12, $11, $11, $13)
   on conflict (merchant_id, token_request_id) do nothing
   returning token_request_id`,
);

const find = statement<SessionRow>(
  'session/find',
  `select ${columns} from tokenization_session where merchant_id = $1 and token_request_id = $2`,
);

const findById = statement<SessionRow>(
  'session/find-by-id',
  `select ${columns} from tokenization_session where merchant_id = $1 and session_id = $2`,
);

const lock = statement<SessionRow>(
  'session/lock',
  `select ${columns} from tokenization_session where merchant_id = $1 and token_request_id = $2 for update`,
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

const submitted = statement<{ token_request_id: string }>(
  'session/submitted',
  `update tokenization_session
   set status = 'SUBMITTED', sealed_private_key = null, submit_fingerprint = $3, card_summary = $4,
       billing_address = coalesce($5, billing_address), return_url = $6, updated_at = $7
   where merchant_id = $1 and token_request_id = $2 and status = 'OPEN'
     and session_id is not distinct from $8 and (expires_at is null or expires_at > $7)
   returning token_request_id`,
);

const move = statement<{ token_request_id: string }>(
  'session/move',
  `update tokenization_session set status = $4, updated_at = $5
   where merchant_id = $1 and token_request_id = $2 and status = $3
   returning token_request_id`,
);

const attachCard = statement(
  'session/attach-card',
  'update tokenization_session set card_id = $3 where merchant_id = $1 and token_request_id = $2',
);

const refuse = statement<{ refused_submits: number }>(
  'session/refuse',
  `update tokenization_session set refused_submits = refused_submits + 1, updated_at = $3
   where merchant_id = $1 and token_request_id = $2 and status = 'OPEN' and session_id is not distinct from $4
   returning refused_submits`,
);

const end = statement<{ token_request_id: string }>(
  'session/end',
  `update tokenization_session
   set status = $3, token_id = $4, failure = $5, sealed_private_key = null, card_id = null, card_summary = null,
       updated_at = $6
   where merchant_id = $1 and token_request_id = $2 and status in ('OPEN', 'SUBMITTED', 'CHALLENGE')
   returning token_request_id`,
);

/** One binding of a user at a time passes, until the transaction ends. */
const lockUser = statement('session/lock-user', 'select pg_advisory_xact_lock(hashtextextended($1, 0))');

const countUnderWay = statement<{ bindings: bigint }>(
  'session/count-under-way',
  `select count(*) as bindings from tokenization_session
   where merchant_id = $1 and merchant_user_id = $2 and status in ('SUBMITTED', 'CHALLENGE')`,
);

/** How many bindings of a user are between submission and outcome; nobody else begins one until the transaction ends. */
export async function lockBindingsOfUser(tx: Tx, merchantId: string, merchantUserId: string): Promise<number> {
  await tx.rows(lockUser, [`tokenization/${merchantId}/${merchantUserId}`]);
  return Number((await tx.rows(countUnderWay, [merchantId, merchantUserId]))[0]?.bindings ?? 0n);
}

/** True when this call made the row; false when the request id was there already. */
export async function insertSession(
  tx: Tx,
  session: Pick<
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
  > & { readonly subscriptionId?: string },
): Promise<boolean> {
  const rows = await tx.rows(insert, [
    session.merchantId,
    session.tokenRequestId,
    session.requestFingerprint,
    session.sessionId ?? null,
    session.sealedPrivateKey ?? null,
    session.expiresAt ?? null,
    session.merchantUserId,
    session.subMerchantId ?? null,
    session.notifyUrl ?? null,
    json(session.billingAddress),
    session.createdAt,
    session.threeDsDecision ?? null,
    session.subscriptionId ?? null,
  ]);
  return rows.length === 1;
}

export const findSession = async (sql: Sql, merchantId: string, tokenRequestId: string): Promise<Session | undefined> =>
  (await sql.rows(find, [merchantId, tokenRequestId])).map(sessionFrom)[0];

export const findSessionById = async (sql: Sql, merchantId: string, sessionId: string): Promise<Session | undefined> =>
  (await sql.rows(findById, [merchantId, sessionId])).map(sessionFrom)[0];

/** Reads a session and keeps others from changing it until the transaction ends. */
export const lockSession = async (tx: Tx, merchantId: string, tokenRequestId: string): Promise<Session | undefined> =>
  (await tx.rows(lock, [merchantId, tokenRequestId])).map(sessionFrom)[0];

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

/** OPEN → SUBMITTED; destroys the private key. False when another submission was first, or the session was renewed or expired meanwhile. */
export async function markSubmitted(
  tx: Tx,
  session: Pick<Session, 'merchantId' | 'tokenRequestId' | 'sessionId'>,
  submission: Pick<Session, 'submitFingerprint' | 'card' | 'billingAddress' | 'returnUrl'>,
  now: Date,
): Promise<boolean> {
  const rows = await tx.rows(submitted, [
    session.merchantId,
    session.tokenRequestId,
    submission.submitFingerprint ?? null,
    json(submission.card),
    json(submission.billingAddress),
    submission.returnUrl ?? null,
    now,
    session.sessionId ?? null,
  ]);
  return rows.length === 1;
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

export async function attachCardToSession(
  tx: Tx,
  session: Pick<Session, 'merchantId' | 'tokenRequestId'>,
  cardId: string,
): Promise<void> {
  await tx.rows(attachCard, [session.merchantId, session.tokenRequestId, cardId]);
}

/** Counts a refused submission; the number of refusals so far, or undefined when the session is not OPEN any more. */
export const countRefusal = async (
  sql: Sql,
  session: Pick<Session, 'merchantId' | 'tokenRequestId' | 'sessionId'>,
  now: Date,
): Promise<number | undefined> => {
  const values = [session.merchantId, session.tokenRequestId, now, session.sessionId ?? null];
  return (await sql.rows(refuse, values))[0]?.refused_submits;
};

/** → BOUND or FAILED; false when it had ended already. */
export async function endSession(
  tx: Tx,
  session: Pick<Session, 'merchantId' | 'tokenRequestId'>,
  ending: { status: 'BOUND'; tokenId: string } | { status: 'FAILED'; failure: BindingFailure },
  now: Date,
): Promise<boolean> {
  const tokenId = ending.status === 'BOUND' ? ending.tokenId : null;
  const failure = ending.status === 'FAILED' ? JSON.stringify(ending.failure) : null;
  const values = [session.merchantId, session.tokenRequestId, ending.status, tokenId, failure, now];
  return (await tx.rows(end, values)).length === 1;
}

const json = (value: object | undefined): string | null => (value === undefined ? null : JSON.stringify(value));

function sessionFrom(row: SessionRow): Session {
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
