/** A vault with cards of two merchants, its keys in memory, and a clock that stands still: what rotations are tried on. */
import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { VirtualClock } from '../../packages/gateway/src/clock.ts';
import type { Database } from '../../packages/gateway/src/storage/database.ts';
import { CardBuffer } from '../../packages/gateway/src/vault/card-buffer.ts';
import { cards, fingerprints } from '../../packages/gateway/src/vault/card-places.ts';
import { heldKeks, type Kek, kekOf } from '../../packages/gateway/src/vault/kek.ts';
import { openKeyring } from '../../packages/gateway/src/vault/keyring.ts';
import type { RotationOptions, VaultDeps } from '../../packages/gateway/src/vault/rotate.ts';
import { sealCard, storeCard, withCard } from '../../packages/gateway/src/vault/vault.ts';
import { verifyVault } from '../../packages/gateway/src/vault/verify.ts';
import type { TestDatabase } from './database.ts';

export const start = new Date('2026-11-23T12:00:00.000Z');
export const places = [cards, fingerprints];
export const numbers = ['4012888888881881', '4111111111111111', '5555555555554444'];
/** Nobody else seals meanwhile. */
export const fast: RotationOptions = { settleMs: 0 };

export interface StoredCard {
  readonly merchantId: string;
  readonly cardId: string;
  readonly pan: string;
}

export const newCard = (pan: string) =>
  CardBuffer.fromText({ pan, expiry: { month: 9, year: 2031 }, cvv: undefined, name: 'ADA' });

/** Empties the vault, and begins with one KEK, two merchants and no card. */
export async function openVault(database: TestDatabase) {
  const run = <Row>(text: string) => database.rows<Row>({ name: createHash('md5').update(text).digest('hex'), text });
  await run('truncate merchant, vault_kek, vault_rotation, vault_retired_key cascade');
  await run(`insert into merchant (merchant_id, name, status, pci_certified, settings, created_at)
    select m, m, 'ACTIVE', false, '{}', now() from unnest(array['M1', 'M2']) m`);
  const clock = new VirtualClock(start);
  const keks: Kek[] = [kekOf(randomBytes(32))];
  /** What another process has: its own key ring, over the same database and key file. */
  const process = async (over: Database = database): Promise<VaultDeps> => {
    const kek = heldKeks('the key file', async () => [...keks]);
    return { database: over, kek, clock, keyring: await openKeyring({ database: over, kek, clock }) };
  };
  const deps = await process();
  const store = async (by: VaultDeps, merchantId: string, pan: string): Promise<string> => {
    const sealed = await sealCard(by, { merchantId, card: newCard(pan) });
    await database.transaction((tx) => storeCard(tx, sealed, clock.now()));
    return sealed.cardId;
  };
  /** Six cards of two merchants. */
  const fill = async (): Promise<StoredCard[]> => {
    const made: StoredCard[] = [];
    for (const merchantId of ['M1', 'M2']) {
      for (const pan of numbers) made.push({ merchantId, pan, cardId: await store(deps, merchantId, pan) });
    }
    return made;
  };
  return {
    ...{ run, clock, keks, deps, process, store, fill },
    addKek: () => keks.push(kekOf(randomBytes(32))),
    pass: (ms: number) => clock.moveTo(new Date(clock.now().getTime() + ms)),
    onOldKeys: async () =>
      (await verifyVault(await process(), places)).reduce((sum, report) => sum + report.onOldKeys, 0),
  };
}

export const panOf = (by: VaultDeps, card: { merchantId: string; cardId: string }) =>
  withCard(by, { ...card, purpose: 'purchase', reference: 'att-1' }, async ({ pan }) => pan.toString());

/** Every card reads as it was stored, and nothing in the vault is broken. */
export async function allOpen(made: readonly StoredCard[], by: VaultDeps) {
  expect(await Promise.all(made.map((card) => panOf(by, card)))).toEqual(made.map(({ pan }) => pan));
  for (const report of await verifyVault(by, places)) expect(report.broken, report.noun).toEqual([]);
}
