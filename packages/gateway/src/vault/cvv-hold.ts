/**
 * A CVV that must wait while the shopper passes a challenge (decision 0008). It rests in an unlogged table, sealed under a key that
 * nothing of ours keeps: the shopper's browser has it, first in the link to the challenge page, then in a cookie. The link of a bare
 * card is made from its number and a key of the vault: until it is opened, who holds the key file and the database can make it (0020).
 * It is dropped with the result, or when its time is over, whichever comes first. It must never be kept longer.
 */
import { createSecretKey, hkdfSync } from 'node:crypto';
import { type Sql, statement, type Tx } from '../storage/database.ts';
import { open, SealBroken, type SealingKey, seal } from './seal.ts';

/** After this a hold is dropped whatever became of its challenge. */
export const holdLifetimeMs = 15 * 60_000;

/** Which hold, and the 32 bytes that open it. */
export interface HoldKey {
  readonly merchantId: string;
  readonly holdId: string;
  readonly secret: Buffer;
}

const insert = statement(
  'cvv-hold/insert',
  'insert into vault_cvv_hold (merchant_id, hold_id, sealed, created_at) values ($1, $2, $3, $4)',
);
const find = statement<{ sealed: Buffer }>(
  'cvv-hold/find',
  'select sealed from vault_cvv_hold where merchant_id = $1 and hold_id = $2',
);
const replace = statement(
  'cvv-hold/replace',
  'update vault_cvv_hold set sealed = $3 where merchant_id = $1 and hold_id = $2',
);
const remove = statement('cvv-hold/delete', 'delete from vault_cvv_hold where merchant_id = $1 and hold_id = $2');

/** The seal's header wants a key id; a key that is nowhere kept has none. */
const noKeyId = '00000000-0000-0000-0000-000000000000';

/**
 * The secret of a challenge's link. It follows from the submitted envelope, which only the browser and this request
 * know, so that a repeat of the same bytes is answered with the same link though nothing of it is kept.
 *
 * @param envelope - `encryptedCard`, as it was sent
 * @param holdId - what the secret is for
 */
export const linkSecretOf = (envelope: string, holdId: string): Buffer =>
  Buffer.from(hkdfSync('sha256', envelope, '', `waffo/cvv-hold/${holdId}`, 32));

/**
 * Keeps a CVV, or the knowledge that there was none.
 *
 * @param cvv - ASCII digits; the caller wipes them
 */
export async function holdCvv(tx: Tx, key: HoldKey, cvv: Uint8Array | undefined, now: Date): Promise<void> {
  const sealed = seal(sealingKey(key), bindingOf(key), cvv ?? new Uint8Array());
  await tx.rows(insert, [key.merchantId, key.holdId, sealed, now]);
}

/** Seals a hold under another secret; from then on the first opens nothing. A hold that is lost stays lost. */
export async function rekeyCvv(tx: Tx, key: HoldKey, secret: Buffer): Promise<void> {
  const cvv = await readCvv(tx, key);
  if (cvv === undefined) return;
  const sealed = seal(sealingKey({ ...key, secret }), bindingOf(key), cvv);
  cvv.fill(0);
  await tx.rows(replace, [key.merchantId, key.holdId, sealed]);
}

/**
 * Reads a CVV back.
 *
 * @returns the digits, none when the card was sent without; undefined when the hold is lost or the secret is another's.
 *   The caller wipes them.
 */
export async function readCvv(sql: Sql, key: HoldKey): Promise<Buffer | undefined> {
  const [row] = await sql.rows(find, [key.merchantId, key.holdId]);
  if (row === undefined) return undefined;
  try {
    return open(sealingKey(key), bindingOf(key), row.sealed);
  } catch (error) {
    if (error instanceof SealBroken) return undefined;
    throw error;
  }
}

/** Forgets a CVV. */
export async function dropCvv(sql: Sql, { merchantId, holdId }: Omit<HoldKey, 'secret'>): Promise<void> {
  await sql.rows(remove, [merchantId, holdId]);
}

const sealingKey = ({ secret }: HoldKey): SealingKey => ({ keyId: noKeyId, key: createSecretKey(secret) });

const bindingOf = ({ merchantId, holdId }: HoldKey) => ({ purpose: 'cvv', merchantId, recordId: holdId }) as const;
