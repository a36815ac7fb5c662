/**
 * The fingerprint of a card: a keyed hash of its PAN alone, per merchant, to tell that two records are one card. Keyed,
 * because the masked number leaves only 100,000 candidates; per merchant, so that two merchants' cards cannot be linked.
 * Expiry, name and CVV never enter.
 */
import { createHmac } from 'node:crypto';
import type { Keyring } from './keyring.ts';

export interface Fingerprint {
  /** 32 bytes. */
  readonly fingerprint: Buffer;
  readonly version: number;
}

const version = 1;

/**
 * @param merchantId - whose card it is; the hash is keyed with a key of this merchant alone
 * @param pan - ASCII digits
 * @returns the hash, and the version of what went into it, for the day that changes
 */
export async function fingerprintOf(
  { keyring }: { readonly keyring: Keyring },
  merchantId: string,
  pan: Uint8Array,
): Promise<Fingerprint> {
  const { key } = await keyring.dataKey(merchantId, 'fingerprint');
  return { fingerprint: createHmac('sha256', key).update(pan).digest(), version };
}
