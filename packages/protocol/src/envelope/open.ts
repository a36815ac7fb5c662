/**
 * Opens a card envelope on the server: exactly the JWE that `seal` writes, and nothing else that RFC 7516 would allow. No
 * header chooses anything here: every member is compared with the one value it may have. It must never say why an envelope
 * did not open.
 */
import { contentKey, decrypt, ivBytes, tagBytes } from './content.ts';
import { EnvelopeError } from './error.ts';
import { recordBytes } from './record.ts';

const coordinateBytes = 32;
/** What `seal` writes has 684 characters; whatever is far longer is not decoded at all. */
const envelopeLimit = 1024;

/**
 * @param jwe - `encryptedCard` as it was received
 * @param sessionId - the session it was submitted to; an envelope for another session does not open
 * @param privateKey - the session's private scalar, 32 bytes; the caller wipes it
 * @returns the 256 bytes for `decodeRecord`; they hold a PAN, and the caller wipes them
 * @throws EnvelopeError, always the same one
 * @example
 * const record = open(encryptedCard, sessionId, privateKey);
 * try { use(decodeRecord(record)) } finally { record.fill(0) }
 */
export function open(jwe: string, sessionId: string, privateKey: Uint8Array): Uint8Array {
  const parts = jwe.length <= envelopeLimit ? jwe.split('.') : [];
  const [protectedHeader = '', encryptedKey, iv = '', ciphertext = '', tag = ''] = parts;
  if (parts.length !== 5 || encryptedKey !== '') throw new EnvelopeError();
  const point = ephemeralPoint(protectedHeader, sessionId);
  const sealed = {
    additionalData: Buffer.from(protectedHeader, 'latin1'),
    iv: bytesOf(iv, ivBytes),
    ciphertext: bytesOf(ciphertext, recordBytes),
    tag: bytesOf(tag, tagBytes),
  };
  const key = contentKey(point, privateKey);
  try {
    return decrypt(key, sealed);
  } finally {
    key.fill(0);
  }
}

/** The writer's point, out of a header that says exactly what it must and says it in one spelling. */
function ephemeralPoint(protectedHeader: string, sessionId: string): Buffer {
  const header = membersOf(parse(Buffer.from(protectedHeader, 'base64url').toString()), ['alg', 'enc', 'epk', 'kid']);
  const epk = membersOf(header.epk, ['crv', 'kty', 'x', 'y']);
  // Written again it is the same text: so there was no member twice, no blank, no invalid UTF-8 and no loose base64url.
  const isCanonical = Buffer.from(JSON.stringify(header)).toString('base64url') === protectedHeader;
  const isOurs = header.alg === 'ECDH-ES' && header.enc === 'A256GCM' && header.kid === sessionId;
  if (!isCanonical || !isOurs || epk.kty !== 'EC' || epk.crv !== 'P-256') throw new EnvelopeError();
  return Buffer.concat([Buffer.of(4), bytesOf(epk.x, coordinateBytes), bytesOf(epk.y, coordinateBytes)]);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new EnvelopeError();
  }
}

/** @param names - in alphabetical order; there may be no others */
function membersOf(value: unknown, names: readonly string[]): Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject || Object.keys(value).sort().join() !== names.join()) throw new EnvelopeError();
  return value as Record<string, unknown>;
}

function bytesOf(text: unknown, length: number): Buffer {
  const bytes = Buffer.from(typeof text === 'string' ? text : '', 'base64url');
  if (bytes.length !== length || bytes.toString('base64url') !== text) throw new EnvelopeError();
  return bytes;
}
