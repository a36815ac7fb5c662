/**
 * The fingerprint of a card: a keyed hash of its PAN alone, per merchant, to tell that two records are one card. Keyed,
 * because the masked number leaves only 100,000 candidates; per merchant, so that two merchants' cards cannot be linked.
 */
import { createHmac } from 'node:crypto';
import type { Keyring } from './keyring.ts';

export interface Fingerprint {
  /** 32 bytes. */
  readonly fingerprint: Buffer;
  readonly version: number;
}

const version = 1;

/** @param pan - ASCII digits */
export async function fingerprintOf(
  { keyring }: { readonly keyring: Keyring },
  merchantId: string,
  pan: Uint8Array,
): Promise<Fingerprint> {
  const { key } = await keyring.dataKey(merchantId, 'fingerprint');
  return { fingerprint: createHmac('sha256', key).update(pan).digest(), version };
}
