/** Which private key signs an answer: the merchant's, or the system's where no merchant is known (decisions, "Signing keys"). */
import type { KeyObject } from 'node:crypto';
import type { Gateway } from '../gateway.ts';
import { findMerchantByApiKey, findMerchantByClientKey, keyHash } from '../merchant/find.ts';

export interface Signers {
  readonly system: KeyObject;
  keyOf(merchantId: string): Promise<KeyObject>;
  /** Keeps in mind whose key this is, for answers while the database is away. */
  remember(presentedKey: string, merchantId: string): void;
  /** The key for a caller that has proved nothing yet: by its API key or client key; the system's if that says nothing. */
  keyOfCaller(presentedKey: string): Promise<KeyObject>;
}

const rememberedLimit = 10_000;

/** @throws when the system's own key cannot be opened: a gateway that cannot sign must not start */
export async function openSigners(gateway: Pick<Gateway, 'database' | 'platformKeys'>): Promise<Signers> {
  const { database, platformKeys } = gateway;
  const keyOf = async (merchantId: string) => (await platformKeys.signerOf(merchantId)).privateKey;
  const system = await keyOf('');
  const remembered = new Map<string, string>();
  const find = async (key: string): Promise<string | undefined> =>
    (await findMerchantByApiKey({ database }, key))?.merchantId ??
    (await findMerchantByClientKey({ database }, key))?.merchant.merchantId;

  return {
    system,
    keyOf,
    remember(presentedKey, merchantId) {
      if (remembered.size >= rememberedLimit) remembered.clear();
      remembered.set(keyHash(presentedKey).toString('base64'), merchantId);
    },
    async keyOfCaller(presentedKey) {
      if (presentedKey === '') return system;
      const merchantId = remembered.get(keyHash(presentedKey).toString('base64')) ?? (await find(presentedKey));
      return merchantId === undefined ? system : keyOf(merchantId);
    },
  };
}
