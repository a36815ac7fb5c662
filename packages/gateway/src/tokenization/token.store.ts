/** SQL of tokens. */
import type { TokenStatus } from '@waffo/protocol/statuses';
import { type Sql, statement, type Tx } from '../storage/database.ts';
import type { CardSummary } from './card-summary.ts';
import type { BillingAddress, Token } from './token.ts';

interface TokenRow {
  merchant_id: string;
  token_id: string;
  token_request_id: string;
  merchant_user_id: string;
  sub_merchant_id: string | null;
  status: TokenStatus;
  card_id: string | null;
  card_summary: CardSummary | null;
  billing_address: BillingAddress | null;
  notify_url: string | null;
  created_at: Date;
  updated_at: Date;
}

const columns = `merchant_id, token_id, token_request_id, merchant_user_id, sub_merchant_id, status, card_id,
  card_summary, billing_address, notify_url, created_at, updated_at`;

const insert = statement(
  'token/insert',
  `insert into token (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
);

const find = statement<TokenRow>('token/find', `select ${columns} from token where merchant_id = $1 and token_id = $2`);

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

const save = statement<{ token_id: string }>(
  'token/save',
  `update token set status = $4, card_id = $5, card_summary = $6, updated_at = $7
   where merchant_id = $1 and token_id = $2 and status = $3
   returning token_id`,
);

export async function insertToken(tx: Tx, token: Token): Promise<void> {
  await tx.rows(insert, [
    token.merchantId,
    token.tokenId,
    token.tokenRequestId,
    token.merchantUserId,
    token.subMerchantId ?? null,
    token.status,
    token.cardId ?? null,
    json(token.card),
    json(token.billingAddress),
    token.notifyUrl ?? null,
    token.createdAt,
    token.updatedAt,
  ]);
}

export const findToken = async (sql: Sql, merchantId: string, tokenId: string): Promise<Token | undefined> =>
  (await sql.rows(find, [merchantId, tokenId])).map(tokenFrom)[0];

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

/** Saves a token that had `expected` as its status; false when another change was faster. */
export async function saveToken(tx: Tx, token: Token, expected: TokenStatus): Promise<boolean> {
  const saved = await tx.rows(save, [
    token.merchantId,
    token.tokenId,
    expected,
    token.status,
    token.cardId ?? null,
    json(token.card),
    token.updatedAt,
  ]);
  return saved.length === 1;
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
    cardId: row.card_id ?? undefined,
    card: row.card_summary ?? undefined,
    billingAddress: row.billing_address ?? undefined,
    notifyUrl: row.notify_url ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
