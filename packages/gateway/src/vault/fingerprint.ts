/**
 * The fingerprint of a card: a keyed hash of its PAN alone, per merchant, to tell that two records are one card. Keyed,
 * because the masked number leaves only 100,000 candidates; per merchant, so that two merchants' cards cannot be linked.
 * Expiry, name and CVV never enter.
 */
import { createHmac } from 'node:crypto';
import type { Keyring } from './keyring.ts';
import type { SealingKey } from './seal.ts';

export interface Fingerprint {
  /** 32 bytes. */
  readonly fingerprint: Buffer;
  readonly fingerprintVersion: number;
  /** The data key that made it. */
  readonly fingerprintKeyId: string;
}

/** What goes into the hash, for the day that changes. */
const version = 1;

/**
 * @param merchantId - whose card it is; the hash is keyed with a key of this merchant alone
 * @param pan - ASCII digits
 */
export async function fingerprintOf(
  { keyring }: { readonly keyring: Keyring },
  merchantId: string,
  pan: Uint8Array,
): Promise<Fingerprint> {
  return fingerprintBy(await keyring.dataKey(merchantId, 'fingerprint'), pan);
}

/**
 * The fingerprints that this card may be known by: while keys rotate, older records still carry the older one.
 *
 * @returns the newest key's first
 */
export async function fingerprintsOf(
  { keyring }: { readonly keyring: Keyring },
  merchantId: string,
  pan: Uint8Array,
): Promise<Fingerprint[]> {
  return (await keyring.dataKeys(merchantId, 'fingerprint')).map((key) => fingerprintBy(key, pan));
}

/** @param key - of the purpose `fingerprint` */
export const fingerprintBy = ({ keyId, key }: SealingKey, pan: Uint8Array): Fingerprint => ({
  fingerprint: createHmac('sha256', key).update(pan).digest(),
  fingerprintVersion: version,
  fingerprintKeyId: keyId,
});
