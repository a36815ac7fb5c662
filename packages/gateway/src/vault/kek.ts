/**
 * Where key-encryption keys come from: the seam. The key ring asks for a key by its id and never sees its bytes, so that
 * a KMS or an HSM can stand here. Whoever implements it must wrap with authentication, bound to the given binding.
 */
import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { type Binding, open, type SealingKey, seal } from './seal.ts';

/** Wraps and unwraps data keys. Implementations: key files, the development variable; a KMS needs these four members. */
export interface KekProvider {
  /** How to call it in a sentence for the operator, e.g. `the key file`. */
  readonly place: string;
  /**
   * The keys that can be used now. Asked anew at start, and whenever an unknown key is met: what was added since must be
   * in the answer.
   *
   * @returns ids of any form that fits a column, the newest last
   * @throws Error with one sentence that says what to do
   */
  kekIds(): Promise<readonly string[]>;
  /**
   * @param binding - authenticated, not encrypted: a KMS calls it encryption context
   * @throws KekMissing when there is no such key
   */
  wrap(kekId: string, binding: Binding, key: Uint8Array): Promise<Buffer>;
  /** @throws SealBroken when anything is not as it was wrapped; KekMissing when there is no such key */
  unwrap(kekId: string, binding: Binding, wrapped: Buffer): Promise<Buffer>;
}

/** A key-encryption key that this process holds itself. */
export interface Kek {
  /** Says which key it is, and nothing about it: 16 hex digits of a hash. */
  readonly kekId: string;
  readonly key: KeyObject;
}

/** A data key is wrapped by a KEK that this process was not given. */
class KekMissing extends Error {
  override readonly name = 'KekMissing';
  constructor(place: string, kekId: string) {
    super(`${place} does not hold the key ${kekId}, which this database is sealed with; bring it here from your copy`);
  }
}

/**
 * @param bytes - 32 bytes; wiped
 * @returns the key under its id
 */
export function kekOf(bytes: Buffer): Kek {
  const kekId = createHash('sha256').update('waffo kek id').update(bytes).digest('hex').slice(0, 16);
  const kek = { kekId, key: createSecretKey(bytes) };
  bytes.fill(0);
  return kek;
}

/**
 * A provider that holds its keys in memory.
 *
 * @param place - see `KekProvider`
 * @param read - reads them, oldest first; called again when an unknown one is met
 * @example
 * const provider = heldKeks('the key file', () => keksFromFiles([path]));
 */
export function heldKeks(place: string, read: () => Promise<readonly Kek[]>): KekProvider {
  let held = new Map<string, SealingKey>();
  const reload = async () => {
    const keks = await read();
    held = new Map(keks.map(({ kekId, key }) => [kekId, { keyId: asKeyId(kekId), key }]));
    return [...held.keys()];
  };
  const find = async (kekId: string): Promise<SealingKey> => {
    if (!held.has(kekId)) await reload();
    const found = held.get(kekId);
    if (found === undefined) throw new KekMissing(place, kekId);
    return found;
  };
  return {
    place,
    kekIds: reload,
    wrap: async (kekId, binding, key) => seal(await find(kekId), binding, key),
    unwrap: async (kekId, binding, wrapped) => open(await find(kekId), binding, wrapped),
  };
}

/** A KEK's id in the form of a data key's id: its 8 bytes, twice. */
const asKeyId = (kekId: string): string =>
  `${kekId}${kekId}`.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
