/**
 * The envelope in which cards travel between vaults: JWE compact serialisation (RFC 7516), `ECDH-ES` on P-256 directly to
 * `A256GCM`, as any JOSE library writes it. Another algorithm is never taken, whatever a header asks for. It must never
 * tell anything of the content.
 */
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { contentKey, decrypt, ivBytes, tagBytes } from '@waffo/protocol/envelope/content';
import { EnvelopeError } from '@waffo/protocol/envelope/error';
import { withNewKeyPair } from './key-pair.ts';

const coordinateBytes = 32;

/** A line that is not taken, or a key that is none. The message is words for a person, and holds nothing of a card. */
export class TransferRefused extends Error {
  override readonly name = 'TransferRefused';
}

/** A P-256 public key as the other side is given it (RFC 7517). */
export interface TransferKey {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  /** Its thumbprint (RFC 7638), by which two people can compare it. */
  readonly kid: string;
  readonly use: 'enc';
  readonly alg: 'ECDH-ES';
}

/** @param point - 65 bytes, uncompressed */
export function transferKeyOf(point: Buffer): TransferKey {
  const x = point.toString('base64url', 1, 1 + coordinateBytes);
  const y = point.toString('base64url', 1 + coordinateBytes);
  const kid = createHash('sha256')
    .update(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y }))
    .digest('base64url');
  return { kty: 'EC', crv: 'P-256', x, y, kid, use: 'enc', alg: 'ECDH-ES' };
}

/**
 * The point of a recipient's public key.
 *
 * @param jwk - JSON text of a P-256 public key
 * @returns 65 bytes, uncompressed
 * @throws TransferRefused that says what to bring instead
 */
export function recipientPoint(jwk: string): Buffer {
  const key = objectOf(jwk);
  if (key === undefined) throw new TransferRefused('the recipient key is no JSON object; bring a JWK (RFC 7517)');
  if ('d' in key) throw new TransferRefused('the recipient key is a private key; bring its public half only');
  const point = pointOf(key);
  if (point === undefined) throw new TransferRefused('the recipient key must be an EC key on P-256 with x and y');
  try {
    sealTransfer(Buffer.alloc(0), point);
  } catch {
    throw new TransferRefused('the recipient key is not a point of P-256');
  }
  return point;
}

/**
 * Seals one message to a recipient.
 *
 * @param plaintext - the caller wipes it
 * @param recipient - from `recipientPoint`
 * @returns the compact serialisation; its header names the recipient's key by thumbprint
 */
export function sealTransfer(plaintext: Uint8Array, recipient: Buffer): string {
  return withNewKeyPair(({ point, scalar }) => {
    const key = contentKey(recipient, scalar);
    try {
      const { kty, crv, x, y } = transferKeyOf(point);
      const header = { alg: 'ECDH-ES', enc: 'A256GCM', kid: transferKeyOf(recipient).kid, epk: { kty, crv, x, y } };
      const protectedHeader = Buffer.from(JSON.stringify(header)).toString('base64url');
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes });
      cipher.setAAD(Buffer.from(protectedHeader, 'latin1'));
      const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
      const bytes = [iv, ciphertext, cipher.getAuthTag()];
      return [protectedHeader, '', ...bytes.map((part) => part.toString('base64url'))].join('.');
    } finally {
      key.fill(0);
    }
  });
}

/**
 * Opens one message.
 *
 * @param jwe - as it was received
 * @param own - our key pair; the caller wipes the scalar
 * @returns the plaintext; the caller wipes it
 * @throws TransferRefused when it does not open
 */
export function openTransfer(jwe: string, own: { readonly point: Buffer; readonly scalar: Buffer }): Buffer {
  const parts = jwe.split('.');
  const [protectedHeader = '', encryptedKey, iv = '', ciphertext = '', tag = ''] = parts;
  const header = objectOf(Buffer.from(protectedHeader, 'base64url').toString());
  if (parts.length !== 5 || encryptedKey !== '' || header === undefined || !isOurKind(header)) throw unlike();
  if (header.kid !== undefined && header.kid !== transferKeyOf(own.point).kid) throw forAnother();
  const epk = typeof header.epk === 'object' && header.epk !== null ? pointOf({ ...header.epk }) : undefined;
  if (epk === undefined) throw unlike();
  const sealed = {
    additionalData: Buffer.from(protectedHeader, 'latin1'),
    iv: Buffer.from(iv, 'base64url'),
    ciphertext: Buffer.from(ciphertext, 'base64url'),
    tag: Buffer.from(tag, 'base64url'),
  };
  if (sealed.iv.length !== ivBytes || sealed.tag.length !== tagBytes) throw unlike();
  try {
    const key = contentKey(epk, own.scalar);
    try {
      return decrypt(key, sealed);
    } finally {
      key.fill(0);
    }
  } catch (error) {
    if (error instanceof EnvelopeError) throw forAnother();
    throw error;
  }
}

const unlike = () => new TransferRefused('the line is no JWE in compact form with ECDH-ES on P-256 and A256GCM');
const forAnother = () =>
  new TransferRefused("the line does not open: encrypted to another key than this merchant's, or changed on its way");

/** Members that change how a message must be read are not taken; names that only describe it are. */
const isOurKind = ({ alg, enc, ...rest }: Readonly<Record<string, unknown>>): boolean =>
  alg === 'ECDH-ES' && enc === 'A256GCM' && !['zip', 'crit', 'apu', 'apv', 'b64'].some((name) => name in rest);

function pointOf({ kty, crv, x, y }: Readonly<Record<string, unknown>>): Buffer | undefined {
  if (kty !== 'EC' || crv !== 'P-256' || typeof x !== 'string' || typeof y !== 'string') return undefined;
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  return point.length === 1 + 2 * coordinateBytes ? point : undefined;
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
