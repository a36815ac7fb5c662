/** Which keys there are and how much hangs on them, without opening any: what `waffo key list` shows. */
import type { VaultDeps } from './rotate.ts';
import { listKeyFacts, listRetiredKeks, listRotations } from './rotation.store.ts';
import type { SealedPlace } from './sealed-place.ts';
import { listKeks } from './vault.store.ts';

interface KekReport {
  readonly kekId: string;
  /** `new`: this database has not seen it; `retired`: it is here, but nothing needs it. */
  readonly state: 'in use' | 'replaced' | 'new' | 'retired';
  readonly since: Date | undefined;
  readonly dataKeys: number;
  /** Whether the provider of this process has it. */
  readonly isHere: boolean;
}

interface PurposeReport {
  readonly purpose: string;
  readonly merchants: number;
  readonly keys: number;
  readonly values: number;
  readonly onOldKeys: number;
  /** Of the most used key: how many values it may have sealed. */
  readonly mostSeals: bigint;
  readonly oldest: Date;
}

export interface KeyInventory {
  readonly keks: readonly KekReport[];
  readonly purposes: readonly PurposeReport[];
  /** Rotations that were begun and not finished. */
  readonly underWay: readonly { readonly purpose: string; readonly since: Date }[];
}

/** @param places - everything that is sealed */
export async function listKeys(
  { database, kek }: Pick<VaultDeps, 'database' | 'kek'>,
  places: readonly SealedPlace[],
): Promise<KeyInventory> {
  const facts = await listKeyFacts(database);
  const underWay = (await listRotations(database)).map(({ purpose, started_at }) => ({ purpose, since: started_at }));
  const inUse = new Set(facts.filter((key) => key.superseded_at === null).map((key) => key.data_key_id));
  const purposes = [...new Set(facts.map(({ purpose }) => purpose))].map(async (purpose): Promise<PurposeReport> => {
    const keys = facts.filter((key) => key.purpose === purpose);
    const mine = places.filter((place) => place.purpose === purpose);
    const uses = (await Promise.all(mine.map((place) => place.countByKey(database)))).flat();
    const old = uses.filter(({ key_id }) => !inUse.has(key_id));
    return {
      purpose,
      merchants: new Set(keys.map(({ merchant_id }) => merchant_id)).size,
      keys: keys.length,
      values: uses.reduce((sum, { values }) => sum + values, 0),
      onOldKeys: old.reduce((sum, { values }) => sum + values, 0),
      mostSeals: keys.reduce((most, { seals }) => (seals > most ? seals : most), 0n),
      oldest: new Date(Math.min(...keys.map(({ created_at }) => created_at.getTime()))),
    };
  });
  return { keks: await listKekReports({ database, kek }, facts), purposes: await Promise.all(purposes), underWay };
}

async function listKekReports(
  { database, kek }: Pick<VaultDeps, 'database' | 'kek'>,
  facts: readonly { readonly kek_id: string }[],
): Promise<KekReport[]> {
  const here = await kek.kekIds();
  const known = await listKeks(database);
  const retired = await listRetiredKeks(database);
  const unknown = here.filter((id) => !known.some(({ kek_id }) => kek_id === id));
  return [
    ...unknown.map((kekId): KekReport => {
      const state = retired.includes(kekId) ? 'retired' : 'new';
      return { kekId, state, since: undefined, dataKeys: 0, isHere: true };
    }),
    ...known.map(({ kek_id, created_at }, age): KekReport => {
      const dataKeys = facts.filter((key) => key.kek_id === kek_id).length;
      const state = age === 0 ? 'in use' : 'replaced';
      return { kekId: kek_id, state, since: created_at, dataKeys, isHere: here.includes(kek_id) };
    }),
  ];
}
