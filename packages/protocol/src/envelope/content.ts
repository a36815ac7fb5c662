/**
 * The two cryptographic steps of opening an envelope, without a word of JOSE: agreeing on the content key (ECDH on P-256,
 * Concat KDF) and opening the content (AES-256-GCM). Apart from `open`, so that published vectors can be run through the
 * very code that opens cards. It must leave no secret behind, and say nothing of why something does not open.
 */
import { createCipheriv, createECDH, createHash, type KeyObject, timingSafeEqual } from 'node:crypto';
import { concatKdfInput } from './concat-kdf.ts';
import { EnvelopeError } from './error.ts';

export const ivBytes = 12;
export const tagBytes = 16;

/** What AES-GCM needs besides the key. */
export interface Sealed {
  readonly additionalData: Uint8Array;
  /** 12 bytes. */
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  /** 16 bytes. */
  readonly tag: Uint8Array;
}

/**
 * @param point - the writer's ephemeral public key, uncompressed: 65 bytes beginning with 4
 * @param privateKey - the session's scalar, 32 bytes
 * @returns the 32 bytes that `A256GCM` takes; the caller wipes them
 * @throws EnvelopeError when the point is not on the curve, or the scalar is none
 */
export function contentKey(point: Uint8Array, privateKey: Uint8Array): Buffer {
  const secret = sharedSecret(point, privateKey);
  const input = concatKdfInput(secret, 'A256GCM', 256);
  try {
    return createHash('sha256').update(input).digest();
  } finally {
    secret.fill(0);
    input.fill(0);
  }
}

/** OpenSSL refuses a point that is not on the curve, and with it the attack that would read the private key out. */
function sharedSecret(point: Uint8Array, privateKey: Uint8Array): Buffer {
  try {
    const ecdh = createECDH('prime256v1');
    ecdh.setPrivateKey(privateKey);
    return ecdh.computeSecret(point);
  } catch {
    throw new EnvelopeError();
  }
}

/**
 * AES-256-GCM, opened without node's `Decipher`: its `update` makes the plaintext twice and frees one copy unwiped, where a
 * CVV was found seconds later. Here the cipher only ever gives out key stream; the plaintext arises in the one buffer that
 * the caller wipes, and is proven by making its tag anew.
 *
 * @param key - of `contentKey`
 * @returns what was sealed; the caller wipes it
 * @throws EnvelopeError when a single bit of anything is another
 */
export function decrypt(key: Uint8Array | KeyObject, { additionalData, iv, ciphertext, tag }: Sealed): Buffer {
  const content = Buffer.alloc(ciphertext.length);
  const stream = cipherOf(key, iv).update(content);
  for (const [at, byte] of ciphertext.entries()) content[at] = byte ^ (stream[at] ?? 0);
  stream.fill(0);
  const proof = cipherOf(key, iv).setAAD(additionalData);
  proof.update(content);
  proof.final();
  if (tag.length === tagBytes && timingSafeEqual(proof.getAuthTag(), tag)) return content;
  content.fill(0);
  throw new EnvelopeError();
}

const cipherOf = (key: Uint8Array | KeyObject, iv: Uint8Array) =>
  createCipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes });
