/** SQL of merchants and their keys. */
import { type Sql, statement, type Tx } from '../storage/database.ts';
import type { MerchantSettings } from './merchant.ts';

export interface MerchantRow {
  merchant_id: string;
  name: string;
  status: 'ACTIVE' | 'SUSPENDED';
  pci_certified: boolean;
  settings: MerchantSettings;
  spkis: Buffer[];
}

const merchantColumns = `
  m.merchant_id, m.name, m.status, m.pci_certified, m.settings,
  array(select k.spki from merchant_public_key k where k.merchant_id = m.merchant_id order by k.created_at, k.spki) as spkis`;

const findById = statement<MerchantRow>(
  'merchant/find-by-id',
  `select ${merchantColumns} from merchant m where m.merchant_id = $1`,
);

const findByApiKey = statement<MerchantRow>(
  'merchant/find-by-api-key',
  `select ${merchantColumns} from merchant m join merchant_api_key a using (merchant_id) where a.key_hash = $1`,
);

const findByClientKey = statement<MerchantRow & { origins: string[] }>(
  'merchant/find-by-client-key',
  `select ${merchantColumns}, c.origins from merchant m join merchant_client_key c using (merchant_id) where c.key_hash = $1`,
);

const originRegistered = statement<{ registered: boolean }>(
  'merchant/origin-registered',
  'select exists (select 1 from merchant_client_key where $1 = any (origins)) as registered',
);

const insertMerchantRow = statement(
  'merchant/insert',
  `insert into merchant (merchant_id, name, status, pci_certified, settings, created_at)
   values ($1, $2, 'ACTIVE', $3, $4, $5) on conflict do nothing`,
);

const insertApiKeyRow = statement(
  'merchant/insert-api-key',
  'insert into merchant_api_key (key_hash, merchant_id, created_at) values ($1, $2, $3) on conflict do nothing',
);

const insertClientKeyRow = statement(
  'merchant/insert-client-key',
  `insert into merchant_client_key (key_hash, merchant_id, origins, created_at) values ($1, $2, $3, $4)
   on conflict (key_hash) do update set origins = excluded.origins`,
);

const insertPublicKeyRow = statement(
  'merchant/insert-public-key',
  'insert into merchant_public_key (merchant_id, spki, created_at) values ($1, $2, $3) on conflict do nothing',
);

export const findMerchantRow = async (sql: Sql, merchantId: string): Promise<MerchantRow | undefined> =>
  (await sql.rows(findById, [merchantId]))[0];

export const findMerchantRowByApiKey = async (sql: Sql, keyHash: Buffer): Promise<MerchantRow | undefined> =>
  (await sql.rows(findByApiKey, [keyHash]))[0];

export const findMerchantRowByClientKey = async (sql: Sql, keyHash: Buffer) =>
  (await sql.rows(findByClientKey, [keyHash]))[0];

export const isOriginRegistered = async (sql: Sql, origin: string): Promise<boolean> =>
  (await sql.rows(originRegistered, [origin]))[0]?.registered ?? false;

export async function insertMerchant(
  tx: Tx,
  merchant: { merchantId: string; name: string; pciCertified: boolean; settings: MerchantSettings; now: Date },
): Promise<void> {
  await tx.rows(insertMerchantRow, [
    merchant.merchantId,
    merchant.name,
    merchant.pciCertified,
    JSON.stringify(merchant.settings),
    merchant.now,
  ]);
}

export async function insertApiKey(tx: Tx, merchantId: string, keyHash: Buffer, now: Date): Promise<void> {
  await tx.rows(insertApiKeyRow, [keyHash, merchantId, now]);
}

export async function insertClientKey(
  tx: Tx,
  merchantId: string,
  keyHash: Buffer,
  origins: readonly string[],
  now: Date,
): Promise<void> {
  await tx.rows(insertClientKeyRow, [keyHash, merchantId, origins, now]);
}

export async function insertPublicKey(tx: Tx, merchantId: string, spki: Buffer, now: Date): Promise<void> {
  await tx.rows(insertPublicKeyRow, [merchantId, spki, now]);
}
