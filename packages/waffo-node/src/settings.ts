/** What a merchant tells this library, checked once. */
import type { KeyObject } from 'node:crypto';
import { parsePrivateKey, parsePublicKey } from '@waffo/protocol/signature';
import { type ClientCode, WaffoError } from './errors.ts';

/** Options of `new Waffo(...)`. */
export interface WaffoOptions {
  /** From the gateway's operator, `wk_…`. */
  readonly apiKey: string;
  /** Yours: base64 of PKCS#8 (one line), base64 of PKCS#1, or PEM. */
  readonly privateKey: string;
  /** The gateway's: base64 of SubjectPublicKeyInfo (one line), or PEM. */
  readonly waffoPublicKey: string;
  /** Must be named; there is no default that could charge real money by accident. */
  readonly environment: 'sandbox' | 'production';
  /** Added to every request that names none. */
  readonly merchantId: string;
  /** Of a gateway of your own, e.g. `http://127.0.0.1:4010`; with or without `/api/v1`. */
  readonly baseUrl?: string | undefined;
  /** In the place of the global one. */
  readonly fetch?: typeof fetch | undefined;
  /** For each attempt, in ms; 30,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** Further attempts after a connection failure or a code that asks for one; 2 by default. */
  readonly maxRetries?: number | undefined;
}

/** @internal */
export interface Settings {
  readonly apiKey: string;
  readonly privateKey: KeyObject;
  readonly waffoPublicKey: KeyObject;
  readonly merchantId: string;
  /** Ends in `/api/v1`. */
  readonly baseUrl: string;
  readonly fetch: typeof fetch;
  readonly timeoutMs: number;
  readonly maxRetries: number;
}

const hosts = { sandbox: 'https://api-sandbox.waffo.com', production: 'https://api.waffo.com' } as const;

/** @throws WaffoError that names the option and how it should look */
export function settingsFrom(options: WaffoOptions): Settings {
  for (const name of ['apiKey', 'privateKey', 'waffoPublicKey', 'merchantId'] as const) {
    if (typeof options[name] !== 'string' || options[name].trim() === '') refuse('S0006', `${name} is missing`);
  }
  if (!(options.environment in hosts)) refuse('S0006', "environment must be 'sandbox' or 'production'");
  return {
    apiKey: options.apiKey.trim(),
    privateKey: parsed('S0007', 'privateKey', parsePrivateKey, options.privateKey),
    waffoPublicKey: parsed('S0002', 'waffoPublicKey', parsePublicKey, options.waffoPublicKey),
    merchantId: options.merchantId.trim(),
    baseUrl: `${(options.baseUrl ?? hosts[options.environment]).replace(/(?:\/api\/v1)?\/*$/, '')}/api/v1`,
    fetch: options.fetch ?? globalThis.fetch,
    timeoutMs: options.timeoutMs ?? 30_000,
    maxRetries: options.maxRetries ?? 2,
  };
}

/** Reads the environment variables that the vendor's SDKs read. */
export function optionsFromEnv(environment: Readonly<Record<string, string | undefined>>): WaffoOptions {
  const read = (name: string): string => environment[name] ?? refuse('S0006', `${name} is not set`);
  return {
    apiKey: read('WAFFO_API_KEY'),
    privateKey: read('WAFFO_PRIVATE_KEY'),
    waffoPublicKey: read('WAFFO_PUBLIC_KEY'),
    environment: read('WAFFO_ENVIRONMENT').toLowerCase() as WaffoOptions['environment'],
    merchantId: read('WAFFO_MERCHANT_ID'),
    baseUrl: environment.WAFFO_BASE_URL || undefined,
  };
}

function parsed(code: ClientCode, name: string, parse: (text: string) => KeyObject, text: string): KeyObject {
  try {
    return parse(text);
  } catch (cause) {
    return refuse(code, `${name} cannot be read: expected base64 in one line, or PEM`, cause);
  }
}

function refuse(code: ClientCode, message: string, cause?: unknown): never {
  throw new WaffoError({ code, message, retry: 'never', cause });
}
