/**
 * What an operator does to merchants: make one, look, change what its contract allows, suspend it and let it back. Its keys
 * are in `keys.ts`. Changes count from their commit on: nothing about a merchant is remembered between requests.
 */
import { exportPublicKey } from '@waffo/protocol/signature';
import { z } from 'zod';
import type { Gateway } from '../gateway.ts';
import { newMerchantId } from '../id.ts';
import type { Sql } from '../storage/database.ts';
import { lockMerchant } from './key.store.ts';
import {
  issueApiKey,
  issueClientKey,
  type ListedKey,
  type ListedPublicKey,
  listApiKeys,
  listClientKeys,
  listPublicKeys,
} from './keys.ts';
import {
  changeMerchantRow,
  findMerchantRows,
  insertMerchant,
  listMerchantRows,
  type MerchantRow,
} from './merchant.store.ts';
import { defaultSettings, type MerchantSettings, renewalOrders } from './merchant.ts';

export type AdministrationDeps = Pick<Gateway, 'database' | 'clock' | 'platformKeys' | 'config' | 'egress'>;
type Deps = AdministrationDeps;

/** Why an operator's wish was not carried out; its message is one sentence that says what to do. */
export class AdministrationRefused extends Error {
  override readonly name = 'AdministrationRefused';
  readonly code: 'MERCHANT_UNKNOWN' | 'SETTING_INVALID' | 'TOKEN_UNKNOWN' | 'TOKEN_FIXED';

  constructor(code: AdministrationRefused['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** What an operator may set; the rest of a merchant is made once. */
export const merchantChange = z.strictObject({
  name: z.string().min(1).max(128).optional(),
  pciCertified: z.boolean().optional(),
  settings: z
    .strictObject({
      lenientAck: z.boolean().optional(),
      enforceTokenOwner: z.boolean().optional(),
      notifyRemoval: z.boolean().optional(),
      tokenNotifyUrl: z.string().max(1024).nullable().optional(),
      refundNotifyUrl: z.string().max(1024).nullable().optional(),
      renewalAttempts: z.int().min(1).max(10).optional(),
      renewalRetryHours: z.int().min(1).max(720).optional(),
      renewalOrder: z.enum(renewalOrders).optional(),
    })
    .optional(),
});
export type MerchantChange = z.infer<typeof merchantChange>;

/** What a merchant is made of. */
export const newMerchant = merchantChange.required({ name: true }).extend({
  origins: z.array(z.string().max(256)).max(50).optional(),
});
export type NewMerchant = z.infer<typeof newMerchant>;

export interface MerchantSummary {
  readonly merchantId: string;
  readonly name: string;
  readonly status: 'ACTIVE' | 'SUSPENDED';
  readonly pciCertified: boolean;
}

export interface MerchantRecord extends MerchantSummary {
  readonly settings: MerchantSettings;
  readonly apiKeys: readonly ListedKey[];
  readonly clientKeys: readonly (ListedKey & { readonly origins: readonly string[] })[];
  readonly publicKeys: readonly ListedPublicKey[];
  /** Base64 of SubjectPublicKeyInfo: what the merchant verifies answers and webhooks with. */
  readonly waffoPublicKey: string;
}

/**
 * Makes a merchant with an API key and, for its pages, a client key. It can call once it has proved a public key.
 *
 * @returns the keys, which cannot be shown again
 * @throws AdministrationRefused SETTING_INVALID, KeyRefused for what is no origin
 */
export async function createMerchant(
  deps: Deps,
  wish: NewMerchant,
): Promise<{ merchantId: string; apiKey: string; clientApiKey: string; waffoPublicKey: string }> {
  const settings = settingsWith(deps, defaultSettings, wish.settings);
  const merchantId = newMerchantId();
  const { name, pciCertified = false, origins = [] } = wish;
  await deps.database.transaction((tx) =>
    insertMerchant(tx, { merchantId, name, pciCertified, settings, now: deps.clock.now() }),
  );
  await deps.platformKeys.ensure(merchantId);
  const { apiKey } = await issueApiKey(deps, merchantId);
  const { clientApiKey } = await issueClientKey(deps, merchantId, origins);
  return { merchantId, apiKey, clientApiKey, waffoPublicKey: await waffoPublicKeyOf(deps, merchantId) };
}

/** @param page.after - the last id of the page before; empty for the first */
export async function listMerchants(
  { database }: Pick<Deps, 'database'>,
  page: { readonly after?: string | undefined; readonly limit?: number | undefined } = {},
): Promise<MerchantSummary[]> {
  return (await listMerchantRows(database, page.after ?? '', page.limit ?? 100)).map(summary);
}

/** @throws AdministrationRefused MERCHANT_UNKNOWN */
export async function showMerchant(deps: Deps, merchantId: string): Promise<MerchantRecord> {
  const row = await knownMerchant(deps, merchantId);
  const [apiKeys, clientKeys, publicKeys, waffoPublicKey] = await Promise.all([
    listApiKeys(deps, merchantId),
    listClientKeys(deps, merchantId),
    listPublicKeys(deps, merchantId),
    waffoPublicKeyOf(deps, merchantId),
  ]);
  return { ...summary(row), settings: row.settings, apiKeys, clientKeys, publicKeys, waffoPublicKey };
}

/**
 * Members that are absent stay as they are.
 *
 * @throws AdministrationRefused MERCHANT_UNKNOWN or SETTING_INVALID
 */
export async function changeMerchant(deps: Deps, merchantId: string, change: MerchantChange): Promise<MerchantRecord> {
  await deps.database.transaction(async (tx) => {
    // Of two changes at once the second begins with what the first has left.
    await lockMerchant(tx, merchantId);
    const row = await knownMerchant({ database: tx }, merchantId);
    await changeMerchantRow(tx, {
      merchantId,
      name: change.name ?? row.name,
      pciCertified: change.pciCertified ?? row.pci_certified,
      settings: settingsWith(deps, row.settings, change.settings),
    });
  });
  return showMerchant(deps, merchantId);
}

/**
 * Refuses all calls of a merchant with A0006, or lets them in again. Notifications of what happened before still go out.
 *
 * @throws AdministrationRefused MERCHANT_UNKNOWN
 */
export async function setMerchantStatus(
  deps: Deps,
  merchantId: string,
  status: 'ACTIVE' | 'SUSPENDED',
): Promise<MerchantRecord> {
  await knownMerchant(deps, merchantId);
  await changeMerchantRow(deps.database, { merchantId, status });
  return showMerchant(deps, merchantId);
}

/** @throws AdministrationRefused MERCHANT_UNKNOWN */
export async function knownMerchant(
  { database }: { readonly database: Sql },
  merchantId: string,
): Promise<MerchantRow> {
  const [row] = await findMerchantRows(database, [merchantId]);
  if (row !== undefined) return row;
  throw new AdministrationRefused(
    'MERCHANT_UNKNOWN',
    `there is no merchant ${merchantId}; waffo merchant list names all`,
  );
}

const summary = (row: MerchantRow): MerchantSummary => ({
  merchantId: row.merchant_id,
  name: row.name,
  status: row.status,
  pciCertified: row.pci_certified,
});

async function waffoPublicKeyOf({ platformKeys }: Pick<Deps, 'platformKeys'>, merchantId: string): Promise<string> {
  return exportPublicKey((await platformKeys.signerOf(merchantId)).publicKey);
}

/** The egress rules hold at save, too: a URL that would be refused at each delivery is refused here, with the reason. */
function settingsWith(
  deps: Deps,
  present: MerchantSettings,
  change: MerchantChange['settings'] = {},
): MerchantSettings {
  const urls = Object.fromEntries(
    notifyUrls.map((name) => [name, (change[name] === undefined ? present[name] : change[name]) ?? undefined]),
  );
  for (const name of notifyUrls) {
    const reason = change[name] ? deps.egress.check(change[name]) : undefined;
    if (reason !== undefined) throw new AdministrationRefused('SETTING_INVALID', `${name}: ${reason}`);
  }
  return {
    ...present,
    lenientAck: change.lenientAck ?? present.lenientAck,
    enforceTokenOwner: change.enforceTokenOwner ?? present.enforceTokenOwner,
    notifyRemoval: change.notifyRemoval ?? present.notifyRemoval,
    renewalAttempts: change.renewalAttempts ?? present.renewalAttempts,
    renewalRetryHours: change.renewalRetryHours ?? present.renewalRetryHours,
    renewalOrder: change.renewalOrder ?? present.renewalOrder,
    ...urls,
  };
}

const notifyUrls = ['tokenNotifyUrl', 'refundNotifyUrl'] as const;
