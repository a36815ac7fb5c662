/** Makes a merchant known, with its keys. Registering the same merchant with the same keys again changes nothing. */
import type { KeyObject } from 'node:crypto';
import type { Gateway } from '../gateway.ts';
import { keyHash } from './find.ts';
import { insertApiKey, insertClientKey, insertMerchant, insertPublicKey } from './merchant.store.ts';
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
    await insertApiKey(tx, merchantId, keyHash(registration.apiKey), now);
    await insertClientKey(tx, merchantId, keyHash(registration.clientApiKey), registration.origins, now);
    const spki = registration.publicKey.export({ format: 'der', type: 'spki' });
    await insertPublicKey(tx, merchantId, spki, now);
  });
  await gateway.platformKeys.ensure(registration.merchantId);
}
