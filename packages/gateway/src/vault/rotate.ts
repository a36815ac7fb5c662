/**
 * Rotation of data keys, beside running gateways: a newer key for every merchant, then everything that hangs on an older
 * one is moved, batch by batch. What is moved stays moved: whoever is killed is followed by a run that goes on. No old key
 * is deleted here; see `retire.ts`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { newRowId } from '../id.ts';
import type { Database } from '../storage/database.ts';
import { makeDataKey } from './data-key.ts';
import type { KekProvider } from './kek.ts';
import { type KeyPurpose, type Keyring, noticeMs } from './keyring.ts';
import { finishRotation, insertRotation, listKeyFacts, listRotations, type RotationRow } from './rotation.store.ts';
import type { KeyUse, SealedPlace } from './sealed-place.ts';
import { findNewestKey, lockKeysOf } from './vault.store.ts';

export interface VaultDeps {
  readonly database: Database;
  readonly kek: KekProvider;
  readonly keyring: Keyring;
  readonly clock: Clock;
}

export interface RotationOptions {
  /** At most this many values a second; as fast as it goes when absent. */
  readonly rowsPerSecond?: number | undefined;
  /** How long gateways are given to notice a newer key before the last round; for tests. */
  readonly settleMs?: number;
  /** Told when the number is known, and after each batch. */
  readonly onProgress?: (at: { readonly noun: string; readonly done: number; readonly total: number }) => void;
}

export interface RotationResult {
  /** When it was begun, if an earlier run was interrupted. */
  readonly resumedFrom: Date | undefined;
  readonly moved: number;
  /** Records whose value does not open; they stay as they are, and the rotation stays unfinished. */
  readonly broken: readonly string[];
  /** Values that still hang on an older key because they are not moved but end by themselves. */
  readonly waiting: number;
  /** Values that could not be moved: the broken ones, and those that others kept locked. 0: the rotation is finished. */
  readonly left: number;
}

const batchRows = 500;
/** A slow rotation goes in small steps, rather than in a burst and a pause. */
export const batchFor = (rowsPerSecond = batchRows): number =>
  Math.min(batchRows, Math.max(1, Math.ceil(rowsPerSecond)));
/** Gateways ask for a newer key this often, and a request may be under way. */
export const settleMs = 2 * noticeMs;
/** Rounds over what gateways still sealed with an older key while they had not noticed; each finds less. */
const maxRounds = 20;

/**
 * Rotates the keys of one purpose, or goes on with a rotation that was interrupted.
 *
 * @param places - everything that is sealed, whatever its purpose
 * @example
 * const { moved } = await rotateDataKeys(ground, 'card', places, { rowsPerSecond: 2_000 });
 */
export async function rotateDataKeys(
  deps: VaultDeps,
  purpose: KeyPurpose,
  places: readonly SealedPlace[],
  options: RotationOptions = {},
): Promise<RotationResult> {
  const { rotation, resumedFrom } = await beginRotation(deps, purpose);
  await makeNewerKeys(deps, rotation, purpose);
  const mine = places.filter((place) => place.purpose === purpose);
  const work: Work = { options, pace: paceOf(deps.clock, options.rowsPerSecond), moved: 0, broken: new Set() };
  for (let round = 1; round <= maxRounds; round++) {
    // A gateway that has not noticed the newer key yet may seal one more value with the older.
    if (round > 1) await sleep(round === 2 ? (options.settleMs ?? settleMs) : 100);
    let left = 0;
    for (const place of mine) left += await sweep(deps, place, work, round);
    if (round > 1 && left === work.broken.size) break;
  }
  const waiting = await sum(mine, (place) => (place.move === undefined ? usesOfOld(deps, place) : []));
  const left = await sum(mine, (place) => (place.move === undefined ? [] : usesOfOld(deps, place)));
  if (left === 0) await finishRotation(deps.database, rotation.rotation_id, deps.clock.now());
  return { resumedFrom, moved: work.moved, broken: [...work.broken], waiting, left };
}

interface Work {
  readonly options: RotationOptions;
  readonly pace: (rows: number) => Promise<void>;
  moved: number;
  readonly broken: Set<string>;
}

/** Moves what hangs on older keys of a place now. @returns how much that was */
async function sweep(deps: VaultDeps, place: SealedPlace, work: Work, round: number): Promise<number> {
  const { move, noun } = place;
  if (move === undefined) return 0;
  const old = await usesOfOld(deps, place);
  const total = old.reduce((rows, { values }) => rows + values, 0);
  let done = 0;
  const report = () => work.options.onProgress?.({ noun, done, total });
  if (total > 0 || round === 1) report();
  const limit = batchFor(work.options.rowsPerSecond);
  for (const { merchant_id, key_id } of old) {
    const newer = (await deps.keyring.dataKeys(merchant_id, place.purpose))[0];
    for (let after: string | undefined = ''; newer !== undefined && after !== undefined; ) {
      const batch = await move(deps, { merchantId: merchant_id, keyId: key_id, after, limit }, newer);
      done += batch.done;
      work.moved += batch.done;
      for (const record of batch.broken) work.broken.add(record);
      report();
      await work.pace(batch.done);
      after = batch.last;
    }
  }
  return total;
}

/** Begins one, or finds the one that is under way. */
export async function beginRotation(
  { database, clock }: Pick<VaultDeps, 'database' | 'clock'>,
  purpose: string,
): Promise<{ rotation: RotationRow; resumedFrom: Date | undefined }> {
  const fresh = { rotation_id: newRowId(), purpose, started_at: clock.now() };
  const begun = await insertRotation(database, fresh);
  if (begun !== undefined) return { rotation: begun, resumedFrom: undefined };
  const rotation = (await listRotations(database)).find((one) => one.purpose === purpose);
  if (rotation === undefined) throw new Error('another process has just finished this rotation');
  return { rotation, resumedFrom: rotation.started_at };
}

/** @returns a function that sleeps until so many rows are in time */
export function paceOf(clock: Clock, rowsPerSecond: number | undefined): (rows: number) => Promise<void> {
  const since = clock.now().getTime();
  let done = 0;
  return async (rows) => {
    done += rows;
    if (rowsPerSecond === undefined) return;
    const dueInMs = since + (done / rowsPerSecond) * 1_000 - clock.now().getTime();
    if (dueInMs > 0) await sleep(dueInMs);
  };
}

/** A key that is younger than the rotation, for every merchant that has one of this purpose. */
async function makeNewerKeys(deps: VaultDeps, rotation: RotationRow, purpose: KeyPurpose): Promise<void> {
  const { database, kek, clock } = deps;
  const facts = await listKeyFacts(database);
  const older = facts.filter(
    (key) => key.purpose === purpose && key.superseded_at === null && key.created_at < rotation.started_at,
  );
  for (const { merchant_id, data_key_id } of older) {
    await database.transaction(async (tx) => {
      await lockKeysOf(tx, merchant_id, purpose);
      if ((await findNewestKey(tx, merchant_id, purpose))?.data_key_id !== data_key_id) return;
      const now = new Date(Math.max(clock.now().getTime(), rotation.started_at.getTime()));
      await makeDataKey(tx, kek, { merchantId: merchant_id, purpose, now });
    });
  }
}

/** What hangs on keys that have a newer one. */
async function usesOfOld({ database }: VaultDeps, place: SealedPlace): Promise<readonly KeyUse[]> {
  const facts = await listKeyFacts(database);
  const inUse = new Set(facts.filter((key) => key.superseded_at === null).map((key) => key.data_key_id));
  return (await place.countByKey(database)).filter(({ key_id }) => !inUse.has(key_id));
}

async function sum(
  places: readonly SealedPlace[],
  usesOf: (place: SealedPlace) => readonly KeyUse[] | Promise<readonly KeyUse[]>,
): Promise<number> {
  const uses = await Promise.all(places.map(usesOf));
  return uses.flat().reduce((rows, { values }) => rows + values, 0);
}
