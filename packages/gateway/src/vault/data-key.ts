/**
 * Data keys as they rest: wrapped by the KEK that this database uses now. Makes them, opens them, and knows which KEKs may
 * open them. It never writes a key that it did not wrap.
 */
import { createSecretKey, randomBytes } from 'node:crypto';
import { newRowId } from '../id.ts';
import type { Database, Sql, Tx } from '../storage/database.ts';
import type { KekProvider } from './kek.ts';
import { type Binding, SealBroken, type SealingKey } from './seal.ts';
import { type DataKeyRow, findNewestKey, insertDataKey, insertKek, listKeks, lockKeysOf } from './vault.store.ts';

const keyBytes = 32;
const checkText = Buffer.from('this KEK opens this database');
const noMerchant = '';

/**
 * Makes the next key of a merchant for a purpose. Hold the lock of `lockKeysOf`.
 *
 * @returns its row, later than any other of its kind
 * @throws KekMissing when the KEK in use is not here
 */
export async function makeDataKey(
  tx: Tx,
  kek: KekProvider,
  { merchantId, purpose, now }: { readonly merchantId: string; readonly purpose: string; readonly now: Date },
): Promise<DataKeyRow> {
  const [current] = await listKeks(tx);
  if (current === undefined) throw new Error('no KEK is in use');
  const before = await findNewestKey(tx, merchantId, purpose);
  const dataKeyId = newRowId();
  const bytes = randomBytes(keyBytes);
  const wrapped = await kek.wrap(current.kek_id, wrapping(merchantId, dataKeyId, purpose), bytes);
  bytes.fill(0);
  const row = {
    merchant_id: merchantId,
    data_key_id: dataKeyId,
    purpose,
    kek_id: current.kek_id,
    wrapped,
    // The newest is found by its time, and another gateway's clock may be ahead of ours.
    created_at: new Date(Math.max(now.getTime(), (before?.created_at.getTime() ?? 0) + 1)),
  };
  await insertDataKey(tx, row);
  return row;
}

/** @throws SealBroken when the stored key was tampered with; KekMissing when its KEK is not here */
export async function unwrapDataKey(kek: KekProvider, row: DataKeyRow): Promise<SealingKey> {
  const bytes = await kek.unwrap(row.kek_id, wrappingOf(row), row.wrapped);
  const key = { keyId: row.data_key_id, key: createSecretKey(bytes) };
  bytes.fill(0);
  return key;
}

/**
 * Wraps a key by another KEK. The key itself stays what it is.
 *
 * @returns what to keep in the place of `row.wrapped`
 */
export async function rewrapDataKey(kek: KekProvider, row: DataKeyRow, kekId: string): Promise<Buffer> {
  const bytes = await kek.unwrap(row.kek_id, wrappingOf(row), row.wrapped);
  const wrapped = await kek.wrap(kekId, wrappingOf(row), bytes);
  bytes.fill(0);
  return wrapped;
}

/**
 * Whether the KEKs here are those of this database; the first that it sees is the one it belongs to.
 *
 * @throws Error with one sentence for the operator when one is missing or another, or the database was tampered with
 */
export async function checkKeks(database: Database, kek: KekProvider, now: Date): Promise<void> {
  const here = new Set(await kek.kekIds());
  const known = await listKeks(database);
  if (known.length === 0) return recordFirstKek(database, kek, now);
  if (!known.some(({ kek_id }) => here.has(kek_id))) throw anotherKey(kek);
  for (const [age, { kek_id, check_value, used }] of known.entries()) {
    if (here.has(kek_id)) await checkKek(kek, kek_id, check_value);
    else if (used || age === 0) {
      throw new Error(`${kek.place} lacks the key ${kek_id}, which this database is sealed with; bring the newer file`);
    }
  }
}

/** Makes a KEK the one that wraps from now on. */
export async function recordKek(sql: Sql, kek: KekProvider, kekId: string, now: Date): Promise<void> {
  await insertKek(sql, kekId, await kek.wrap(kekId, wrapping(noMerchant, kekId, 'check'), checkText), now);
}

async function checkKek(kek: KekProvider, kekId: string, checkValue: Buffer): Promise<void> {
  try {
    await kek.unwrap(kekId, wrapping(noMerchant, kekId, 'check'), checkValue);
  } catch (cause) {
    if (!(cause instanceof SealBroken)) throw cause;
    const message = `the database was tampered with: its check value of ${kek.place} is broken; restore a backup`;
    throw new Error(message, { cause });
  }
}

/** Under a lock: of two first starts with different key files, one must be refused. */
async function recordFirstKek(database: Database, kek: KekProvider, now: Date): Promise<void> {
  const newest = (await kek.kekIds()).at(-1);
  await database.transaction(async (tx) => {
    await lockKeysOf(tx, noMerchant, 'kek');
    const known = await listKeks(tx);
    if (newest === undefined || (known.length > 0 && !known.some(({ kek_id }) => kek_id === newest))) {
      throw anotherKey(kek);
    }
    if (known.length === 0) await recordKek(tx, kek, newest, now);
  });
}

const anotherKey = ({ place }: KekProvider) =>
  new Error(`${place} holds another key than the one this database was sealed with; put the right key file back`);

const wrappingOf = (row: DataKeyRow): Binding => wrapping(row.merchant_id, row.data_key_id, row.purpose);

const wrapping = (merchantId: string, recordId: string, purpose: string): Binding => ({
  purpose: 'dek',
  merchantId,
  recordId: `${purpose}/${recordId}`,
});
