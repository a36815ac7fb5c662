/**
 * What ties a payment without the shopper to the one he agreed with: the scheme's id of the first approved check or payment
 * of a token with him present. It is no card data, names no card, and stays when the card behind the token is replaced.
 */
import { type Sql, statement, type Tx } from '../storage/database.ts';

const keep = statement(
  'token/keep-network-transaction-id',
  `update token set network_transaction_id = told.id
   from unnest($1::text[], $2::text[], $3::text[]) as told (merchant_id, token_id, id)
   where token.merchant_id = told.merchant_id and token.token_id = told.token_id and token.network_transaction_id is null`,
);

const find = statement<{ network_transaction_id: string | null }>(
  'token/find-network-transaction-id',
  'select network_transaction_id from token where merchant_id = $1 and token_id = $2',
);

interface Named {
  readonly merchantId: string;
  readonly tokenId: string;
}

/**
 * Keeps the id of an approved charge or check with the shopper present; the first one stays.
 *
 * @param networkTransactionId - as the acquirer answered it; an acquirer that knows none answers `''`
 */
export async function keepNetworkTransactionId(
  tx: Tx,
  { merchantId, tokenId }: Named,
  networkTransactionId: string,
): Promise<void> {
  await keepNetworkTransactionIds(tx, merchantId, [{ tokenId, networkTransactionId }]);
}

/** The same for several charges; of two of one token either may be the first. */
export async function keepNetworkTransactionIds(
  tx: Tx,
  merchantId: string,
  charges: readonly { readonly tokenId: string; readonly networkTransactionId: string }[],
): Promise<void> {
  const known = charges
    .filter(({ networkTransactionId }) => networkTransactionId !== '')
    .sort((a, b) => (a.tokenId < b.tokenId ? -1 : 1));
  if (known.length === 0) return;
  const ids = known.map(({ networkTransactionId }) => networkTransactionId);
  await tx.rows(keep, [known.map(() => merchantId), known.map(({ tokenId }) => tokenId), ids]);
}

/** What a payment without the shopper carries; undefined when none is known, as of a token that was imported. */
export const networkTransactionIdOf = async (sql: Sql, { merchantId, tokenId }: Named): Promise<string | undefined> =>
  (await sql.rows(find, [merchantId, tokenId]))[0]?.network_transaction_id ?? undefined;
