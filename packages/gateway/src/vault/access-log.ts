/**
 * Writes the access log (D-20): no entry, no act. Entries of one merchant form a chain, so they are written one after the
 * other; those that arrive while a write is under way go together into the next, in one short transaction, so that a
 * merchant's payments wait for at most two writes however many there are. It must never lock anything after the end of a
 * chain: whoever appends in a transaction of his own does it last.
 */
import { type Clock, machineNow } from '../clock.ts';
import type { Database, Tx } from '../storage/database.ts';
import { type ChainEnd, insertEntries, lockChainEnd } from './access-chain.store.ts';
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
    const entries = chained(key, end, accesses, now);
    guesses.set(key, guessed(entries, guesses.get(key)?.rest));
    await insertEntries(tx, { merchantId, keyId: key.keyId, entries });
  };
}

/** Where this process believes a chain to end. That is only a guess: others append to it, and what moved it may not be committed. */
interface Guess extends ChainEnd {
  /** So many times it is not relied on: others append to this chain as well. */
  readonly rest: number;
}

/** By the audit key of the merchant. */
const guesses = new WeakMap<SealingKey, Guess>();

/** No chain ends there. */
const nowhere: Guess = { sequence: -1n, mac: chainStart, rest: 0 };

/** After a wrong guess. A guess that is wrong costs a way to the database, one that is right saves one. */
const restAfterMiss = 16;

function guessed(entries: readonly AccessEntry[], rest = 0): Guess {
  const { sequence, mac } = entries.at(-1) as AccessEntry;
  return { sequence, mac, rest };
}

/** Whether it is worth a try to append without a look at the end of the chain. */
export function endIsGuessed(key: SealingKey): boolean {
  const guess = guesses.get(key);
  if (guess === undefined || guess.rest === 0) return guess !== undefined;
  guesses.set(key, { ...guess, rest: guess.rest - 1 });
  return false;
}

/**
 * Appends after what the end of the chain is guessed to be, in a transaction that is asked at once; refused when that is wrong,
 * or when nothing is guessed. Call it last, for it locks the end of the chain.
 *
 * @param accesses - all of `merchantId`, at least one
 */
export async function appendAfterGuess(
  tx: Tx,
  key: SealingKey,
  merchantId: string,
  accesses: readonly Access[],
  now: Date,
): Promise<void> {
  // The server refuses it: to throw here would leave what was asked before to be committed without its entry.
  const guess = guesses.get(key) ?? nowhere;
  const entries = chained(key, guess, accesses, now);
  // Who comes next guesses that this one will be committed.
  guesses.set(key, guessed(entries));
  try {
    await insertEntries(tx, { merchantId, keyId: key.keyId, entries }, guess);
  } catch (error) {
    guesses.set(key, { ...guess, rest: restAfterMiss });
    throw error;
  }
}

function chained(key: SealingKey, end: ChainEnd, accesses: readonly Access[], now: Date): AccessEntry[] {
  let { sequence, mac } = end;
  const atMicros = BigInt(now.getTime()) * 1_000n;
  return accesses.map((access): AccessEntry => {
    sequence += 1n;
    const entry = { sequence, atMicros, ...access };
    mac = macOf(key, mac, entry);
    return { keyId: key.keyId, mac, ...entry };
  });
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
