/** Which private key signs an answer: the merchant's, or the system's where no merchant is known (decisions, "Signing keys"). */
import type { KeyObject } from 'node:crypto';
import type { Gateway } from '../gateway.ts';
import { findMerchantByApiKey, findMerchantByClientKey } from '../merchant/find.ts';
import type { Strangers } from './strangers.ts';

export interface Signers {
  readonly system: KeyObject;
  keyOf(merchantId: string): Promise<KeyObject>;
  /** The key for a caller that has proved nothing yet: by its API key or client key; the system's if that says nothing. */
  keyOfCaller(presentedKey: string): Promise<KeyObject>;
}

/** @throws when the system's own key cannot be opened: a gateway that cannot sign must not start */
export async function openSigners(
  gateway: Pick<Gateway, 'database' | 'platformKeys'>,
  strangers: Strangers,
): Promise<Signers> {
  const { database, platformKeys } = gateway;
  const keyOf = async (merchantId: string) => (await platformKeys.signerOf(merchantId)).privateKey;
  const system = await keyOf('');
  const find = async (key: string): Promise<string | undefined> =>
    (await findMerchantByApiKey({ database }, key))?.merchantId ??
    (await findMerchantByClientKey({ database }, key))?.merchant.merchantId;

  return {
    system,
    keyOf,
    async keyOfCaller(presentedKey) {
      if (presentedKey === '') return system;
      // One that was shown before is known also while the database is away.
      const known = strangers.recall(presentedKey);
      const merchantId = known ?? (strangers.mayLookUp(presentedKey) ? await find(presentedKey) : undefined);
      return merchantId === undefined ? system : keyOf(merchantId);
    },
  };
}
