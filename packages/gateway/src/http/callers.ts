/**
 * Who calls. A merchant's backend shows its API key and signs the raw body; a shopper's page shows the merchant's client
 * key and comes from an origin that the merchant registered. Nothing here reads the body's meaning.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { apiKeyHeader, signatureHeader, verify } from '@waffo/protocol/signature';
import { urlIn } from '@waffo/protocol/url';
import type { BrowserCaller, Caller, MerchantCaller } from '../caller.ts';
import { Fault } from '../fault.ts';
import type { Gateway } from '../gateway.ts';
import { keyIdOf } from '../id.ts';
import { networkOf } from '../limits/limit.ts';
import { findMerchantByApiKey, findMerchantByClientKey } from '../merchant/find.ts';
import type { Merchant } from '../merchant/merchant.ts';
import type { Strangers } from './strangers.ts';

/** A request as it arrived. */
export interface Incoming {
  readonly requestId: string;
  /** The client's IP address. */
  readonly address: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Called as soon as the key tells the merchant, before anything else is proved, so that a refusal can be signed for it. */
type Recognised = (merchant: Merchant) => Promise<void>;

type Deps = Pick<Gateway, 'database' | 'config'> & { readonly strangers: Strangers };

/** One header's text; empty when it is absent. Repeated headers arrive joined and fit nothing. */
export function headerOf(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name.toLowerCase()];
  return typeof value === 'string' ? value : '';
}

/**
 * @throws Fault `API_KEY_INVALID`, the same for an absent and an unknown key; `SIGNATURE_INVALID`, the same for whatever
 *   is wrong with a signature; `PERMISSION_DENIED` for a foreign origin; `TOO_MANY_REQUESTS` when too many show new keys
 */
export function identify(
  door: Caller['door'],
  deps: Deps,
  incoming: Incoming,
  recognised: Recognised,
): Promise<Caller> {
  return door === 'merchant'
    ? identifyMerchant(deps, incoming, recognised)
    : identifyBrowser(deps, incoming, recognised);
}

/** What is no key at all costs no look-up, and is told so below. */
function refuseStrangers({ strangers }: Deps, prefix: 'wk' | 'wck', key: string): void {
  if (keyIdOf(prefix, key) === undefined || strangers.mayLookUp(key)) return;
  throw new Fault('TOO_MANY_REQUESTS', undefined, { retryAfterSeconds: 1 });
}

async function identifyMerchant(deps: Deps, incoming: Incoming, recognised: Recognised): Promise<MerchantCaller> {
  const { headers, body, requestId } = incoming;
  const apiKey = headerOf(headers, apiKeyHeader);
  refuseStrangers(deps, 'wk', apiKey);
  const merchant = await findMerchantByApiKey(deps, apiKey);
  if (merchant === undefined) throw new Fault('API_KEY_INVALID');
  await recognised(merchant);
  const signature = headerOf(headers, signatureHeader);
  const proved = merchant.publicKeys.some((key) => verify(body, signature, key));
  if (!proved) throw new Fault('SIGNATURE_INVALID');
  return { door: 'merchant', merchant, requestId };
}

async function identifyBrowser(deps: Deps, incoming: Incoming, recognised: Recognised): Promise<BrowserCaller> {
  const { headers, requestId } = incoming;
  const clientKey = headerOf(headers, apiKeyHeader);
  refuseStrangers(deps, 'wck', clientKey);
  const found = await findMerchantByClientKey(deps, clientKey);
  if (found === undefined) throw new Fault('API_KEY_INVALID');
  await recognised(found.merchant);
  const isRegistered = (candidate: string): boolean =>
    found.origins.includes(candidate) || (deps.config.environment === 'sandbox' && isLoopback(candidate));
  const { origin } = headers;
  if (origin !== undefined && !isRegistered(origin)) {
    throw new Fault('PERMISSION_DENIED', 'Origin: not registered for this client API key');
  }
  const mayReturnTo = (text: string): boolean => {
    const url = urlIn(text);
    return url !== undefined && isRegistered(url.origin);
  };
  const network = networkOf(incoming.address);
  return { door: 'browser', merchant: found.merchant, origin, network, requestId, mayReturnTo };
}

/**
 * @param origin - as browsers send it
 * @returns whether it is a page of the developer's own machine
 * @example isLoopback('http://localhost:3000') // true
 */
export function isLoopback(origin: string): boolean {
  const url = urlIn(origin);
  if (url?.origin !== origin || !/^https?:$/.test(url.protocol)) return false;
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]|[^/]+\.localhost)$/.test(url.hostname);
}
