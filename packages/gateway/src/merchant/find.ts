/**
 * Finds a merchant by what a caller presents. A key is found by its public part and compared by its SHA-256 in constant
 * time (design D-08); what does not carry its checksum is no key, and costs no look. Public keys are parsed once and
 * kept: parsing costs more than verifying.
 */
import { createPublicKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import { keyIdOf } from '../id.ts';
import type { Database, Sql } from '../storage/database.ts';
import { groupedIn } from '../storage/grouped.ts';
import {
  findMerchantRows,
  findMerchantRowsByApiKeys,
  findMerchantRowsByClientKeys,
  findOrigins,
  isOriginRegistered,
  type MerchantRow,
} from './merchant.store.ts';
import type { Merchant } from './merchant.ts';

type Deps = { readonly database: Database };

const parsedKeyLimit = 10_000;
const parsedKeys = new Map<string, KeyObject>();

/** SHA-256 of an API key or client key; the only form in which it is stored. */
export const keyHash = (key: string): Buffer => hash('sha256', key, 'buffer');

/** The merchant of this id, or undefined; look-ups that come together share a statement. */
export const findMerchant = async ({ database }: Deps, merchantId: string): Promise<Merchant | undefined> =>
  merchantFrom(await rowOfId(database, merchantId));

const rowOfId = groupedIn(async (database, merchantIds) => {
  const rows = await findMerchantRows(database, merchantIds);
  return (merchantId) => rows.find((row) => row.merchant_id === merchantId);
});

/** The same within a transaction. */
export const readMerchant = async (sql: Sql, merchantId: string): Promise<Merchant | undefined> =>
  merchantFrom((await findMerchantRows(sql, [merchantId]))[0]);

/** The merchant that a backend's API key belongs to, or undefined. */
export async function findMerchantByApiKey({ database }: Deps, apiKey: string): Promise<Merchant | undefined> {
  const keyId = keyIdOf('wk', apiKey);
  if (keyId === undefined) return undefined;
  return merchantFrom(theOneOf(await rowsOfApiKey(database, keyId), apiKey));
}

/** Every call begins with this look-up: those that come at the same time share a statement. */
const rowsOfApiKey = groupedIn(async (database, keyIds) => {
  const rows = await findMerchantRowsByApiKeys(database, keyIds);
  return (keyId) => rows.filter((row) => row.key_id === keyId);
});

const rowsOfClientKey = groupedIn(async (database, keyIds) => {
  const rows = await findMerchantRowsByClientKeys(database, keyIds);
  return (keyId) => rows.filter((row) => row.key_id === keyId);
});

/** The merchant that a browser's client key belongs to, with the origins it may be used from, or undefined. */
export async function findMerchantByClientKey(
  { database }: Deps,
  clientKey: string,
): Promise<{ merchant: Merchant; origins: readonly string[] } | undefined> {
  const keyId = keyIdOf('wck', clientKey);
  if (keyId === undefined) return undefined;
  const row = theOneOf(await rowsOfClientKey(database, keyId), clientKey);
  const merchant = merchantFrom(row);
  return row === undefined || merchant === undefined ? undefined : { merchant, origins: row.origins };
}

function theOneOf<Row extends { key_hash: Buffer }>(rows: readonly Row[], key: string): Row | undefined {
  const shown = keyHash(key);
  return rows.find((row) => timingSafeEqual(row.key_hash, shown));
}

/** Whether any client key may be used from this origin; a preflight does not say which key will come. */
export const originIsRegistered = ({ database }: Deps, origin: string): Promise<boolean> =>
  isOriginRegistered(database, origin);

/** The origins that a merchant registered with any of its client keys. */
export const originsOf = ({ database }: Deps, merchantId: string): Promise<string[]> =>
  findOrigins(database, merchantId);

function merchantFrom(row: MerchantRow | undefined): Merchant | undefined {
  if (row === undefined) return undefined;
  return {
    merchantId: row.merchant_id,
    name: row.name,
    status: row.status,
    pciCertified: row.pci_certified,
    settings: row.settings,
    clock: row.ahead_ms === null ? undefined : { frozenAt: row.frozen_at ?? undefined, aheadMs: Number(row.ahead_ms) },
    publicKeys: row.spkis.map(parsedKey),
  };
}

function parsedKey(spki: Buffer): KeyObject {
  const id = spki.toString('latin1');
  const known = parsedKeys.get(id);
  if (known !== undefined) return known;
  if (parsedKeys.size >= parsedKeyLimit) parsedKeys.clear();
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  parsedKeys.set(id, key);
  return key;
}
