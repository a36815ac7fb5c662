/**
 * The key pair to which others encrypt the cards of a merchant that move in. Its private half rests sealed, opens lines of
 * that merchant and is told to nobody. A file for one merchant never opens for another.
 */
import type { Clock } from '../clock.ts';
import { type Database, statement } from '../storage/database.ts';
import { withNewKeyPair } from './key-pair.ts';
import { type Keyring, withItsKey } from './keyring.ts';
import { type MovingCard, readMovingCard } from './moving-card.ts';
import { keyIdOf, open, seal } from './seal.ts';
import { type KeyUse, type SealedPlace, type SealedRow, sealedColumn } from './sealed-place.ts';
import { openTransfer, type TransferKey, transferKeyOf } from './transfer-envelope.ts';

interface Deps {
  readonly database: Database;
  readonly keyring: Keyring;
}

const recordId = 'import-key';

const find = statement<{ point: Buffer; sealed: Buffer }>(
  'import-key/find',
  'select point, sealed from vault_import_key where merchant_id = $1',
);
const insert = statement(
  'import-key/insert',
  `insert into vault_import_key (merchant_id, point, data_key_id, sealed, created_at)
   values ($1, $2, $3, $4, $5) on conflict (merchant_id) do nothing`,
);
const remove = statement<{ merchant_id: string }>(
  'import-key/delete',
  'delete from vault_import_key where merchant_id = $1 returning merchant_id',
);

/** The public half of a merchant's import key; made when there is none. Not within a transaction. */
export async function ensureImportKey(
  deps: Deps & { readonly clock: Clock },
  merchantId: string,
): Promise<TransferKey> {
  const { database, keyring, clock } = deps;
  const [present] = await database.rows(find, [merchantId]);
  if (present !== undefined) return transferKeyOf(present.point);
  const key = await keyring.dataKey(merchantId, 'secret');
  const { point, sealed } = withNewKeyPair((pair) => ({
    point: pair.point,
    sealed: seal(key, bindingOf(merchantId), pair.scalar),
  }));
  await database.rows(insert, [merchantId, point, key.keyId, sealed, clock.now()]);
  return ensureImportKey(deps, merchantId);
}

/** Destroys a merchant's import key: files that were encrypted to it never open again. False when there was none. */
export const destroyImportKey = async ({ database }: Pick<Deps, 'database'>, merchantId: string): Promise<boolean> =>
  (await database.rows(remove, [merchantId])).length === 1;

/** Opens lines, for as long as a file is read. */
export interface LineOpener {
  /** @throws TransferRefused, MovingCardRefused */
  open(jwe: string): MovingCard;
  /** Wipes the private half. */
  close(): void;
}

/** @returns undefined when the merchant has no import key */
export async function lineOpener({ database, keyring }: Deps, merchantId: string): Promise<LineOpener | undefined> {
  const found = await withItsKey(async () => {
    const [row] = await database.rows(find, [merchantId]);
    return row && { row, key: await keyring.dataKeyById(database, merchantId, keyIdOf(row.sealed)) };
  });
  if (found === undefined) return undefined;
  const own = { point: found.row.point, scalar: open(found.key, bindingOf(merchantId), found.row.sealed) };
  return {
    open(jwe) {
      const plaintext = openTransfer(jwe, own);
      try {
        return readMovingCard(plaintext);
      } finally {
        plaintext.fill(0);
      }
    },
    close: () => own.scalar.fill(0),
  };
}

const bindingOf = (merchantId: string) => ({ purpose: 'secret', merchantId, recordId }) as const;

/** The private halves as rotation sees them; a merchant has one. */
export const sealedImportKeys: SealedPlace = sealedColumn({
  noun: 'import keys',
  purpose: 'secret',
  count: statement<KeyUse>(
    'import-key/count-by-key',
    `select merchant_id, data_key_id as key_id, count(*)::int as values
     from vault_import_key group by merchant_id, data_key_id`,
  ),
  page: statement<SealedRow>(
    'import-key/page',
    `select '${recordId}' as record_id, sealed from vault_import_key
     where merchant_id = $1 and data_key_id = $2 and $3 = '' limit $4`,
  ),
  replace: statement<{ record_id: string }>(
    'import-key/replace',
    `update vault_import_key k set data_key_id = $2, sealed = n.resealed
     from unnest($3::text[], $4::bytea[], $5::bytea[]) as n (record_id, sealed, resealed)
     where k.merchant_id = $1 and k.sealed = n.sealed returning n.record_id`,
  ),
  bindingOf,
});
