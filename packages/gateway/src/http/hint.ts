/**
 * Sandbox only: says why a request was refused at the door, as far as the request itself shows it. Production never tells
 * one cause from another (design D-10).
 */
import type { KeyObject } from 'node:crypto';
import type { FaultName } from '@waffo/protocol/codes';
import type { Door } from '@waffo/protocol/operation';
import { signatureCause } from './signature-cause.ts';

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
  return fault === 'SIGNATURE_INVALID' ? signatureCause(seen) : undefined;
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
  return 'nobody here has this key; the keys of this sandbox are in sandbox.json and sandbox.env of its home folder (.waffo unless WAFFO_HOME names another)';
}
