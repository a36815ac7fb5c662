/** Proves that everything opens: each sealed value is opened with its key, and nothing of it is kept or told. */
import { KeyGone } from './keyring.ts';
import { batchFor, paceOf, type RotationOptions, type VaultDeps } from './rotate.ts';
import { type KeyFacts, listKeyFacts } from './rotation.store.ts';
import { SealBroken } from './seal.ts';
import type { SealedPlace } from './sealed-place.ts';
import { listKeks } from './vault.store.ts';

export interface PlaceReport {
  readonly noun: string;
  readonly opened: number;
  /** Values on a key that has a newer one; data keys that an older KEK wraps. */
  readonly onOldKeys: number;
  /** `merchant/record`, or `merchant/key` when the key itself does not open. */
  readonly broken: readonly string[];
}

/**
 * Opens every data key and every sealed value.
 *
 * @returns a report for the data keys and one for each place
 */
export async function verifyVault(
  deps: VaultDeps,
  places: readonly SealedPlace[],
  options: RotationOptions = {},
): Promise<PlaceReport[]> {
  const facts = await listKeyFacts(deps.database);
  const inUse = new Set(facts.filter((key) => key.superseded_at === null).map((key) => key.data_key_id));
  const reports = [await verifyKeys(deps, facts)];
  const pace = paceOf(deps.clock, options.rowsPerSecond);
  for (const place of places) {
    const uses = await place.countByKey(deps.database);
    const total = uses.reduce((sum, { values }) => sum + values, 0);
    const onOldKeys = uses.filter(({ key_id }) => !inUse.has(key_id)).reduce((sum, { values }) => sum + values, 0);
    let opened = 0;
    const broken: string[] = [];
    for (const { merchant_id: merchantId, key_id: keyId } of uses) {
      for await (const batch of checks(deps, place, { merchantId, keyId, limit: batchFor(options.rowsPerSecond) })) {
        opened += batch.done;
        broken.push(...batch.broken.map((record) => `${merchantId}/${record}`));
        options.onProgress?.({ noun: place.noun, done: opened + broken.length, total });
        await pace(batch.done);
      }
    }
    reports.push({ noun: place.noun, opened, onOldKeys, broken });
  }
  return reports;
}

async function verifyKeys({ database, keyring }: VaultDeps, facts: readonly KeyFacts[]): Promise<PlaceReport> {
  const broken: string[] = [];
  for (const { merchant_id, data_key_id } of facts) {
    if (!(await opens(keyring.dataKeyById(database, merchant_id, data_key_id)))) {
      broken.push(`${merchant_id}/${data_key_id}`);
    }
  }
  const [current] = await listKeks(database);
  const onOldKeys = facts.filter(({ kek_id }) => kek_id !== current?.kek_id).length;
  return { noun: 'data keys', opened: facts.length - broken.length, onOldKeys, broken };
}

async function* checks(
  deps: VaultDeps,
  place: SealedPlace,
  of: { readonly merchantId: string; readonly keyId: string; readonly limit: number },
) {
  // What hangs on a key that does not open is told by the key.
  if (!(await opens(deps.keyring.dataKeyById(deps.database, of.merchantId, of.keyId)))) return;
  for (let after: string | undefined = ''; after !== undefined; ) {
    const batch = await place.check(deps, { ...of, after });
    yield batch;
    after = batch.last;
  }
}

const opens = (key: Promise<unknown>): Promise<boolean> =>
  key.then(
    () => true,
    (error: unknown) => {
      if (error instanceof SealBroken || error instanceof KeyGone) return false;
      throw error;
    },
  );
