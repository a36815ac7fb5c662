/** Entries of the access log as they are shown. Who reads them writes that down first. */
import type { Sql } from '../storage/database.ts';
import { newestEntries } from './access-chain.store.ts';
import type { Access } from './access-entry.ts';

export interface ShownAccess extends Access {
  readonly sequence: number;
  /** ISO 8601, UTC. */
  readonly at: string;
}

const afterAll = 2n ** 62n;

/**
 * @param of.merchantId - `''` is the system
 * @param of.before - only entries with a lower sequence
 * @returns the newest first
 */
export async function listAccesses(
  { database }: { readonly database: Sql },
  of: {
    readonly merchantId: string;
    readonly tokenId?: string | undefined;
    readonly before?: number | undefined;
    readonly limit: number;
  },
): Promise<ShownAccess[]> {
  const before = of.before === undefined ? afterAll : BigInt(of.before);
  const entries = await newestEntries(database, { ...of, before });
  return entries.map(({ mac: _, keyId: __, atMicros, sequence, ...access }) => ({
    sequence: Number(sequence),
    at: new Date(Number(atMicros / 1_000n)).toISOString(),
    ...access,
  }));
}
