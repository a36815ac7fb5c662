/**
 * Why a request was refused, told step by step in the order in which the door looks (design D-10): for `waffo doctor`,
 * which is given the request as it was on the wire. It changes nothing and performs nothing.
 */
import { faults } from '@waffo/protocol/codes';
import { apiPrefix, type Operation } from '@waffo/protocol/operation';
import { apiKeyHeader, signatureHeader } from '@waffo/protocol/signature';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { findMerchantByApiKey, findMerchantByClientKey } from '../merchant/find.ts';
import type { Merchant } from '../merchant/merchant.ts';
import { requireJson, requireOwnMerchant } from './dispatch.ts';
import { hintFor } from './hint.ts';
import { parseRequest } from './parse-request.ts';
import { signatureCause } from './signature-cause.ts';

/** A request as it was sent. */
export interface SentRequest {
  readonly method: string;
  /** With or without an origin before it, e.g. `/api/v1/order/create`. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Finding {
  readonly ok: boolean;
  /** One sentence: what is right, or what is wrong and what to do. */
  readonly says: string;
}

type Deps = Pick<Gateway, 'database' | 'platformKeys'>;

const bodyLimitBytes = 65_536;

/**
 * @param operations - the ones that are served
 * @returns what was looked at, in order; the last is not ok when the request would be refused at the door
 */
export async function diagnose(deps: Deps, operations: readonly Operation[], sent: SentRequest): Promise<Finding[]> {
  const findings: Finding[] = [];
  try {
    for await (const finding of steps(deps, operations, sent)) findings.push(finding);
  } catch (error) {
    if (error instanceof Fault) findings.push({ ok: false, says: `${error.message} (${faults[error.fault].code})` });
    else if (error instanceof Refusal) findings.push({ ok: false, says: error.message });
    else throw error;
  }
  return findings;
}

/** What ends the look at a request: later steps would say nothing. */
class Refusal extends Error {}

const right = (says: string): Finding => ({ ok: true, says });

async function* steps(deps: Deps, operations: readonly Operation[], sent: SentRequest): AsyncGenerator<Finding> {
  const operation = operationOf(operations, sent);
  yield right(`${sent.method} ${operation.path} is an operation`);
  if (sent.body.length > bodyLimitBytes)
    throw new Refusal(`the body has ${sent.body.length} bytes; at most ${bodyLimitBytes} are taken`);
  requireJson(sent);
  yield right(`the body is JSON by its Content-Type, ${sent.body.length} bytes`);
  const merchant = await callerOf(deps, operation, sent);
  yield right(`the key belongs to ${merchant.merchantId} (${merchant.name})`);
  if (operation.door === 'merchant') {
    const cause = await signedBy(deps, merchant, sent);
    if (cause !== undefined) throw new Refusal(cause);
    yield right('the signature fits the body');
  }
  const body = parseRequest(operation.request, sent.body).sent;
  yield right(`the body is what ${operation.path} takes`);
  requireOwnMerchant(body, merchant);
  if (merchant.status !== 'ACTIVE') throw new Refusal(`the merchant ${merchant.merchantId} is suspended (A0006)`);
  yield right('nothing at the door refuses this request; look at the code that it was answered with');
}

function operationOf(operations: readonly Operation[], { method, target }: SentRequest): Operation {
  const path = target.replace(/^https?:\/\/[^/]+/, '').replace(/[?#].*$/, '');
  const found = operations.find((operation) => apiPrefix + operation.path === path);
  if (found === undefined) {
    const near = operations.find((operation) => path.endsWith(operation.path.replace(/\/$/, '')));
    const hint =
      near === undefined
        ? `known are ${operations.map((o) => o.path).join(', ')}`
        : `did you mean ${apiPrefix}${near.path}?`;
    throw new Refusal(`there is no operation ${path}: ${hint}`);
  }
  if (method !== 'POST') throw new Refusal(`${found.path} is called with POST, not with ${method}`);
  return found;
}

async function callerOf(deps: Deps, operation: Operation, { headers, body }: SentRequest): Promise<Merchant> {
  const apiKey = headers[apiKeyHeader.toLowerCase()] ?? '';
  const merchant =
    operation.door === 'merchant'
      ? await findMerchantByApiKey(deps, apiKey)
      : (await findMerchantByClientKey(deps, apiKey))?.merchant;
  if (merchant !== undefined) return merchant;
  const trimmed = apiKey.trim().replace(/^["']|["']$/g, '');
  if (trimmed !== apiKey && (await findMerchantByApiKey(deps, trimmed)) !== undefined)
    throw new Refusal('X-API-KEY has white space or quotes around the key');
  const seen = { door: operation.door, apiKey, signature: '', body, publicKeys: [] };
  throw new Refusal(hintFor('API_KEY_INVALID', seen) ?? 'nobody has this key');
}

async function signedBy(deps: Deps, merchant: Merchant, { headers, body }: SentRequest): Promise<string | undefined> {
  const signature = headers[signatureHeader.toLowerCase()] ?? '';
  const [own, system] = await Promise.all([
    deps.platformKeys.signerOf(merchant.merchantId),
    deps.platformKeys.signerOf(''),
  ]);
  return signatureCause({
    signature,
    body,
    publicKeys: merchant.publicKeys,
    otherKeys: [
      { whose: "the platform's own key for this merchant", key: own.publicKey },
      { whose: "the platform's system key", key: system.publicKey },
    ],
  });
}
