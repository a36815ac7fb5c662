/**
 * Sealing at rest: AES-256-GCM, bound to what it is, whose it is, which record it is and which key made it, so that a
 * ciphertext moved elsewhere does not open. Layout: 0x01 ‖ data key id (16) ‖ nonce (12) ‖ ciphertext ‖ tag (16).
 * It must never say why something did not open, nor give out a byte of what was not proven whole.
 */
import { createCipheriv, type KeyObject, randomBytes } from 'node:crypto';
import { decrypt } from '@waffo/protocol/envelope/content';
import { EnvelopeError } from '@waffo/protocol/envelope/error';

const version = 1;
const keyIdBytes = 16;
const nonceBytes = 12;
const tagBytes = 16;
const nonceAt = 1 + keyIdBytes;
const ciphertextAt = nonceAt + nonceBytes;

/** What a ciphertext is bound to. */
export interface Binding {
  readonly purpose: 'card' | 'session' | 'secret' | 'dek' | 'cvv';
  readonly merchantId: string;
  /** The record that holds the ciphertext. */
  readonly recordId: string;
}

export interface SealingKey {
  /** UUID, in lower case. */
  readonly keyId: string;
  /** 32 bytes; a `KeyObject` prints nothing of them. */
  readonly key: KeyObject;
}

/** A sealed value does not open. One message for every cause: nothing about why may reach a caller. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
  constructor() {
    super('a sealed value does not open');
  }
}

/**
 * Seals bytes under a fresh random nonce. One key may seal 2^32 values before nonces are likely enough to repeat.
 *
 * @param plaintext - any length; the caller wipes it
 * @returns 45 bytes more than the plaintext
 * @example
 * const sealed = seal(key, { purpose: 'card', merchantId: 'M1', recordId: cardId }, record);
 */
export function seal({ keyId, key }: SealingKey, binding: Binding, plaintext: Uint8Array): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(aadOf(binding, keyId));
  const ciphertext = [cipher.update(plaintext), cipher.final()];
  return Buffer.concat([Buffer.of(version), uuidBytes(keyId), nonce, ...ciphertext, cipher.getAuthTag()]);
}

/**
 * The key that sealed these bytes, as they claim; `open` proves it.
 *
 * @returns a UUID
 * @throws SealBroken when they are too short or of another version
 */
export function keyIdOf(sealed: Buffer): string {
  if (sealed.length < ciphertextAt + tagBytes || sealed[0] !== version) throw new SealBroken();
  const hex = sealed.toString('hex', 1, nonceAt);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * Opens what `seal` made with the same key for the same binding.
 *
 * @returns the plaintext; the caller wipes it
 * @throws SealBroken when anything at all is not as it was sealed
 */
export function open({ keyId, key }: SealingKey, binding: Binding, sealed: Buffer): Buffer {
  if (keyIdOf(sealed) !== keyId) throw new SealBroken();
  try {
    return decrypt(key, {
      additionalData: aadOf(binding, keyId),
      iv: sealed.subarray(nonceAt, ciphertextAt),
      ciphertext: sealed.subarray(ciphertextAt, sealed.length - tagBytes),
      tag: sealed.subarray(sealed.length - tagBytes),
    });
  } catch (error) {
    if (error instanceof EnvelopeError) throw new SealBroken();
    throw error;
  }
}

/** Each part with its length before it, so that no two bindings can spell the same bytes. */
function aadOf({ purpose, merchantId, recordId }: Binding, keyId: string): Buffer {
  const parts = [`${purpose}/1`, merchantId, recordId, keyId].map((part) => Buffer.from(part));
  return Buffer.concat(parts.flatMap((part) => [lengthOf(part), part]));
}

function lengthOf(part: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return length;
}

const uuidBytes = (uuid: string): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex');
