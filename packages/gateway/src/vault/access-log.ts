/**
 * Writes the access log (D-20): no entry, no act. Entries of one merchant form a chain, so they are written one after the
 * other; those that arrive while a write is under way go together into the next, in one short transaction, so that a
 * merchant's payments wait for at most two writes however many there are. It must never lock anything after the end of a
 * chain: whoever appends in a transaction of his own does it last.
 */
import { type Clock, machineNow } from '../clock.ts';
import type { Database, Tx } from '../storage/database.ts';
import { insertEntries, lockChainEnd } from './access-chain.store.ts';
import { type Access, type AccessEntry, chainStart, macOf } from './access-entry.ts';
import type { Keyring } from './keyring.ts';
import type { SealingKey } from './seal.ts';

export interface AccessLogDeps {
  readonly database: Database;
  readonly keyring: Keyring;
  readonly clock: Clock;
}

/** Keeps one write short; what is more goes into the next. */
const entriesAtOnce = 200;

interface Batch {
  readonly accesses: Access[];
  readonly written: Promise<void>;
}

interface Line {
  /** Not yet being written: more may join. */
  gathering: Batch | undefined;
  /** Resolves when all batches before have been written, or have failed. */
  idle: Promise<void>;
}

/** Of this process, for each key ring and merchant. */
const lines = new WeakMap<Keyring, Map<string, Line>>();

/**
 * Writes one entry down, in a transaction of its own. Do the act after it resolves, and not at all when it throws.
 *
 * @example
 * await recordAccess(gateway, { merchantId, actor: 'gateway', act: 'card.use', purpose: 'purchase', cardId });
 */
export function recordAccess(deps: AccessLogDeps, access: Access): Promise<void> {
  const line = lineOf(deps.keyring, access.merchantId);
  const { gathering } = line;
  if (gathering !== undefined && gathering.accesses.length < entriesAtOnce) {
    gathering.accesses.push(access);
    return gathering.written;
  }
  const accesses = [access];
  const written = line.idle.then(() => {
    if (line.gathering === batch) line.gathering = undefined;
    return write(deps, access.merchantId, accesses);
  });
  const batch: Batch = { accesses, written };
  line.gathering = batch;
  line.idle = written.catch(() => {});
  return written;
}

/** The key to append with. Not within a transaction: making a first key takes one of its own. */
export const auditKey = ({ keyring }: Pick<AccessLogDeps, 'keyring'>, merchantId: string): Promise<SealingKey> =>
  keyring.dataKey(merchantId, 'audit');

/**
 * Takes the end of a merchant's chain, which nobody else moves until the transaction ends: call it last.
 *
 * @returns appends there, once, also late; the entries and what comes with them go out in one write with the commit when nobody waits
 */
export async function openAccesses(
  tx: Tx,
  key: SealingKey,
  merchantId: string,
): Promise<(accesses: readonly Access[], now: Date) => Promise<void>> {
  const end = await lockChainEnd(tx, merchantId, chainStart);
  return async (accesses, now) => {
    if (accesses.length === 0) return;
    let { sequence, mac } = end;
    const atMicros = BigInt(now.getTime()) * 1_000n;
    const entries = accesses.map((access): AccessEntry => {
      sequence += 1n;
      const entry = { ...access, merchantId, sequence, atMicros };
      mac = macOf(key, mac, entry);
      return { ...entry, keyId: key.keyId, mac };
    });
    await insertEntries(tx, merchantId, key.keyId, entries);
  };
}

/**
 * Appends in the transaction of the act. It locks the end of the merchant's chain until that commits, so call it last.
 *
 * @param key - from `auditKey`
 * @param accesses - all of `merchantId`
 */
export async function appendAccesses(
  tx: Tx,
  key: SealingKey,
  merchantId: string,
  accesses: readonly Access[],
  now: Date,
): Promise<void> {
  if (accesses.length === 0) return;
  const append = await openAccesses(tx, key, merchantId);
  tx.last(append(accesses, now));
}

async function write(deps: AccessLogDeps, merchantId: string, accesses: readonly Access[]): Promise<void> {
  const key = await auditKey(deps, merchantId);
  // Evidence shows when a thing was done, whatever time a merchant lives in.
  const now = machineNow(deps.clock);
  await deps.database.transaction((tx) => appendAccesses(tx, key, merchantId, accesses, now));
}

function lineOf(keyring: Keyring, merchantId: string): Line {
  const ofKeyring = lines.get(keyring) ?? new Map<string, Line>();
  lines.set(keyring, ofKeyring);
  const line = ofKeyring.get(merchantId) ?? { gathering: undefined, idle: Promise.resolve() };
  ofKeyring.set(merchantId, line);
  return line;
}
