/** SQL of checkout pages. */
import { type Sql, statement, type Tx } from '../storage/database.ts';
import type { KeyUse, SealedRow } from '../vault/sealed-place.ts';

/** What the gateway keeps of an order's page. */
export interface Checkout {
  readonly merchantId: string;
  readonly acquiringOrderId: string;
  /** `tsess_…`, the public key that the browser encrypts to. */
  readonly sessionId: string;
  /** Absent when the shopper's time is over. */
  readonly sealedPrivateKey: Buffer | undefined;
  readonly createdAt: Date;
}

interface CheckoutRow {
  merchant_id: string;
  acquiring_order_id: string;
  session_id: string;
  sealed_private_key: Buffer | null;
  created_at: Date;
}

const insert = statement(
  'checkout/insert',
  `insert into checkout (merchant_id, acquiring_order_id, session_id, sealed_private_key, created_at)
   values ($1, $2, $3, $4, $5)`,
);

const find = statement<CheckoutRow>(
  'checkout/find',
  `select merchant_id, acquiring_order_id, session_id, sealed_private_key, created_at from checkout
   where acquiring_order_id = $1`,
);

const forget = statement(
  'checkout/forget-key',
  'update checkout set sealed_private_key = null where merchant_id = $1 and acquiring_order_id = $2',
);

export const countByKey = statement<KeyUse>(
  'checkout/count-by-key',
  `select merchant_id, sealed_by as key_id, count(*)::int as values
   from checkout where sealed_by is not null group by merchant_id, sealed_by`,
);

export const pageByKey = statement<SealedRow>(
  'checkout/page-by-key',
  `select acquiring_order_id || '/' || session_id as record_id, sealed_private_key as sealed from checkout
   where merchant_id = $1 and sealed_by = $2 and acquiring_order_id || '/' || session_id > $3
   order by acquiring_order_id || '/' || session_id limit $4`,
);

export async function insertCheckout(tx: Tx, checkout: Checkout): Promise<void> {
  const { merchantId, acquiringOrderId, sessionId, sealedPrivateKey, createdAt } = checkout;
  await tx.rows(insert, [merchantId, acquiringOrderId, sessionId, sealedPrivateKey ?? null, createdAt]);
}

export async function findCheckout(sql: Sql, acquiringOrderId: string): Promise<Checkout | undefined> {
  const [row] = await sql.rows(find, [acquiringOrderId]);
  return (
    row && {
      merchantId: row.merchant_id,
      acquiringOrderId: row.acquiring_order_id,
      sessionId: row.session_id,
      sealedPrivateKey: row.sealed_private_key ?? undefined,
      createdAt: row.created_at,
    }
  );
}

export async function forgetCheckoutKey(sql: Sql, merchantId: string, acquiringOrderId: string): Promise<void> {
  await sql.rows(forget, [merchantId, acquiringOrderId]);
}
