/**
 * The keys of the vault: one KEK from the operator, and data keys of ours, one for each merchant and purpose, stored
 * wrapped by the KEK and kept unwrapped in memory only. It never works with a KEK that does not open this database, and
 * never writes a key that it did not wrap.
 */
import { createSecretKey, randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { newRowId } from '../id.ts';
import type { Database, Sql } from '../storage/database.ts';
import type { Kek } from './kek-file.ts';
import { open, SealBroken, type SealingKey, seal } from './seal.ts';
import {
  type DataKeyRow,
  findDataKey,
  findKekCheck,
  findNewestKey,
  hasAnyKek,
  insertDataKey,
  insertKek,
  lockKeysOf,
} from './vault.store.ts';

/** What a data key is for. A key of one purpose opens nothing of another. */
export type KeyPurpose = 'card' | 'session' | 'secret' | 'fingerprint';

export interface Keyring {
  /**
   * The newest key of a merchant for a purpose; made on first use, in a transaction of its own: call it before one begins.
   *
   * @param merchantId - `''` is the system itself
   * @throws SealBroken when the stored key was tampered with
   */
  dataKey(merchantId: string, purpose: KeyPurpose): Promise<SealingKey>;
  /**
   * A key by its id, for what was sealed earlier.
   *
   * @param keyId - as `keyIdOf` reads it from a sealed value
   * @throws Error when there is no such key; SealBroken when the stored key was tampered with
   */
  dataKeyById(sql: Sql, merchantId: string, keyId: string): Promise<SealingKey>;
}

const keyBytes = 32;
const checkText = Buffer.from('this KEK opens this database');
const noMerchant = '';

/** Whether a KEK was ever used with this database. If so, a missing key file is a loss, and no first start. */
export const isSealed = (database: Database): Promise<boolean> => hasAnyKek(database);

/**
 * Opens the keys; the first KEK that a database sees is the one it belongs to.
 *
 * @param deps.kek - see `kekFromFile`
 * @throws Error with one sentence when the KEK is not the one that this database was sealed with
 * @example
 * const keyring = await openKeyring({ database, kek: await kekFromFile(path, { create: false }), clock: realClock });
 */
export async function openKeyring({
  database,
  kek,
  clock,
}: {
  readonly database: Database;
  readonly kek: Kek;
  readonly clock: Clock;
}): Promise<Keyring> {
  const kekKey: SealingKey = { keyId: kekUuid(kek.kekId), key: kek.key };
  await checkKek(database, kek, kekKey, clock.now());
  const known = new Map<string, SealingKey>();
  const newest = new Map<string, SealingKey>();

  const unwrap = (row: DataKeyRow): SealingKey => {
    const bytes = open(kekKey, wrapping(row.merchant_id, row.data_key_id, row.purpose), row.wrapped);
    const unwrapped = { keyId: row.data_key_id, key: createSecretKey(bytes) };
    bytes.fill(0);
    known.set(`${row.merchant_id}/${row.data_key_id}`, unwrapped);
    return unwrapped;
  };

  const makeFirst = (merchantId: string, purpose: KeyPurpose) =>
    database.transaction(async (tx): Promise<DataKeyRow> => {
      await lockKeysOf(tx, merchantId, purpose);
      const made = await findNewestKey(tx, merchantId, purpose);
      if (made !== undefined) return made;
      const dataKeyId = newRowId();
      const bytes = randomBytes(keyBytes);
      const wrapped = seal(kekKey, wrapping(merchantId, dataKeyId, purpose), bytes);
      bytes.fill(0);
      const row = { merchant_id: merchantId, data_key_id: dataKeyId, purpose, kek_id: kek.kekId, wrapped };
      await insertDataKey(tx, row, clock.now());
      return row;
    });

  return {
    async dataKey(merchantId, purpose) {
      const cached = newest.get(`${merchantId}/${purpose}`);
      if (cached !== undefined) return cached;
      const key = unwrap(
        (await findNewestKey(database, merchantId, purpose)) ?? (await makeFirst(merchantId, purpose)),
      );
      newest.set(`${merchantId}/${purpose}`, key);
      return key;
    },
    async dataKeyById(sql, merchantId, keyId) {
      const cached = known.get(`${merchantId}/${keyId}`);
      if (cached !== undefined) return cached;
      const row = await findDataKey(sql, merchantId, keyId);
      if (row === undefined) throw new Error('a sealed value names a data key that is not there');
      return unwrap(row);
    },
  };
}

async function checkKek(database: Database, kek: Kek, kekKey: SealingKey, now: Date): Promise<void> {
  const binding = wrapping(noMerchant, kek.kekId, 'check');
  const known = await findKekCheck(database, kek.kekId);
  if (known === undefined) return recordFirstKek(database, kek, seal(kekKey, binding, checkText), now);
  try {
    open(kekKey, binding, known);
  } catch (cause) {
    if (!(cause instanceof SealBroken)) throw cause;
    throw new Error('the database was tampered with: its check value of the key file is broken; restore a backup', {
      cause,
    });
  }
}

/** Under a lock: of two first starts with different key files, one must be refused. */
async function recordFirstKek(database: Database, kek: Kek, checkValue: Buffer, now: Date): Promise<void> {
  await database.transaction(async (tx) => {
    await lockKeysOf(tx, noMerchant, 'kek');
    if ((await findKekCheck(tx, kek.kekId)) !== undefined) return;
    if (await hasAnyKek(tx)) {
      throw new Error(
        'the key file holds another key than the one this database was sealed with; put the right key file back',
      );
    }
    await insertKek(tx, kek.kekId, checkValue, now);
  });
}

const wrapping = (merchantId: string, recordId: string, purpose: string) =>
  ({ purpose: 'dek', merchantId, recordId: `${purpose}/${recordId}` }) as const;

/** The KEK's id in the form of a key id: 8 bytes, twice. */
const kekUuid = (kekId: string): string =>
  `${kekId}${kekId}`.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
