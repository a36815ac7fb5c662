/** Signs as the platform itself, for what is no answer to a merchant: the anchors of the access log. */
import { sign, verify } from '@waffo/protocol/signature';
import type { AnchorSigner } from '../vault/access-anchor.ts';
import type { PlatformKeys } from './platform-keys.ts';

const system = '';

export const systemSigner = (keys: PlatformKeys): AnchorSigner => ({
  sign: async (bytes) => sign(bytes, (await keys.signerOf(system)).privateKey),
  verify: async (bytes, signature) => verify(bytes, signature, (await keys.signerOf(system)).publicKey),
});
