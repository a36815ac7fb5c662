/**
 * Signatures of the API (contract section 3): RSASSA-PKCS1-v1_5 with SHA-256 over the exact bytes of an HTTP body, in
 * canonical base64. Keys are parsed once into `KeyObject`s and kept, for parsing costs more than signing. It must never
 * see a body that was parsed and written again, and never put key material into an error.
 */
import {
  constants,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign as signBytes,
  verify as verifyBytes,
} from 'node:crypto';

/** The header that carries the base64 signature of the body. */
export const signatureHeader = 'X-SIGNATURE';

/** The header that carries the caller's API key. */
export const apiKeyHeader = 'X-API-KEY';

/** A text that is not the key it should be. The message says what is expected and repeats nothing of the text. */
export class SignatureKeyError extends Error {
  override readonly name = 'SignatureKeyError';
}

/** A 4096-bit private key in PEM has some 3,300 characters. */
const keyTextLimit = 8192;

/**
 * @param text - RSA private key: base64 of PKCS#8 DER in one line (what `exportPrivateKey` writes), base64 of PKCS#1 DER,
 *   or unencrypted PEM of either; white space around and between is ignored
 * @throws SignatureKeyError
 * @example const key = parsePrivateKey(process.env.MERCHANT_PRIVATE_KEY)
 */
export function parsePrivateKey(text: string): KeyObject {
  const key = privateKeyIn(text);
  if (key === undefined) {
    throw new SignatureKeyError('the private key must be an RSA key as base64 of PKCS#8 DER or as unencrypted PEM');
  }
  return requireRsa(key);
}

/**
 * @param text - RSA public key: base64 of SubjectPublicKeyInfo DER in one line (what `exportPublicKey` writes), or PEM;
 *   white space around and between is ignored
 * @throws SignatureKeyError, also for a private key
 * @example const key = parsePublicKey(process.env.WAFFO_PUBLIC_KEY)
 */
export function parsePublicKey(text: string): KeyObject {
  const key = publicKeyIn(text);
  if (key !== undefined) return requireRsa(key);
  if (privateKeyIn(text) !== undefined) {
    throw new SignatureKeyError('this is a private key; give the public key that belongs to it');
  }
  throw new SignatureKeyError('the public key must be an RSA key as base64 of SubjectPublicKeyInfo DER or as PEM');
}

/**
 * A public key that a merchant registers: as `parsePublicKey`, and besides strictly encoded, of 2048 to 4096 bits and with
 * the exponent 65537, which leaves no room for the known forgeries (design D-09).
 *
 * @throws SignatureKeyError with a sentence that the merchant can act on
 */
export function checkMerchantKey(text: string): KeyObject {
  if (privateKeyIn(text) !== undefined) {
    throw new SignatureKeyError(
      'this is a private key; register the public key, and replace this pair because it has been shown',
    );
  }
  const key = parsePublicKey(text);
  const { modulusLength = 0, publicExponent } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < 2048 || modulusLength > 4096) {
    throw new SignatureKeyError('the modulus must have 2048 to 4096 bits; make a new pair of 2048 bits');
  }
  if (publicExponent !== 65537n) {
    throw new SignatureKeyError('the public exponent must be 65537; make a new pair');
  }
  const modulus = Buffer.from(key.export({ format: 'jwk' }).n ?? '', 'base64url');
  const isOdd = ((modulus.at(-1) ?? 0) & 1) === 1;
  if (!isOdd || !key.export({ format: 'der', type: 'spki' }).equals(derIn(text, publicLabel) ?? Buffer.alloc(0))) {
    throw new SignatureKeyError(
      'the key is not strictly encoded SubjectPublicKeyInfo; export it again with openssl pkey -pubout',
    );
  }
  return key;
}

/** @returns base64 of SubjectPublicKeyInfo DER, one line; a private key gives its public half */
export function exportPublicKey(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
}

/** @returns base64 of PKCS#8 DER, one line; unencrypted, so mind where it goes */
export function exportPrivateKey(key: KeyObject): string {
  return key.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}

/**
 * Signs in the thread pool, so that the event loop stays free.
 *
 * @param body - the bytes that will be sent, unchanged
 * @param privateKey - see `parsePrivateKey`
 * @returns base64 with padding; the same body and key always give the same signature
 * @example headers[signatureHeader] = await sign(body, key)
 */
export function sign(body: Uint8Array, privateKey: KeyObject): Promise<string> {
  return new Promise((resolve, reject) => {
    signBytes('sha256', body, { key: privateKey, padding: constants.RSA_PKCS1_PADDING }, (error, signature) => {
      if (error === null) resolve(signature.toString('base64'));
      else reject(error);
    });
  });
}

/**
 * @param body - the bytes as they were received
 * @param signature - base64 in the one canonical form; url-safe letters, missing padding or a line break do not pass
 * @param publicKey - see `parsePublicKey`
 * @returns false for whatever is not a signature of these bytes by this key
 * @example if (!verify(rawBody, request.headers['x-signature'] ?? '', waffoPublicKey)) throw new Error('not from Waffo')
 */
export function verify(body: Uint8Array, signature: string, publicKey: KeyObject): boolean {
  const { modulusLength = 0 } = publicKey.asymmetricKeyDetails ?? {};
  const bytes = Buffer.from(signature, 'base64');
  const isCanonical = bytes.toString('base64') === signature;
  if (!isCanonical || bytes.length === 0 || bytes.length !== Math.ceil(modulusLength / 8)) return false;
  return verifyBytes('sha256', body, { key: publicKey, padding: constants.RSA_PKCS1_PADDING }, bytes);
}

const privateLabel = /^(?:RSA )?PRIVATE KEY$/;
const publicLabel = /^PUBLIC KEY$/;

function privateKeyIn(text: string): KeyObject | undefined {
  const der = derIn(text, privateLabel);
  if (der === undefined) return undefined;
  return (
    attempt(() => createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })) ??
    attempt(() => createPrivateKey({ key: der, format: 'der', type: 'pkcs1' }))
  );
}

function publicKeyIn(text: string): KeyObject | undefined {
  const der = derIn(text, publicLabel);
  return der && attempt(() => createPublicKey({ key: der, format: 'der', type: 'spki' }));
}

/** The DER bytes of a PEM block with such a label, or of bare base64; undefined when it is neither. */
function derIn(text: string, label: RegExp): Buffer | undefined {
  if (text.length > keyTextLimit) return undefined;
  const pem = /^\s*-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----\s*$/.exec(text);
  if (pem !== null && !label.test(pem[1] ?? '')) return undefined;
  const base64 = (pem?.[2] ?? text).replace(/\s/g, '');
  const der = Buffer.from(base64, 'base64');
  return der.length > 0 && der.toString('base64') === base64 ? der : undefined;
}

function attempt(parse: () => KeyObject): KeyObject | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

function requireRsa(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'rsa') throw new SignatureKeyError('the key must be an RSA key');
  return key;
}
