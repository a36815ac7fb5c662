/** Why a signature does not verify, as far as the signature itself shows it. */
import { constants, type KeyObject, publicDecrypt } from 'node:crypto';

/** `this-key`: the key is right, so the body is not the one that was signed. `none`: it is no signature at all. */
export type Signer = 'this-key' | 'another-key' | 'none';

/**
 * Tells who made a signature, over whatever bytes. For explaining only, and after `verify` said no.
 *
 * @param signature - as it was received
 */
export function signerOf(key: KeyObject, signature: string): Signer {
  const bytes = Buffer.from(signature, 'base64');
  if (bytes.length < 128 || bytes.toString('base64') !== signature) return 'none';
  try {
    publicDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, bytes);
    return 'this-key';
  } catch {
    return 'another-key';
  }
}
