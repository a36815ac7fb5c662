/**
 * Makes a merchant known, with its keys, whose public key the caller vouches for (`keys.ts` asks for a proof). Registering the same merchant with the same keys again changes nothing.
 */
import type { KeyObject } from 'node:crypto';
import type { Gateway } from '../gateway.ts';
import { keyIdOf } from '../id.ts';
import { keyHash } from './find.ts';
import { insertApiKey, insertClientKey, insertPublicKey } from './key.store.ts';
import { insertMerchant } from './merchant.store.ts';
import { defaultSettings, type MerchantSettings } from './merchant.ts';

export interface Registration {
  readonly merchantId: string;
  readonly name: string;
  readonly pciCertified: boolean;
  /** `wk_<environment>_…`; only its hash is stored. */
  readonly apiKey: string;
  /** `wck_<environment>_…`; only its hash is stored. */
  readonly clientApiKey: string;
  /** Origins that may use the client key, e.g. `https://shop.example`. */
  readonly origins: readonly string[];
  readonly publicKey: KeyObject;
  readonly settings?: Partial<MerchantSettings>;
}

/**
 * @param gateway - database, clock and platform keys
 * @param registration - the merchant
 */
export async function registerMerchant(
  gateway: Pick<Gateway, 'database' | 'clock' | 'platformKeys'>,
  registration: Registration,
): Promise<void> {
  const now = gateway.clock.now();
  await gateway.database.transaction(async (tx) => {
    const { merchantId } = registration;
    await insertMerchant(tx, {
      merchantId,
      name: registration.name,
      pciCertified: registration.pciCertified,
      settings: { ...defaultSettings, ...registration.settings },
      now,
    });
    await insertApiKey(tx, { ...storedKey('wk', registration.apiKey), merchantId, now });
    const { origins } = registration;
    await insertClientKey(tx, { ...storedKey('wck', registration.clientApiKey), merchantId, origins, now });
    const spki = registration.publicKey.export({ format: 'der', type: 'spki' });
    await insertPublicKey(tx, { merchantId, spki, status: 'ACTIVE', challenge: undefined, now });
  });
  await gateway.platformKeys.ensure(registration.merchantId);
}

/**
 * What is stored of a key: its public part and its hash.
 *
 * @throws Error for a text that is no key of ours
 */
export function storedKey(prefix: 'wk' | 'wck', key: string): { keyId: string; keyHash: Buffer } {
  const keyId = keyIdOf(prefix, key);
  if (keyId === undefined)
    throw new Error(`a key must be made by newApiKey or newClientKey, with the prefix ${prefix}`);
  return { keyId, keyHash: keyHash(key) };
}
