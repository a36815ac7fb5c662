/** SQL of merchants, and of finding one by its key. */
import { type Sql, statement, type Tx } from '../storage/database.ts';
import type { MerchantSettings } from './merchant.ts';

export interface MerchantRow {
  merchant_id: string;
  name: string;
  status: 'ACTIVE' | 'SUSPENDED';
  pci_certified: boolean;
  settings: MerchantSettings;
  spkis: Buffer[];
  frozen_at: Date | null;
  /** Null: the merchant lives in real time. */
  ahead_ms: bigint | null;
}

// With the merchant comes its time, which every call needs as well (`job/clock.store.ts` writes it).
const merchantColumns = `
  m.merchant_id, m.name, m.status, m.pci_certified, m.settings, clock.frozen_at, clock.ahead_ms,
  array(select k.spki from merchant_public_key k
    where k.merchant_id = m.merchant_id and k.status = 'ACTIVE' order by k.created_at, k.spki) as spkis`;

const itsClock = 'left join merchant_clock clock on clock.merchant_id = m.merchant_id';

const findByIds = statement<MerchantRow>(
  'merchant/find-by-ids',
  `select ${merchantColumns} from merchant m ${itsClock} where m.merchant_id = any ($1)`,
);

/** The hash is compared by the caller, in constant time. */
const findByApiKeys = statement<MerchantRow & { key_id: string; key_hash: Buffer }>(
  'merchant/find-by-api-keys',
  `select ${merchantColumns}, a.key_id, a.key_hash from merchant m join merchant_api_key a using (merchant_id) ${itsClock}
   where a.key_id = any($1) and a.revoked_at is null`,
);

const findByClientKeys = statement<MerchantRow & { key_id: string; key_hash: Buffer; origins: string[] }>(
  'merchant/find-by-client-keys',
  `select ${merchantColumns}, c.key_id, c.key_hash, c.origins from merchant m join merchant_client_key c using (merchant_id) ${itsClock}
   where c.key_id = any($1) and c.revoked_at is null`,
);

const originRegistered = statement<{ registered: boolean }>(
  'merchant/origin-registered',
  `select exists (select 1 from merchant_client_key where $1 = any (origins) and revoked_at is null) as registered`,
);

const origins = statement<{ origin: string }>(
  'merchant/origins',
  `select distinct unnest(origins) as origin from merchant_client_key
   where merchant_id = $1 and revoked_at is null order by origin`,
);

const insertMerchantRow = statement(
  'merchant/insert',
  `insert into merchant (merchant_id, name, status, pci_certified, settings, created_at)
   values ($1, $2, 'ACTIVE', $3, $4, $5) on conflict do nothing`,
);

const list = statement<MerchantRow>(
  'merchant/list',
  `select ${merchantColumns} from merchant m ${itsClock} where m.merchant_id > $1 order by m.merchant_id limit $2`,
);

/** Null keeps what is there. */
const change = statement(
  'merchant/change',
  `update merchant set name = coalesce($2, name), pci_certified = coalesce($3, pci_certified),
     settings = coalesce($4, settings), status = coalesce($5, status)
   where merchant_id = $1`,
);

export const listMerchantRows = (sql: Sql, after: string, limit: number): Promise<MerchantRow[]> =>
  sql.rows(list, [after, limit]);

export async function changeMerchantRow(
  sql: Sql,
  to: {
    readonly merchantId: string;
    readonly name?: string;
    readonly pciCertified?: boolean;
    readonly settings?: MerchantSettings;
    readonly status?: MerchantRow['status'];
  },
): Promise<void> {
  const settings = to.settings && JSON.stringify(to.settings);
  await sql.rows(change, [
    to.merchantId,
    to.name ?? null,
    to.pciCertified ?? null,
    settings ?? null,
    to.status ?? null,
  ]);
}

export const findMerchantRows = (sql: Sql, merchantIds: readonly string[]): Promise<MerchantRow[]> =>
  sql.rows(findByIds, [merchantIds]);

/** All rows of each key; many keys at a time. */
export const findMerchantRowsByApiKeys = (sql: Sql, keyIds: readonly string[]) => sql.rows(findByApiKeys, [keyIds]);

export const findMerchantRowsByClientKeys = (sql: Sql, keyIds: readonly string[]) =>
  sql.rows(findByClientKeys, [keyIds]);

export const isOriginRegistered = async (sql: Sql, origin: string): Promise<boolean> =>
  (await sql.rows(originRegistered, [origin]))[0]?.registered ?? false;

export const findOrigins = async (sql: Sql, merchantId: string): Promise<string[]> =>
  (await sql.rows(origins, [merchantId])).map(({ origin }) => origin);

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
