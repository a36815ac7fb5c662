/** Key-encryption keys for tests: random, held in memory. */
import { type KeyObject, randomBytes } from 'node:crypto';
import { heldKeks, type KekProvider, kekOf } from '../../packages/gateway/src/vault/kek.ts';

export interface TestKek extends KekProvider {
  readonly kekId: string;
  readonly key: KeyObject;
}

/** @returns a provider of one new key */
export function newTestKek(): TestKek {
  const kek = kekOf(randomBytes(32));
  return { ...kek, ...heldKeks('the key file', async () => [kek]) };
}
