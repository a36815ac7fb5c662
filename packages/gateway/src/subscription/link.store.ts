/** SQL of links to management pages. */
import { type Sql, statement, type Tx } from '../storage/database.ts';

/** A link, by what its secret is hashed to. */
export interface Link {
  readonly secretHash: string;
  readonly merchantId: string;
  readonly subscriptionId: string;
  readonly expiresAt: Date;
}

interface LinkRow {
  merchant_id: string;
  subscription_id: string;
  expires_at: Date;
}

const insert = statement(
  'subscription-link/insert',
  `insert into subscription_link (secret_hash, merchant_id, subscription_id, expires_at) values ($1, $2, $3, $4)`,
);

const forget = statement(
  'subscription-link/forget-expired',
  'delete from subscription_link where merchant_id = $1 and subscription_id = $2 and expires_at <= $3',
);

const find = statement<LinkRow>(
  'subscription-link/find',
  'select merchant_id, subscription_id, expires_at from subscription_link where secret_hash = $1',
);

/** Writes a link, and drops the subscription's expired ones. */
export async function insertLink(tx: Tx, { secretHash, ...link }: Link, now: Date): Promise<void> {
  await tx.rows(forget, [link.merchantId, link.subscriptionId, now]);
  await tx.rows(insert, [secretHash, link.merchantId, link.subscriptionId, link.expiresAt]);
}

export async function findLink(sql: Sql, secretHash: string): Promise<Link | undefined> {
  const [row] = await sql.rows(find, [secretHash]);
  return (
    row && { secretHash, merchantId: row.merchant_id, subscriptionId: row.subscription_id, expiresAt: row.expires_at }
  );
}
