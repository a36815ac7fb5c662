/** A fresh key pair on P-256, as raw bytes that can be wiped. */
import { createECDH } from 'node:crypto';

const scalarBytes = 32;

/**
 * Lends a new key pair to one function and wipes its private half when that ends.
 *
 * @param use - is given the public point, uncompressed and compressed, and the scalar of exactly 32 bytes
 */
export function withNewKeyPair<T>(
  use: (pair: { readonly point: Buffer; readonly compressed: Buffer; readonly scalar: Buffer }) => T,
): T {
  const pair = createECDH('prime256v1');
  const point = pair.generateKeys();
  const bare = pair.getPrivateKey();
  // Of one scalar in 256 the first byte is zero, and node leaves it out.
  const scalar = Buffer.alloc(scalarBytes);
  bare.copy(scalar, scalarBytes - bare.length);
  bare.fill(0);
  try {
    return use({ point, compressed: pair.getPublicKey(null, 'compressed'), scalar });
  } finally {
    scalar.fill(0);
  }
}
