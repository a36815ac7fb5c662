/**
 * Rotation of the key-encryption key, beside running gateways: the newest key of the key file becomes the one that wraps,
 * and every data key is wrapped by it anew. No card is touched: the data keys stay what they are.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { recordKek, rewrapDataKey } from './data-key.ts';
import {
  batchFor,
  beginRotation,
  paceOf,
  type RotationOptions,
  type RotationResult,
  settleMs,
  type VaultDeps,
} from './rotate.ts';
import {
  countKeysUnderOtherKek,
  finishRotation,
  listRetiredKeks,
  listRotations,
  pageUnderOtherKek,
  saveRewrapped,
} from './rotation.store.ts';
import { SealBroken } from './seal.ts';
import { listKeks } from './vault.store.ts';

const firstId = '00000000-0000-0000-0000-000000000000';
const maxRounds = 20;

/**
 * Rotates the KEK, or goes on with a rotation that was interrupted.
 *
 * @throws Error with one sentence when the key file holds no key that this database has not seen; KekMissing when it lacks
 *   an older one that is still needed
 */
export async function rotateKek(deps: VaultDeps, options: RotationOptions = {}): Promise<RotationResult> {
  const { database, clock } = deps;
  const isUnderWay = (await listRotations(database)).some(({ purpose }) => purpose === 'kek');
  const fresh = isUnderWay ? undefined : await newKekOf(deps);
  const { rotation, resumedFrom } = await beginRotation(deps, 'kek');
  // A run that was killed between these two lines is followed by one that finds the key still unseen.
  const unseen = fresh ?? (await newKekOf(deps).catch(() => undefined));
  if (unseen !== undefined) await useKek(deps, unseen);
  const [current] = await listKeks(database);
  if (current === undefined) throw new Error('no KEK is in use');
  const pace = paceOf(clock, options.rowsPerSecond);
  const broken = new Set<string>();
  let moved = 0;
  for (let round = 1; round <= maxRounds; round++) {
    // A gateway may be making a data key at this moment, wrapped by the KEK that it found in use.
    if (round > 1) await sleep(round === 2 ? (options.settleMs ?? settleMs) : 100);
    const total = await countKeysUnderOtherKek(database, current.kek_id);
    if (round > 1 && total === broken.size) break;
    const before = moved;
    for await (const batch of rewraps(deps, current.kek_id, batchFor(options.rowsPerSecond), broken)) {
      moved += batch;
      options.onProgress?.({ noun: 'data keys', done: moved - before, total });
      await pace(batch);
    }
  }
  const left = await countKeysUnderOtherKek(database, current.kek_id);
  if (left === 0) await finishRotation(database, rotation.rotation_id, clock.now());
  return { resumedFrom, moved, broken: [...broken], waiting: 0, left };
}

/** The newest key of the provider, if this database never saw it. */
async function newKekOf({ database, kek }: VaultDeps): Promise<string> {
  const newest = (await kek.kekIds()).at(-1);
  const seen = [...(await listKeks(database)).map(({ kek_id }) => kek_id), ...(await listRetiredKeks(database))];
  if (newest === undefined || seen.includes(newest)) {
    throw new Error(
      `${kek.place} ends with a key that is in use already; run waffo key add, bring the file to every gateway, and rotate again`,
    );
  }
  return newest;
}

async function useKek({ database, kek, clock }: VaultDeps, kekId: string): Promise<void> {
  const [before] = await listKeks(database);
  const now = new Date(Math.max(clock.now().getTime(), (before?.created_at.getTime() ?? 0) + 1));
  await recordKek(database, kek, kekId, now);
}

/** Wraps data keys anew, batch by batch. @returns how many of a batch */
async function* rewraps({ database, kek }: VaultDeps, kekId: string, limit: number, broken: Set<string>) {
  for (let after: string | undefined = firstId; after !== undefined; ) {
    const rows = await pageUnderOtherKek(database, kekId, after, limit);
    let done = 0;
    for (const row of rows) {
      try {
        const wrapped = await rewrapDataKey(kek, row, kekId);
        if (await saveRewrapped(database, row, kekId, wrapped)) done += 1;
      } catch (error) {
        if (!(error instanceof SealBroken)) throw error;
        broken.add(row.data_key_id);
      }
    }
    yield done;
    after = rows.at(-1)?.data_key_id;
  }
}
