/**
 * The keys of the vault: data keys of ours, one for each merchant and purpose at a time, stored wrapped by the operator's
 * KEK and kept unwrapped in memory only. It notices by itself when another process made a newer key, and makes a newer one
 * before a key has sealed too much. It never works with a KEK that does not open this database.
 */
import type { Clock } from '../clock.ts';
import type { Database, Sql } from '../storage/database.ts';
import { checkKeks, makeDataKey, unwrapDataKey } from './data-key.ts';
import type { KekProvider } from './kek.ts';
import type { SealingKey } from './seal.ts';
import {
  countSeals,
  type DataKeyRow,
  findDataKey,
  findNewestKey,
  hasAnyKek,
  listDataKeys,
  lockKeysOf,
} from './vault.store.ts';

/** What a data key is for. A key of one purpose opens nothing of another. */
export type KeyPurpose = 'card' | 'session' | 'secret' | 'fingerprint' | 'audit';

export const keyPurposes: readonly KeyPurpose[] = ['card', 'fingerprint', 'secret', 'session'];

export interface Keyring {
  /**
   * The key to seal one value with; when a merchant has none, or the present one has sealed enough, it is made, in a
   * transaction of its own: call this before one begins, and once for each value.
   *
   * @param merchantId - `''` is the system itself
   * @throws SealBroken when the stored key was tampered with
   */
  dataKey(merchantId: string, purpose: KeyPurpose): Promise<SealingKey>;
  /**
   * A key by its id, for what was sealed earlier.
   *
   * @param keyId - as `keyIdOf` reads it from a sealed value
   * @throws KeyGone when there is no such key; SealBroken when the stored key was tampered with
   */
  dataKeyById(sql: Sql, merchantId: string, keyId: string): Promise<SealingKey>;
  /** Every key of a merchant for a purpose, the newest first: while they rotate, what was made with the older is still there. */
  dataKeys(merchantId: string, purpose: KeyPurpose): Promise<readonly SealingKey[]>;
}

/** A sealed value names a key that is not there: it was retired since the value was read, or somebody wrote into the row. */
export class KeyGone extends Error {
  override readonly name = 'KeyGone';
}

/**
 * Reads a sealed row and its key. A row that was moved to a newer key, and whose older one was retired, all since it was
 * read, is read again.
 *
 * @param read - answers the row with its key
 */
export async function withItsKey<Found>(read: () => Promise<Found>): Promise<Found> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof KeyGone) return read();
    throw error;
  }
}

/** How long a gateway may go on sealing with a key after another process made a newer one. */
export const noticeMs = 2_000;

/**
 * What one key may seal: random nonces of 96 bits stay apart with a chance of 2^-32 up to 2^32 values (NIST SP 800-38D,
 * section 8.3). We stop at a quarter.
 */
export const sealsPerKey = 2 ** 30;
/** Counted before use and in advance: a crash costs what was left of a block. */
const sealsPerBlock = 1_024;

interface Present {
  readonly key: SealingKey;
  /** After this the database is asked whether there is a newer one. */
  readonly freshUntil: number;
  /** How many more values it may seal before it is counted again. */
  left: number;
}

/** Whether a KEK was ever used with this database. If so, a missing key file is a loss, and no first start. */
export const isSealed = (database: Database): Promise<boolean> => hasAnyKek(database);

/**
 * Opens the keys; the first KEK that a database sees is the one it belongs to.
 *
 * @param deps.kek - see `heldKeks`
 * @param deps.limits - how much a key may seal, and how much is counted at a time; for tests
 * @throws Error with one sentence when the KEK is not the one that this database was sealed with
 * @example
 * const keyring = await openKeyring({ database, kek: heldKeks('the key file', () => keksFromFiles([path])), clock });
 */
export async function openKeyring({
  database,
  kek,
  clock,
  limits = { sealsPerKey, sealsPerBlock },
}: {
  readonly database: Database;
  readonly kek: KekProvider;
  readonly clock: Clock;
  readonly limits?: { readonly sealsPerKey: number; readonly sealsPerBlock: number };
}): Promise<Keyring> {
  await checkKeks(database, kek, clock.now());
  const known = new Map<string, SealingKey>();
  const present = new Map<string, Present>();
  const refreshing = new Map<string, Promise<Present>>();

  const unwrap = async (row: DataKeyRow): Promise<SealingKey> => {
    const cached = known.get(`${row.merchant_id}/${row.data_key_id}`);
    if (cached !== undefined) return cached;
    const unwrapped = await unwrapDataKey(kek, row);
    known.set(`${row.merchant_id}/${row.data_key_id}`, unwrapped);
    return unwrapped;
  };

  /** @param spent - a key that may seal no more; whoever comes second takes what the first made */
  const makeNext = (merchantId: string, purpose: KeyPurpose, spent?: string) =>
    database.transaction(async (tx): Promise<DataKeyRow> => {
      await lockKeysOf(tx, merchantId, purpose);
      const made = await findNewestKey(tx, merchantId, purpose);
      if (made !== undefined && made.data_key_id !== spent) return made;
      return makeDataKey(tx, kek, { merchantId, purpose, now: clock.now() });
    });

  /** Asks which key is the newest, and counts a block of values for it. */
  const refresh = async (merchantId: string, purpose: KeyPurpose, last?: Present): Promise<Present> => {
    const freshUntil = clock.now().getTime() + noticeMs;
    let row = (await findNewestKey(database, merchantId, purpose)) ?? (await makeNext(merchantId, purpose));
    if (last !== undefined && last.left > 0 && last.key.keyId === row.data_key_id) return { ...last, freshUntil };
    // A keyed hash wears no key out.
    if (purpose === 'fingerprint' || purpose === 'audit')
      return { key: await unwrap(row), freshUntil, left: Number.POSITIVE_INFINITY };
    while (!(await countSeals(database, row, limits))) row = await makeNext(merchantId, purpose, row.data_key_id);
    return { key: await unwrap(row), freshUntil, left: limits.sealsPerBlock };
  };

  return {
    async dataKey(merchantId, purpose) {
      const slot = `${merchantId}/${purpose}`;
      for (;;) {
        const now = present.get(slot);
        if (now !== undefined && now.left > 0 && clock.now().getTime() < now.freshUntil) {
          now.left -= 1;
          return now.key;
        }
        const running = refreshing.get(slot) ?? refresh(merchantId, purpose, now);
        refreshing.set(slot, running);
        present.set(slot, await running.finally(() => refreshing.delete(slot)));
      }
    },
    async dataKeyById(sql, merchantId, keyId) {
      const cached = known.get(`${merchantId}/${keyId}`);
      if (cached !== undefined) return cached;
      const row = await findDataKey(sql, merchantId, keyId);
      if (row === undefined) throw new KeyGone('a sealed value names a data key that is not there');
      return unwrap(row);
    },
    async dataKeys(merchantId, purpose) {
      return Promise.all((await listDataKeys(database, merchantId, purpose)).map(unwrap));
    },
  };
}
