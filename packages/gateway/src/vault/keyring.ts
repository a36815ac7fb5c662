/**
 * The keys of the vault: one KEK from the operator, and data keys of ours, one for each merchant and purpose, stored
 * wrapped by the KEK and kept unwrapped in memory only.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { newRowId } from '../id.ts';
import { Secret } from '../secret.ts';
import type { Database, Sql, Tx } from '../storage/database.ts';
import type { Kek } from './kek-file.ts';
import { open, type SealingKey, seal } from './seal.ts';
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
  /** The newest key of a merchant for a purpose; made on first use. `''` is the system itself. */
  dataKey(merchantId: string, purpose: KeyPurpose): Promise<SealingKey>;
  /** A key by its id, for what was sealed earlier. @throws Error when it is not there */
  dataKeyById(sql: Sql, merchantId: string, keyId: string): Promise<SealingKey>;
}

const keyBytes = 32;
const checkText = Buffer.from('this KEK opens this database');
const noMerchant = '';

/**
 * @throws Error with one sentence when the KEK is not the one that this database was sealed with
 */
export async function openKeyring({
  database,
  kek,
  clock,
}: {
  database: Database;
  kek: Kek;
  clock: Clock;
}): Promise<Keyring> {
  const kekKey: SealingKey = { keyId: kekUuid(kek.kekId), key: kek.key.reveal() };
  await checkKek(database, kek, kekKey, clock.now());
  const known = new Map<string, Secret<SealingKey>>();
  const newest = new Map<string, string>();

  const unwrap = (row: DataKeyRow): SealingKey => {
    const key = open(kekKey, wrapping(row.merchant_id, row.data_key_id, row.purpose), row.wrapped);
    const unwrapped = { keyId: row.data_key_id, key };
    known.set(`${row.merchant_id}/${row.data_key_id}`, new Secret(unwrapped));
    return unwrapped;
  };

  const makeFirst = (merchantId: string, purpose: KeyPurpose) =>
    database.transaction(async (tx: Tx): Promise<DataKeyRow> => {
      await lockKeysOf(tx, merchantId, purpose);
      const made = await findNewestKey(tx, merchantId, purpose);
      if (made !== undefined) return made;
      const dataKeyId = newRowId();
      const wrapped = seal(kekKey, wrapping(merchantId, dataKeyId, purpose), randomBytes(keyBytes));
      const row = { merchant_id: merchantId, data_key_id: dataKeyId, purpose, kek_id: kek.kekId, wrapped };
      await insertDataKey(tx, row, clock.now());
      return row;
    });

  return {
    async dataKey(merchantId, purpose) {
      const cached = known.get(`${merchantId}/${newest.get(`${merchantId}/${purpose}`)}`);
      if (cached !== undefined) return cached.reveal();
      const row = (await findNewestKey(database, merchantId, purpose)) ?? (await makeFirst(merchantId, purpose));
      newest.set(`${merchantId}/${purpose}`, row.data_key_id);
      return unwrap(row);
    },
    async dataKeyById(sql, merchantId, keyId) {
      const cached = known.get(`${merchantId}/${keyId}`);
      if (cached !== undefined) return cached.reveal();
      const row = await findDataKey(sql, merchantId, keyId);
      if (row === undefined) throw new Error('a sealed value names a data key that is not there');
      return unwrap(row);
    },
  };
}

async function checkKek(database: Database, kek: Kek, kekKey: SealingKey, now: Date): Promise<void> {
  const binding = wrapping(noMerchant, kek.kekId, 'check');
  const check = await findKekCheck(database, kek.kekId);
  if (check === undefined && (await hasAnyKek(database))) {
    throw new Error(
      'the key file holds another key than the one this database was sealed with; put the right key file back',
    );
  }
  if (check === undefined) return insertKek(database, kek.kekId, seal(kekKey, binding, checkText), now);
  if (!open(kekKey, binding, check).equals(checkText)) throw new Error('the check value of the KEK is wrong');
}

const wrapping = (merchantId: string, recordId: string, purpose: string) =>
  ({ purpose: 'dek', merchantId, recordId: `${purpose}/${recordId}` }) as const;

/** The KEK's id in the form of a key id: 8 bytes, twice. */
const kekUuid = (kekId: string): string =>
  `${kekId}${kekId}`.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
