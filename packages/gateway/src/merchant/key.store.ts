/** SQL of merchants' keys. A key that was revoked stays, so that it is never taken for a new one. */
import { type Sql, statement, type Tx } from '../storage/database.ts';

export interface KeyRow {
  key_id: string;
  created_at: Date;
  revoked_at: Date | null;
}

export type PublicKeyStatus = 'CLAIMED' | 'ACTIVE' | 'REVOKED';

export interface PublicKeyRow {
  key_id: string;
  spki: Buffer;
  status: PublicKeyStatus;
  challenge: string | null;
  created_at: Date;
}

const publicKeyColumns = 'key_id, spki, status, challenge, created_at';

// A key that was stored before keys had ids gets its id.
const insertApiKeyRow = statement(
  'merchant-key/insert-api-key',
  `insert into merchant_api_key (key_hash, key_id, merchant_id, created_at) values ($1, $2, $3, $4)
   on conflict (key_hash) do update set key_id = excluded.key_id`,
);
const insertClientKeyRow = statement(
  'merchant-key/insert-client-key',
  `insert into merchant_client_key (key_hash, key_id, merchant_id, origins, created_at) values ($1, $2, $3, $4, $5)
   on conflict (key_hash) do update set key_id = excluded.key_id, origins = excluded.origins`,
);
const listApiKeyRows = statement<KeyRow>(
  'merchant-key/list-api-keys',
  'select key_id, created_at, revoked_at from merchant_api_key where merchant_id = $1 order by created_at, key_id',
);
const listClientKeyRows = statement<KeyRow & { origins: string[] }>(
  'merchant-key/list-client-keys',
  `select key_id, created_at, revoked_at, origins from merchant_client_key
   where merchant_id = $1 order by created_at, key_id`,
);
const revokeApiKeyRow = statement<{ key_id: string }>(
  'merchant-key/revoke-api-key',
  `update merchant_api_key set revoked_at = $3
   where merchant_id = $1 and key_id = $2 and revoked_at is null returning key_id`,
);
const revokeClientKeyRow = statement<{ key_id: string }>(
  'merchant-key/revoke-client-key',
  `update merchant_client_key set revoked_at = $3
   where merchant_id = $1 and key_id = $2 and revoked_at is null returning key_id`,
);
const setClientKeyOriginsRow = statement<{ key_id: string }>(
  'merchant-key/set-origins',
  `update merchant_client_key set origins = $3
   where merchant_id = $1 and key_id = $2 and revoked_at is null returning key_id`,
);

const insertPublicKeyRow = statement(
  'merchant-key/insert-public-key',
  `insert into merchant_public_key (merchant_id, spki, status, challenge, created_at, updated_at)
   values ($1, $2, $3, $4, $5, $5) on conflict (merchant_id, spki) do nothing`,
);
const findPublicKeyRow = statement<PublicKeyRow>(
  'merchant-key/find-public-key',
  `select ${publicKeyColumns} from merchant_public_key where merchant_id = $1 and key_id = $2`,
);
const listPublicKeyRows = statement<PublicKeyRow>(
  'merchant-key/list-public-keys',
  `select ${publicKeyColumns} from merchant_public_key where merchant_id = $1 order by created_at, key_id`,
);
const renewClaimRow = statement(
  'merchant-key/renew-claim',
  `update merchant_public_key set challenge = $3, updated_at = $4
   where merchant_id = $1 and key_id = $2 and status = 'CLAIMED'`,
);
const movePublicKeyRow = statement<{ key_id: string }>(
  'merchant-key/move-public-key',
  `update merchant_public_key set status = $4, challenge = null, updated_at = $5
   where merchant_id = $1 and key_id = $2 and status = $3 returning key_id`,
);
const lockMerchantRow = statement<{ merchant_id: string }>(
  'merchant-key/lock-merchant',
  'select merchant_id from merchant where merchant_id = $1 for update',
);
const knownSpkiRows = statement<{ merchant_id: string; spki: Buffer; is_platform: boolean }>(
  'merchant-key/known',
  `select merchant_id, spki, false as is_platform from merchant_public_key where status <> 'CLAIMED'
   union all select merchant_id, spki, true from platform_key`,
);

interface NewKey {
  readonly keyId: string;
  readonly keyHash: Buffer;
  readonly merchantId: string;
  readonly now: Date;
}

export async function insertApiKey(tx: Sql, key: NewKey): Promise<void> {
  await tx.rows(insertApiKeyRow, [key.keyHash, key.keyId, key.merchantId, key.now]);
}

export async function insertClientKey(tx: Sql, key: NewKey & { readonly origins: readonly string[] }): Promise<void> {
  await tx.rows(insertClientKeyRow, [key.keyHash, key.keyId, key.merchantId, key.origins, key.now]);
}

export const listApiKeys = (sql: Sql, merchantId: string) => sql.rows(listApiKeyRows, [merchantId]);

export const listClientKeys = (sql: Sql, merchantId: string) => sql.rows(listClientKeyRows, [merchantId]);

/** False when there is no such key, or it is revoked already. */
export const revokeKey = async (
  sql: Sql,
  kind: 'api' | 'client',
  { merchantId, keyId, now }: { merchantId: string; keyId: string; now: Date },
): Promise<boolean> =>
  (await sql.rows(kind === 'api' ? revokeApiKeyRow : revokeClientKeyRow, [merchantId, keyId, now])).length === 1;

export const setClientKeyOrigins = async (
  sql: Sql,
  { merchantId, keyId, origins }: { merchantId: string; keyId: string; origins: readonly string[] },
): Promise<boolean> => (await sql.rows(setClientKeyOriginsRow, [merchantId, keyId, origins])).length === 1;

export async function insertPublicKey(
  tx: Sql,
  key: { merchantId: string; spki: Buffer; status: PublicKeyStatus; challenge: string | undefined; now: Date },
): Promise<void> {
  await tx.rows(insertPublicKeyRow, [key.merchantId, key.spki, key.status, key.challenge ?? null, key.now]);
}

export const findPublicKey = async (sql: Sql, merchantId: string, keyId: string): Promise<PublicKeyRow | undefined> =>
  (await sql.rows(findPublicKeyRow, [merchantId, keyId]))[0];

export const listPublicKeys = (sql: Sql, merchantId: string) => sql.rows(listPublicKeyRows, [merchantId]);

export async function renewClaim(
  sql: Sql,
  { merchantId, keyId, challenge, now }: { merchantId: string; keyId: string; challenge: string; now: Date },
): Promise<void> {
  await sql.rows(renewClaimRow, [merchantId, keyId, challenge, now]);
}

/** False when the key is not, or no longer, `from`. */
export const movePublicKey = async (
  sql: Sql,
  move: { merchantId: string; keyId: string; from: PublicKeyStatus; to: PublicKeyStatus; now: Date },
): Promise<boolean> =>
  (await sql.rows(movePublicKeyRow, [move.merchantId, move.keyId, move.from, move.to, move.now])).length === 1;

/** Of two keys proved at once, one waits. False when there is no such merchant. */
export const lockMerchant = async (tx: Tx, merchantId: string): Promise<boolean> =>
  (await tx.rows(lockMerchantRow, [merchantId])).length === 1;

/** Every proved key of every merchant, and the platform's own. */
export const knownKeys = (sql: Sql) => sql.rows(knownSpkiRows);

/** A key says in its public part where it was made. */
const hasTestKeyRows = statement<{ found: boolean }>(
  'merchant-key/has-test-keys',
  `select exists (
     select from merchant_api_key where key_id like 'wk\\_test\\_%' and revoked_at is null
     union all select from merchant_client_key where key_id like 'wck\\_test\\_%' and revoked_at is null) as found`,
);

/** Whether any merchant may use an API key or client key that a sandbox gave out. */
export const hasTestKeys = async (sql: Sql): Promise<boolean> => (await sql.rows(hasTestKeyRows))[0]?.found ?? false;

const keepsKeyIds = statement<{ found: boolean }>(
  'merchant-key/keeps-key-ids',
  `select count(*) = 2 as found from pg_attribute
   where attname = 'key_id' and attrelid in (to_regclass('merchant_api_key'), to_regclass('merchant_client_key'))`,
);
const hasLiveKeyRows = statement<{ found: boolean }>(
  'merchant-key/has-live-keys',
  `select exists (
     select from merchant_api_key where key_id like 'wk\\_live\\_%'
     union all select from merchant_client_key where key_id like 'wck\\_live\\_%') as found`,
);

/** Whether a production gateway ever gave out a key here, also before the schema is this version's. */
export async function hasLiveKeys(sql: Sql): Promise<boolean> {
  const [kept] = await sql.rows(keepsKeyIds);
  return kept?.found === true && (await sql.rows(hasLiveKeyRows))[0]?.found === true;
}
