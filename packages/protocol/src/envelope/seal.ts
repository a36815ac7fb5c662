/**
 * Seals a card to its session, in the shopper's browser (or in Node): JWE compact serialisation (RFC 7516), `ECDH-ES` on
 * P-256 directly to `A256GCM`. WebCrypto only. It must never offer a choice of algorithm, nor let a card leave unsealed.
 */
import { toBase64Url } from './base64url.ts';
import { concatKdfInput } from './concat-kdf.ts';
import { EnvelopeError } from './error.ts';
import { type CardInput, encodeRecord } from './record.ts';
import { pointOf } from './session-id.ts';

const curve = { name: 'ECDH', namedCurve: 'P-256' } as const;
const ivBytes = 12;
const tagBytes = 16;

/** As much of WebCrypto as sealing needs. */
export type WebCrypto = Pick<typeof globalThis.crypto, 'subtle' | 'getRandomValues'>;

/**
 * @param sessionId - `tokenSessionId`; its point is the recipient's key, and as `kid` it is authenticated
 * @param card - see `CardInput`
 * @param crypto - the page's WebCrypto, or one that was kept before other scripts could change it
 * @returns the envelope, `encryptedCard` of `tokenization/submit`
 * @throws EnvelopeError when the session id is none, when the card does not fit the record (the message names the member),
 *   or where there is no WebCrypto because the page was not loaded over HTTPS
 * @example const encryptedCard = await seal(tokenSessionId, { pan: '4111111111111111', expiry: '12/2028', cvv: '123' })
 */
export async function seal(
  sessionId: string,
  card: CardInput,
  crypto: WebCrypto | undefined = globalThis.crypto,
): Promise<string> {
  if (!crypto?.subtle) throw new EnvelopeError('there is no WebCrypto here; load the page over HTTPS');
  const point = pointOf(sessionId);
  const record = encodeRecord(card);
  try {
    const { key, epk } = await agree(crypto.subtle, point);
    const header = { alg: 'ECDH-ES', enc: 'A256GCM', epk, kid: sessionId };
    const protectedHeader = toBase64Url(utf8(JSON.stringify(header)));
    const iv = crypto.getRandomValues(new Uint8Array(ivBytes));
    const options = { name: 'AES-GCM', iv, additionalData: utf8(protectedHeader), tagLength: 8 * tagBytes };
    const sealed = new Uint8Array(await crypto.subtle.encrypt(options, key, record));
    const ciphertext = sealed.subarray(0, -tagBytes);
    const tag = sealed.subarray(-tagBytes);
    return `${protectedHeader}..${toBase64Url(iv)}.${toBase64Url(ciphertext)}.${toBase64Url(tag)}`;
  } finally {
    record.fill(0);
  }
}

/** A content key that only the holder of the session's private half can find again, given `epk`. */
async function agree(subtle: typeof globalThis.crypto.subtle, point: Uint8Array<ArrayBuffer>) {
  const recipient = await subtle.importKey('raw', point, curve, false, []);
  const ephemeral = await subtle.generateKey(curve, false, ['deriveBits']);
  const secret = await subtle.deriveBits({ name: 'ECDH', public: recipient }, ephemeral.privateKey, 256);
  const digest = await subtle.digest('SHA-256', concatKdfInput(new Uint8Array(secret), 'A256GCM', 256));
  const key = await subtle.importKey('raw', digest, 'AES-GCM', false, ['encrypt']);
  const { kty, crv, x, y } = await subtle.exportKey('jwk', ephemeral.publicKey);
  return { key, epk: { kty, crv, x, y } };
}

const utf8 = (text: string) => new TextEncoder().encode(text);
