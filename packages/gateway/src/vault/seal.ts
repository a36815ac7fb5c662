/**
 * Sealing at rest: AES-256-GCM, bound to what it is, whose it is, which record it is and which key made it, so that a
 * ciphertext moved elsewhere does not open. Layout: 0x01 ‖ data key id (16) ‖ nonce (12) ‖ ciphertext ‖ tag (16).
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const version = 1;
const header = 1 + 16 + 12;
const tagBytes = 16;
const nonceBytes = 12;

/** What a ciphertext is bound to. */
export interface Binding {
  readonly purpose: 'card' | 'session' | 'secret' | 'dek';
  readonly merchantId: string;
  /** The record that holds the ciphertext. */
  readonly recordId: string;
}

export interface SealingKey {
  /** UUID. */
  readonly keyId: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

/** A sealed value does not open. One message for every cause: nothing about why may reach a caller. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
  constructor() {
    super('a sealed value does not open');
  }
}

/** @returns the sealed bytes */
export function seal({ keyId, key }: SealingKey, binding: Binding, plaintext: Uint8Array): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(aadOf(binding, keyId));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([Buffer.of(version), uuidBytes(keyId), nonce, ciphertext, cipher.getAuthTag()]);
}

/** The key that sealed these bytes. @throws SealBroken when they are too short or of another version */
export function keyIdOf(sealed: Buffer): string {
  if (sealed.length < header + tagBytes || sealed[0] !== version) throw new SealBroken();
  const hex = sealed.toString('hex', 1, 17);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * @returns the plaintext; the caller wipes it
 * @throws SealBroken when anything at all is not as it was sealed
 */
export function open({ keyId, key }: SealingKey, binding: Binding, sealed: Buffer): Buffer {
  if (keyIdOf(sealed) !== keyId) throw new SealBroken();
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(17, header), { authTagLength: tagBytes });
  decipher.setAAD(aadOf(binding, keyId));
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  const plaintext = decipher.update(sealed.subarray(header, sealed.length - tagBytes));
  try {
    decipher.final();
  } catch {
    plaintext.fill(0);
    throw new SealBroken();
  }
  return plaintext;
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
