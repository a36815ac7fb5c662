/**
 * The end of an old key. A key is deleted only when nothing hangs on it, and that is not counted but proven: everything
 * that is sealed refers to its key by a foreign key, so the database itself refuses to delete one that is needed.
 */

import type { Tx } from '../storage/database.ts';
import type { VaultDeps } from './rotate.ts';
import { deleteDataKey, deleteKek, listKeyFacts } from './rotation.store.ts';
import { listKeks } from './vault.store.ts';

/** A gateway that is slow to notice may still hold the older key for a request under way. */
export const graceMs = 60_000;

interface OldKey {
  readonly kind: 'data key' | 'KEK';
  readonly merchantId: string;
  readonly keyId: string;
  /** A data key's purpose, or `kek`. */
  readonly purpose: string;
  readonly supersededAt: Date;
}

export type Retirement = OldKey & {
  /** `retired`: it is gone. `used`: something still hangs on it. `young`: its successor is not a minute old. */
  readonly verdict: 'retired' | 'used' | 'young';
};

/** Every key that has a successor, data keys first. */
async function listOldKeys({ database }: Pick<VaultDeps, 'database'>): Promise<OldKey[]> {
  const dataKeys = (await listKeyFacts(database)).flatMap(({ merchant_id, data_key_id, purpose, superseded_at }) => {
    if (superseded_at === null) return [];
    return [
      { kind: 'data key', merchantId: merchant_id, keyId: data_key_id, purpose, supersededAt: superseded_at } as const,
    ];
  });
  const all = await listKeks(database);
  const keks = all.slice(1).map(({ kek_id }, at) => {
    const supersededAt = all[at]?.created_at ?? new Date(0);
    return { kind: 'KEK', merchantId: '', keyId: kek_id, purpose: 'kek', supersededAt } as const;
  });
  return [...dataKeys, ...keks];
}

/**
 * Tries to retire every old key.
 *
 * @param options.keep - find out only, and leave every key where it is
 * @returns what became of each; a `used` one can be tried again after a rotation, or when what it sealed has ended
 */
export async function retireKeys(deps: VaultDeps, options: { readonly keep: boolean }): Promise<Retirement[]> {
  const { database, clock } = deps;
  const verdicts: Retirement[] = [];
  for (const key of await listOldKeys(deps)) {
    if (clock.now().getTime() - key.supersededAt.getTime() < graceMs) {
      verdicts.push({ ...key, verdict: 'young' });
      continue;
    }
    const isGone = await database
      .transaction(async (tx) => {
        await remove(tx, key, clock.now());
        if (options.keep) throw new Kept();
      })
      .then(() => true)
      .catch((error: unknown) => {
        if (error instanceof Kept) return true;
        if (isReferred(error)) return false;
        throw error;
      });
    verdicts.push({ ...key, verdict: isGone ? 'retired' : 'used' });
  }
  return verdicts;
}

const remove = (tx: Tx, key: OldKey, now: Date): Promise<unknown> =>
  key.kind === 'KEK'
    ? deleteKek(tx, key.keyId, now)
    : deleteDataKey(tx, { merchant_id: key.merchantId, data_key_id: key.keyId }, now);

/** Undoes a deletion that was only tried. */
class Kept extends Error {}

/** SQLSTATE of a row that others refer to. */
const isReferred = (error: unknown): boolean => error instanceof Error && (error as { code?: string }).code === '23503';
