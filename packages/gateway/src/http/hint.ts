/**
 * Sandbox only: says why a request was refused at the door, as far as the request itself shows it. Production never tells
 * one cause from another (design D-10).
 */
import { constants, type KeyObject, verify as verifyBytes } from 'node:crypto';
import type { FaultName } from '@waffo/protocol/codes';
import type { Door } from '@waffo/protocol/operation';
import { verify } from '@waffo/protocol/signature';

/** What the door saw. */
export interface Seen {
  readonly door: Door;
  readonly apiKey: string;
  readonly signature: string;
  readonly body: Buffer;
  /** The merchant's active public keys, when the key told the merchant. */
  readonly publicKeys: readonly KeyObject[];
}

/**
 * @returns one ASCII sentence for the header `X-Waffo-Hint`; undefined when the message of the fault says it all
 * @example hintFor('SIGNATURE_INVALID', { ...seen, signature: '' }) // 'the header X-SIGNATURE is missing'
 */
export function hintFor(fault: FaultName, seen: Seen): string | undefined {
  if (fault === 'API_KEY_INVALID') return apiKeyHint(seen);
  return fault === 'SIGNATURE_INVALID' ? signatureHint(seen) : undefined;
}

function apiKeyHint({ door, apiKey }: Seen): string {
  if (apiKey === '') return 'the header X-API-KEY is missing';
  if (apiKey.startsWith('wk_live_') || apiKey.startsWith('wck_live_'))
    return 'this is a production key, and here is the sandbox';
  if (door === 'merchant' && apiKey.startsWith('wck_'))
    return 'this is the client API key; a backend uses the API key, wk_test_...';
  if (door === 'browser' && apiKey.startsWith('wk_')) {
    return 'this is the secret API key; a page uses the client API key, wck_test_..., and must never hold the other';
  }
  return 'nobody here has this key; the keys of this sandbox are in sandbox.json of its home folder';
}

function signatureHint({ signature, body, publicKeys }: Seen): string {
  if (signature === '') return 'the header X-SIGNATURE is missing';
  const bytes = Buffer.from(signature, 'base64');
  if (bytes.toString('base64') !== signature) return 'X-SIGNATURE is not base64 with padding in one line';
  const fits = (candidate: Buffer) => publicKeys.some((key) => verify(candidate, signature, key));
  if (rewritings(body).some(fits)) {
    return 'the signature fits this JSON written in another way: sign the very bytes that are sent, and do not write them again';
  }
  if (publicKeys.some((key) => verifyBytes('sha256', body, { key, padding: constants.RSA_PKCS1_PSS_PADDING }, bytes))) {
    return 'this is RSASSA-PSS; expected RSASSA-PKCS1-v1_5 with SHA-256';
  }
  return 'the signature is over other bytes, or by another key than the registered ones';
}

/** What clients often sign in place of the bytes they send. */
function rewritings(body: Buffer): Buffer[] {
  const text = body.toString();
  const value = parsed(text);
  const texts =
    value === undefined ? [text.trim()] : [text.trim(), JSON.stringify(value), JSON.stringify(value, undefined, 2)];
  return texts.filter((candidate) => candidate !== text).map((candidate) => Buffer.from(candidate));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
