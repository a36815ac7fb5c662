/** Concat KDF as JWE uses it with ECDH-ES (NIST SP 800-56A 5.8.1, RFC 7518 section 4.6.2): one round of SHA-256. */

const none = new Uint8Array();

/**
 * What is hashed into a key of at most 256 bits; the caller hashes, for WebCrypto and node:crypto do it differently.
 *
 * @param secret - the shared ECDH secret; the returned bytes hold it too
 * @param algorithm - `enc` of the JWE header, as the key is agreed on directly
 * @param keyBits - length of the key
 * @param apu - PartyUInfo; ours is empty
 * @param apv - PartyVInfo; ours is empty
 * @example const key = createHash('sha256').update(concatKdfInput(secret, 'A256GCM', 256)).digest()
 */
export function concatKdfInput(
  secret: Uint8Array,
  algorithm: string,
  keyBits: number,
  apu = none,
  apv = none,
): Uint8Array<ArrayBuffer> {
  const fields = [new TextEncoder().encode(algorithm), apu, apv].flatMap((field) => [
    ...uint32(field.length),
    ...field,
  ]);
  return Uint8Array.from([...uint32(1), ...secret, ...fields, ...uint32(keyBits)]);
}

/** Big-endian; lengths here are below 65536. */
const uint32 = (value: number) => [0, 0, value >> 8, value & 255];
