/**
 * The key pairs that sign for the platform: one RSA-2048 pair for each merchant, and one of the system's own (merchant
 * id `''`) for answers that know no merchant. Private halves rest sealed; parsed keys are kept, for parsing costs more
 * than signing.
 */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock } from '../clock.ts';
import { type Database, statement } from '../storage/database.ts';
import { type Keyring, withItsKey } from '../vault/keyring.ts';
import { keyIdOf, open, seal } from '../vault/seal.ts';
import { type KeyUse, type SealedPlace, type SealedRow, sealedColumn } from '../vault/sealed-place.ts';

interface PlatformKeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface PlatformKeys {
  /** Makes the pair of a merchant if it has none; of two processes that do, one pair remains. Not within a transaction. */
  ensure(merchantId: string): Promise<void>;
  /** The pair of a merchant; `''` is the system. @throws Error when it has none, SealBroken when it was tampered with */
  signerOf(merchantId: string): Promise<PlatformKeyPair>;
}

const system = '';

const find = statement<{ sealed: Buffer }>(
  'platform-key/find',
  'select sealed from platform_key where merchant_id = $1',
);
const insert = statement(
  'platform-key/insert',
  `insert into platform_key (merchant_id, spki, data_key_id, sealed, created_at)
   values ($1, $2, $3, $4, $5) on conflict (merchant_id) do nothing`,
);

/** Opens the keys, and makes the system's pair on first start. */
export async function openPlatformKeys(deps: {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly clock: Clock;
}): Promise<PlatformKeys> {
  const { database, keyring, clock } = deps;
  const pairs = new Map<string, PlatformKeyPair>();

  async function load(merchantId: string): Promise<PlatformKeyPair | undefined> {
    const found = await withItsKey(async () => {
      const [row] = await database.rows(find, [merchantId]);
      return row && { row, key: await keyring.dataKeyById(database, merchantId, keyIdOf(row.sealed)) };
    });
    if (found === undefined) return undefined;
    const der = open(found.key, bindingOf(merchantId), found.row.sealed);
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    der.fill(0);
    const pair = { privateKey, publicKey: createPublicKey(privateKey) };
    pairs.set(merchantId, pair);
    return pair;
  }

  const keys: PlatformKeys = {
    async ensure(merchantId) {
      if (pairs.has(merchantId) || (await load(merchantId)) !== undefined) return;
      const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
      const key = await keyring.dataKey(merchantId, 'secret');
      const der = privateKey.export({ format: 'der', type: 'pkcs8' });
      const sealed = seal(key, bindingOf(merchantId), der);
      der.fill(0);
      const spki = publicKey.export({ format: 'der', type: 'spki' });
      await database.rows(insert, [merchantId, spki, key.keyId, sealed, clock.now()]);
    },
    async signerOf(merchantId) {
      const pair = pairs.get(merchantId) ?? (await load(merchantId));
      if (pair === undefined) throw new Error(`merchant ${merchantId} has no platform key`);
      return pair;
    },
  };
  await keys.ensure(system);
  return keys;
}

const bindingOf = (merchantId: string) => ({ purpose: 'secret', merchantId, recordId: 'platform-key' }) as const;

/** The private halves as rotation sees them; a merchant has one. */
export const sealedPlatformKeys: SealedPlace = sealedColumn({
  noun: 'signing keys',
  purpose: 'secret',
  count: statement<KeyUse>(
    'platform-key/count-by-key',
    'select merchant_id, data_key_id as key_id, count(*)::int as values from platform_key group by merchant_id, data_key_id',
  ),
  page: statement<SealedRow>(
    'platform-key/page',
    `select 'platform-key' as record_id, sealed from platform_key
     where merchant_id = $1 and data_key_id = $2 and $3 = '' limit $4`,
  ),
  replace: statement<{ record_id: string }>(
    'platform-key/replace',
    `update platform_key p set data_key_id = $2, sealed = n.resealed
     from unnest($3::text[], $4::bytea[], $5::bytea[]) as n (record_id, sealed, resealed)
     where p.merchant_id = $1 and p.sealed = n.sealed returning n.record_id`,
  ),
  bindingOf,
});
