/**
 * Opens the page of an order that waits for its shopper: a key that his browser encrypts to. The key lives as long as he
 * may pay; the order's own job drops it then.
 */
import type { Gateway } from '../gateway.ts';
import type { Sql, Tx } from '../storage/database.ts';
import { type SealedPlace, sealedColumn } from '../vault/sealed-place.ts';
import { newSessionKey } from '../vault/session-key.ts';
import { type Checkout, countByKey, forgetCheckoutKey, insertCheckout, pageByKey } from './checkout.store.ts';

interface Named {
  readonly merchantId: string;
  readonly acquiringOrderId: string;
}

/** Makes the page's key. Call it before a transaction begins (see `Keyring.dataKey`). */
export async function newCheckout(
  gateway: Pick<Gateway, 'keyring' | 'clock'>,
  { merchantId, acquiringOrderId }: Named,
): Promise<Checkout> {
  const key = await newSessionKey(gateway, { merchantId, tokenRequestId: acquiringOrderId });
  return { merchantId, acquiringOrderId, ...key, createdAt: gateway.clock.now() };
}

/** Writes it, in the transaction that writes the order. */
export const openCheckout = (tx: Tx, checkout: Checkout): Promise<void> => insertCheckout(tx, checkout);

/** Drops the key: what was encrypted to it stays closed. */
export const endCheckout = (sql: Sql, { merchantId, acquiringOrderId }: Named): Promise<void> =>
  forgetCheckoutKey(sql, merchantId, acquiringOrderId);

/** The private halves of pages, as `waffo key verify` sees them. They live for hours, so rotation waits for their end. */
export const sealedCheckouts: SealedPlace = sealedColumn({
  noun: 'open checkouts',
  purpose: 'session',
  count: countByKey,
  page: pageByKey,
  bindingOf: (merchantId, recordId) => ({ purpose: 'session', merchantId, recordId }),
});
