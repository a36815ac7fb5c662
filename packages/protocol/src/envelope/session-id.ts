/**
 * A tokenization session's id is its public key: `tsess_` and the base64url of the compressed P-256 point. So a browser
 * needs no request for a key, and whoever holds the id cannot be given another key. It must never let through a point
 * that is not on the curve.
 */
import { fromBase64Url, toBase64Url } from './base64url.ts';
import { EnvelopeError } from './error.ts';

const prefix = 'tsess_';
const coordinateBytes = 32;

/** P-256: y² = x³ - 3x + b modulo p (SEC 2, secp256r1). */
const p = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

/**
 * @param compressedPoint - 33 bytes, as `ECDH.getPublicKey(null, 'compressed')` of node:crypto gives them
 * @returns `tsess_` and 44 characters
 * @throws EnvelopeError when the length is another
 */
export function sessionIdOf(compressedPoint: Uint8Array): string {
  if (compressedPoint.length !== 1 + coordinateBytes) throw new EnvelopeError('a compressed point has 33 bytes');
  return prefix + toBase64Url(compressedPoint);
}

/**
 * @param sessionId - `tokenSessionId` as the merchant's backend received it
 * @returns the uncompressed point, 65 bytes beginning with 4, as WebCrypto imports it
 * @throws EnvelopeError when it is not a session id, or its point is not on the curve
 */
export function pointOf(sessionId: string): Uint8Array<ArrayBuffer> {
  const bytes = sessionId.startsWith(prefix) ? fromBase64Url(sessionId.slice(prefix.length)) : undefined;
  const sign = bytes?.[0];
  if (bytes?.length !== 1 + coordinateBytes || (sign !== 2 && sign !== 3)) throw notASession();
  const x = bytes.subarray(1).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  const square = (x * x * x - 3n * x + b) % p;
  // p leaves 3 when divided by 4, so this power is a square root, if there is any.
  const root = power(square, (p + 1n) / 4n);
  if (x >= p || (root * root - square) % p !== 0n) throw notASession();
  let y = Number(root & 1n) === sign - 2 ? root : p - root;
  const point = new Uint8Array(1 + 2 * coordinateBytes);
  point[0] = 4;
  point.set(bytes.subarray(1), 1);
  for (let at = point.length - 1; at > coordinateBytes; at--, y >>= 8n) point[at] = Number(y & 255n);
  return point;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % p) {
    if (rest & 1n) result = (result * square) % p;
  }
  return result;
}

const notASession = () => new EnvelopeError('tokenSessionId: not one that tokenization/generate gave out');
