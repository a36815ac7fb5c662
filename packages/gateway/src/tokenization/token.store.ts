/** SQL of tokens. */
import type { TokenStatus } from '@waffo/protocol/statuses';
import { type Sql, statement, type Tx } from '../storage/database.ts';
import { expecting } from '../storage/expecting.ts';
import { groupedById } from '../storage/grouped.ts';
import { records } from '../storage/records.ts';
import type { CardSummary } from './card-summary.ts';
import type { BillingAddress, Token } from './token.ts';

interface TokenRow {
  merchant_id: string;
  token_id: string;
  token_request_id: string;
  merchant_user_id: string;
  sub_merchant_id: string | null;
  status: TokenStatus;
  former_status: TokenStatus | null;
  card_id: string | null;
  card_summary: CardSummary | null;
  billing_address: BillingAddress | null;
  notify_url: string | null;
  refused_at: Date | null;
  renewed_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

const columns = `merchant_id, token_id, token_request_id, merchant_user_id, sub_merchant_id, status, former_status, card_id,
  card_summary, billing_address, notify_url, created_at, updated_at, refused_at, renewed_at`;

const insert = statement(
  'token/insert',
  `insert into token (${columns}, network_transaction_id)
   select ${columns}, network_transaction_id from jsonb_populate_recordset(null::token, $1)`,
);

const find = statement<TokenRow>(
  'token/find',
  `select ${columns} from unnest($1::text[], $2::text[]) as asked (merchant_id, token_id)
     join token using (merchant_id, token_id)`,
);

const lock = statement<TokenRow>(
  'token/lock',
  `select ${columns} from token where merchant_id = $1 and token_id = $2 for update`,
);

const lockMany = statement(
  'token/lock-many',
  'select token_id from token where merchant_id = $1 and token_id = any ($2) order by token_id for update',
);

const findByRequest = statement<TokenRow>(
  'token/find-by-request',
  `select ${columns} from token where merchant_id = $1 and token_request_id = $2`,
);

const listOfUser = statement<TokenRow>(
  'token/list-of-user',
  `select ${columns} from token
   where merchant_id = $1 and merchant_user_id = $2 and status <> 'REMOVED'
   order by sequence`,
);

const countOfUser = statement<{ bound: bigint }>(
  'token/count-of-user',
  `select count(*) as bound from token where merchant_id = $1 and merchant_user_id = $2 and status <> 'REMOVED'`,
);

const save = statement(
  'token/save',
  `update token set status = $3, former_status = $4, card_id = $5, card_summary = $6, updated_at = $7,
     refused_at = $8, renewed_at = $9
   where merchant_id = $1 and token_id = $2`,
);

const unproved = `token where merchant_id = $1 and token_id = any ($2)
     and (status = 'UNVERIFIED' or refused_at is not null or network_transaction_id is null)`;
const listUnprovedOf = statement<{ token_id: string; unverified: boolean; nameless: boolean }>(
  'token/list-unproved',
  `select token_id, status = 'UNVERIFIED' or refused_at is not null as unverified, network_transaction_id is null as nameless
   from ${unproved} order by token_id`,
);
const expectProved = statement('token/expect-proved', `select ${expecting(`not exists (select from ${unproved})`)}`);

const listByCard = statement<TokenRow>(
  'token/list-by-card',
  `select ${columns} from token
   where merchant_id = $1 and card_id = any($2) and merchant_user_id = $3 order by sequence`,
);

const page = statement<TokenRow>(
  'token/page',
  `select ${columns} from token where merchant_id = $1 and token_id > $2 and card_id is not null
   order by token_id limit $3`,
);

const countWithCard = statement<{ tokens: bigint }>(
  'token/count-with-card',
  'select count(*) as tokens from token where merchant_id = $1 and card_id is not null',
);

const listExpiring = statement<TokenRow>(
  'token/list-expiring',
  `select ${columns} from token
   where merchant_id = $1 and card_summary ->> 'expiry' = $2 and status in ('UNVERIFIED', 'VERIFIED')
   order by token_id limit $3`,
);

const watchMonths = statement<{ expiry: string }>(
  'token/watch-months',
  `insert into token_expiry (merchant_id, expiry)
   select $1, expiry from unnest($2::text[]) as expiry order by expiry on conflict do nothing returning expiry`,
);

const expectWatched = statement(
  'token/expect-watched',
  `select ${expecting('count(*) = cardinality($2::text[])')} from token_expiry where merchant_id = $1 and expiry = any ($2)`,
);

const unwatchMonth = statement(
  'token/unwatch-month',
  'delete from token_expiry where merchant_id = $1 and expiry = $2',
);

const refuse = statement(
  'token/refuse',
  `update token set refused_at = $3
   where merchant_id = $1 and token_id = $2 and refused_at is null and (renewed_at is null or renewed_at <= $4)`,
);

/** Notes that its issuer refused the card for good, unless another one has taken its place since it was charged. */
export async function refuseToken(
  tx: Tx,
  { merchantId, tokenId }: Pick<Token, 'merchantId' | 'tokenId'>,
  { chargedAt, now }: { readonly chargedAt: Date; readonly now: Date },
): Promise<void> {
  await tx.rows(refuse, [merchantId, tokenId, now, chargedAt]);
}

/** A token, and the scheme's id of the check that it was bound with; `''` is none. */
export type NewToken = Token & { readonly networkTransactionId?: string };

export const insertToken = (tx: Tx, token: NewToken): Promise<void> => insertTokens(tx, [token]);

export async function insertTokens(tx: Tx, tokens: readonly NewToken[]): Promise<void> {
  const rows = tokens.map((token) => ({
    merchant_id: token.merchantId,
    token_id: token.tokenId,
    token_request_id: token.tokenRequestId,
    merchant_user_id: token.merchantUserId,
    sub_merchant_id: token.subMerchantId,
    status: token.status,
    former_status: token.formerStatus,
    card_id: token.cardId,
    card_summary: token.card,
    billing_address: token.billingAddress,
    notify_url: token.notifyUrl,
    created_at: token.createdAt,
    updated_at: token.updatedAt,
    network_transaction_id: token.networkTransactionId || undefined,
  }));
  await tx.rows(insert, [records(rows)]);
}

/** What a payment with the shopper present still has to say of tokens, by their ids. */
export interface Unproved {
  /** UNVERIFIED, or refused for good. */
  readonly unverified: readonly string[];
  /** Without a network transaction id. */
  readonly nameless: ReadonlySet<string>;
}

export async function listUnproved(sql: Sql, merchantId: string, tokenIds: readonly string[]): Promise<Unproved> {
  const rows = await sql.rows(listUnprovedOf, [merchantId, tokenIds]);
  const idsOf = (which: 'unverified' | 'nameless') => rows.filter((row) => row[which]).map(({ token_id }) => token_id);
  return { unverified: idsOf('unverified'), nameless: new Set(idsOf('nameless')) };
}

/** Refused when a payment with the shopper present would have something to say of one of them. */
export const expectProvedTokens = async (tx: Tx, merchantId: string, tokenIds: readonly string[]): Promise<void> =>
  void (await tx.rows(expectProved, [merchantId, tokenIds]));

/** A token by its id; look-ups that come together share a statement. */
export const findToken = groupedById(
  find,
  (row) => row.token_id,
  (row) => tokenFrom(row),
);

export const findTokenByRequest = async (
  sql: Sql,
  merchantId: string,
  tokenRequestId: string,
): Promise<Token | undefined> => (await sql.rows(findByRequest, [merchantId, tokenRequestId])).map(tokenFrom)[0];

/** Oldest first, without removed ones. */
export const listTokensOfUser = async (sql: Sql, merchantId: string, merchantUserId: string): Promise<Token[]> =>
  (await sql.rows(listOfUser, [merchantId, merchantUserId])).map(tokenFrom);

export const countTokensOfUser = async (sql: Sql, merchantId: string, merchantUserId: string): Promise<number> =>
  Number((await sql.rows(countOfUser, [merchantId, merchantUserId]))[0]?.bound ?? 0n);

/** Keeps others from changing tokens until the transaction ends; in one order, so that two never wait for each other. */
export async function lockTokens(tx: Tx, merchantId: string, tokenIds: readonly string[]): Promise<void> {
  await tx.rows(lockMany, [merchantId, tokenIds]);
}

/** Reads a token and keeps others from changing it until the transaction ends. */
export const lockToken = async (tx: Tx, merchantId: string, tokenId: string): Promise<Token | undefined> =>
  (await tx.rows(lock, [merchantId, tokenId])).map(tokenFrom)[0];

/** Saves a token that this transaction has locked. */
export async function saveToken(tx: Tx, token: Token): Promise<void> {
  const { merchantId, tokenId, status, formerStatus = null, cardId = null, card, updatedAt } = token;
  const { refusedAt = null, renewedAt = null } = token;
  await tx.rows(save, [merchantId, tokenId, status, formerStatus, cardId, json(card), updatedAt, refusedAt, renewedAt]);
}

/** A user's tokens for any of these cards, the oldest first. */
export const listTokensByCard = async (
  sql: Sql,
  { merchantId, merchantUserId }: Pick<Token, 'merchantId' | 'merchantUserId'>,
  cardIds: readonly string[],
): Promise<Token[]> => (await sql.rows(listByCard, [merchantId, cardIds, merchantUserId])).map(tokenFrom);

/** Tokens with a card, in the order of their ids. @param after - the last of the page before; `''` at first */
export const pageTokens = async (sql: Sql, merchantId: string, after: string, limit: number): Promise<Token[]> =>
  (await sql.rows(page, [merchantId, after, limit])).map(tokenFrom);

export const countTokens = async (sql: Sql, merchantId: string): Promise<number> =>
  Number((await sql.rows(countWithCard, [merchantId]))[0]?.tokens ?? 0n);

/** Tokens that can be charged whose card is good to the end of this month. @param expiry - `MM/YYYY` */
export const listExpiringTokens = async (
  sql: Sql,
  merchantId: string,
  expiry: string,
  limit: number,
): Promise<Token[]> => (await sql.rows(listExpiring, [merchantId, expiry, limit])).map(tokenFrom);

/** @returns those of the months that nobody watched until now */
export const watchExpiryMonths = async (tx: Tx, merchantId: string, months: readonly string[]): Promise<string[]> =>
  (await tx.rows(watchMonths, [merchantId, months])).map(({ expiry }) => expiry);

/** Refused when nobody watches one of them. */
export const expectWatchedMonths = async (tx: Tx, merchantId: string, months: readonly string[]): Promise<void> =>
  void (await tx.rows(expectWatched, [merchantId, months]));

/** Whoever binds a card of this month from now on queues a job again. */
export async function unwatchExpiryMonth(sql: Sql, merchantId: string, expiry: string): Promise<void> {
  await sql.rows(unwatchMonth, [merchantId, expiry]);
}

const json = (value: object | undefined): string | null => (value === undefined ? null : JSON.stringify(value));

function tokenFrom(row: TokenRow): Token {
  return {
    merchantId: row.merchant_id,
    tokenId: row.token_id,
    tokenRequestId: row.token_request_id,
    merchantUserId: row.merchant_user_id,
    subMerchantId: row.sub_merchant_id ?? undefined,
    status: row.status,
    formerStatus: row.former_status ?? undefined,
    cardId: row.card_id ?? undefined,
    card: row.card_summary ?? undefined,
    billingAddress: row.billing_address ?? undefined,
    notifyUrl: row.notify_url ?? undefined,
    refusedAt: row.refused_at ?? undefined,
    renewedAt: row.renewed_at ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
