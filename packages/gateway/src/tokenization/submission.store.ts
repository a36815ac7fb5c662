/** SQL of submissions: what a browser sends to a session, taken once or refused, and how many cards its user may still bind. */
import { type Database, type Sql, type Statement, statement, type Tx } from '../storage/database.ts';
import { expecting } from '../storage/expecting.ts';
import { inOneWrite } from '../storage/gather.ts';
import { groupedIn } from '../storage/grouped.ts';
import { eachRecord } from '../storage/records.ts';
import { columns, requestIdsOf, type SessionRow, sessionFrom } from './session.store.ts';
import type { Session } from './session.ts';

// With a session comes what its user has bound: whoever submits a card needs both.
const findToSubmit = statement<SessionRow & { bound: bigint }>(
  'session/find-to-submit',
  `select ${columns}, (select count(*) from token t where t.merchant_id = s.merchant_id
       and t.merchant_user_id = s.merchant_user_id and t.status <> 'REMOVED') as bound
   from tokenization_session s where merchant_id = $1 and session_id = any ($2)`,
);

/** A member of all that is told, known before the join: rows are found by their key in whatever order that is made. */
const each = (member: string) => `any(array(select one ->> '${member}' from unnest($1::jsonb[]) as one))`;

// The key is destroyed in the moment in which the card moves in.
const moved = `update tokenization_session as known
   set status = 'SUBMITTED', sealed_private_key = null, submit_fingerprint = told.submit_fingerprint,
       card_id = told.card_id, card_summary = told.card_summary,
       billing_address = coalesce(told.billing_address, known.billing_address), return_url = told.return_url,
       updated_at = told.updated_at
   from unnest($1::jsonb[]) as one, jsonb_populate_record(null::tokenization_session, one) as told
   where known.merchant_id = ${each('merchant_id')} and known.token_request_id = ${each('token_request_id')}
     and known.merchant_id = told.merchant_id and known.token_request_id = told.token_request_id
     and known.status = 'OPEN' and known.session_id is not distinct from told.session_id
     and (known.expires_at is null or known.expires_at > told.updated_at)
   returning known.token_request_id`;
const submitted = statement<{ token_request_id: string }>('session/submitted', moved);
const allSubmitted = statement(
  'session/all-submitted',
  `with moved as (${moved}) select ${expecting('count(*) = cardinality($1)')} from moved`,
);

const refuse = statement<{ refused_submits: number }>(
  'session/refuse',
  `update tokenization_session set refused_submits = refused_submits + 1, updated_at = $3
   where merchant_id = $1 and token_request_id = $2 and status = 'OPEN' and session_id is not distinct from $4
   returning refused_submits`,
);

const lookToSubmit = groupedIn(async (database, keys) => {
  const parts = keys.map((key) => key.split('/', 2) as [string, string]);
  const [[merchantId] = ['']] = parts;
  const rows = await database.rows(findToSubmit, [merchantId, parts.map(([, sessionId]) => sessionId)]);
  return (key) => rows.find((row) => `${row.merchant_id}/${row.session_id}` === key);
});

/** A session by its id, and how many cards its user has bound. */
export async function findSessionToSubmit(
  database: Database,
  merchantId: string,
  sessionId: string,
): Promise<{ readonly session: Session; readonly bound: number } | undefined> {
  const row = await lookToSubmit(database, `${merchantId}/${sessionId}`);
  return row && { session: sessionFrom(row), bound: Number(row.bound) };
}

/** What a submission says of a session, and the card that it brought. */
export interface SubmittedSession extends Pick<Session, 'merchantId' | 'tokenRequestId' | 'sessionId'> {
  readonly submission: Pick<Session, 'submitFingerprint' | 'card' | 'billingAddress' | 'returnUrl'>;
  readonly cardId: string;
  readonly now: Date;
}

/**
 * OPEN → SUBMITTED; destroys the private keys.
 *
 * @returns the request ids of those that moved: not those that another submission was first for, that were renewed or that expired
 */
export const markSubmitted = async (tx: Tx, sessions: readonly SubmittedSession[]): Promise<ReadonlySet<string>> =>
  requestIdsOf(await tx.rows(submitted, [eachRecord(sessions.map(submittedRow))]));

/** The same of all of them; refused when one does not move. */
export const markEachSubmitted = async (tx: Tx, sessions: readonly SubmittedSession[]): Promise<void> =>
  void (await tx.rows(allSubmitted, [eachRecord(sessions.map(submittedRow))]));

const submittedRow = ({ merchantId, tokenRequestId, sessionId, submission, cardId, now }: SubmittedSession) => ({
  merchant_id: merchantId,
  token_request_id: tokenRequestId,
  session_id: sessionId,
  submit_fingerprint: submission.submitFingerprint,
  card_summary: submission.card,
  card_id: cardId,
  billing_address: submission.billingAddress,
  return_url: submission.returnUrl,
  updated_at: now,
});

/** Counts a refused submission; the number of refusals so far, or undefined when the session is not OPEN any more. */
export const countRefusal = async (
  sql: Sql,
  session: Pick<Session, 'merchantId' | 'tokenRequestId' | 'sessionId'>,
  now: Date,
): Promise<number | undefined> => {
  const values = [session.merchantId, session.tokenRequestId, now, session.sessionId ?? null];
  return (await sql.rows(refuse, values))[0]?.refused_submits;
};

/** One binding of a user at a time passes, until the transaction ends; several users in one order. */
const lockNames = statement(
  'user-limit/lock',
  `select pg_advisory_xact_lock(hashtextextended(name, 0))
   from (select name from unnest($1::text[]) as name order by name) as named`,
);

const taken = `(select count(*) from token t where t.merchant_id = $1 and t.merchant_user_id = asked.merchant_user_id
        and t.status <> 'REMOVED')
     + (select count(*) from tokenization_session s where s.merchant_id = $1
        and s.merchant_user_id = asked.merchant_user_id and s.status in ('SUBMITTED', 'CHALLENGE'))`;
const countTaken = statement<{ merchant_user_id: string; taken: bigint }>(
  'user-limit/count',
  `select merchant_user_id, ${taken} as taken from unnest($2::text[]) as asked (merchant_user_id)`,
);
const expectRoom = statement(
  'user-limit/expect-room',
  `select ${expecting(`bool_and(${taken} + wanted <= $4)`)} from unnest($2::text[], $3::integer[]) as asked (merchant_user_id, wanted)`,
);

/** @param asked - sees what was committed before the lock was given, for it is a statement of its own */
async function askLocked<Row>(
  tx: Tx,
  [merchantId, users, ...others]: readonly [string, readonly string[], ...unknown[]],
  asked: Statement<Row>,
): Promise<Row[]> {
  const names = users.map((user) => `tokenization/${merchantId}/${user}`);
  const [, rows] = await inOneWrite([tx.rows(lockNames, [names]), tx.rows(asked, [merchantId, users, ...others])]);
  return rows;
}

/**
 * How many cards each user has bound, or has under way between submission and outcome; nobody else begins a binding of one of
 * them until the transaction ends.
 */
export async function lockUsers(
  tx: Tx,
  merchantId: string,
  merchantUserIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const users = [...new Set(merchantUserIds)];
  const rows = await askLocked(tx, [merchantId, users], countTaken);
  return new Map(rows.map((row) => [row.merchant_user_id, Number(row.taken)]));
}

/** The same, refused when one of them has no room for what he wants. @param wanted - bindings by user */
export async function lockUsersWithRoom(
  tx: Tx,
  merchantId: string,
  wanted: ReadonlyMap<string, number>,
  limit: number,
): Promise<void> {
  await askLocked(tx, [merchantId, [...wanted.keys()], [...wanted.values()], limit], expectRoom);
}
