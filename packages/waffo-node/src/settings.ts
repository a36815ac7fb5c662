/** What a merchant tells this library, checked once and at once. Its errors name the option, and never repeat its value. */
import type { KeyObject } from 'node:crypto';
import { exportPublicKey, parsePrivateKey, parsePublicKey } from '@waffo/protocol/signature';
import { urlIn } from '@waffo/protocol/url';
import { type ClientCode, WaffoError } from './errors.ts';

/** Which gateway: `sandbox` plays, `production` moves money. */
export type Environment = 'sandbox' | 'production';

/** Options of `new Waffo(...)`. */
export interface WaffoOptions {
  /** The secret API key. Never the client API key, which is for browsers. */
  readonly apiKey: string;
  /** Yours, RSA of 2048 bits or more: base64 of PKCS#8 DER in one line, base64 of PKCS#1 DER, or PEM of either. */
  readonly privateKey: string;
  /** The gateway's for this merchant and environment: base64 of SubjectPublicKeyInfo DER in one line, or PEM. */
  readonly waffoPublicKey: string;
  /** Must be named; a default could move real money by accident. */
  readonly environment: Environment;
  /** Added to every request that names none. */
  readonly merchantId: string;
  /** Address of a gateway of your own, e.g. `http://127.0.0.1:4010`; with or without `/api/v1`. Stands above `environment`. */
  readonly baseUrl?: string | undefined;
  /** Takes the place of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** How long each attempt may take, in ms; 30 000 unless given. */
  readonly timeoutMs?: number | undefined;
  /** Further attempts after a broken connection or a code that asks for one; 2 unless given, 0 for none. */
  readonly maxRetries?: number | undefined;
}

/** Options as they are used. */
export interface Settings {
  readonly apiKey: string;
  readonly privateKey: KeyObject;
  readonly waffoPublicKey: KeyObject;
  readonly merchantId: string;
  /** Ends in `/api/v1`. */
  readonly baseUrl: string;
  readonly fetch: typeof globalThis.fetch;
  readonly timeoutMs: number;
  readonly maxRetries: number;
}

/** Contract section 1. */
const hosts: Readonly<Record<Environment, string>> = {
  sandbox: 'https://api-sandbox.waffo.com',
  production: 'https://api.waffo.com',
};

/** Timers of Node cannot wait longer. */
const longestTimeoutMs = 2 ** 31 - 1;

/** @throws WaffoError that names the option and says how it should look */
export function settingsFrom(options: WaffoOptions): Settings {
  const { environment, fetch = globalThis.fetch, timeoutMs = 30_000, maxRetries = 2 } = options;
  if (!Object.hasOwn(hosts, environment ?? '')) refuse('S0006', "environment must be 'sandbox' or 'production'");
  if (!(timeoutMs > 0 && timeoutMs <= longestTimeoutMs)) refuse('S0006', 'timeoutMs must be a number above 0');
  if (!(Number.isInteger(maxRetries) && maxRetries >= 0))
    refuse('S0006', 'maxRetries must be a whole number, 0 or more');
  if (typeof fetch !== 'function') refuse('S0006', 'fetch must be a function');
  const privateKey = keyIn('S0007', 'privateKey', parsePrivateKey, options);
  const waffoPublicKey = keyIn('S0002', 'waffoPublicKey', parsePublicKey, options);
  if (exportPublicKey(privateKey) === exportPublicKey(waffoPublicKey)) {
    refuse(
      'S0002',
      'waffoPublicKey is the public half of your own privateKey; take the one that the gateway shows you',
    );
  }
  return {
    apiKey: apiKeyIn(options),
    privateKey,
    waffoPublicKey,
    merchantId: textIn('merchantId', options),
    baseUrl: baseUrlFrom(options.baseUrl ?? hosts[environment]),
    fetch,
    timeoutMs,
    maxRetries,
  };
}

/** The variables that the vendor's SDKs read, and one for a gateway of your own. */
const variables = {
  apiKey: 'WAFFO_API_KEY',
  privateKey: 'WAFFO_PRIVATE_KEY',
  waffoPublicKey: 'WAFFO_PUBLIC_KEY',
  environment: 'WAFFO_ENVIRONMENT',
  merchantId: 'WAFFO_MERCHANT_ID',
} as const;

/**
 * @param environment - `process.env`
 * @param options - stand above the variables
 * @throws WaffoError that names the variable which is not set
 */
export function optionsFromEnv(
  environment: Readonly<Record<string, string | undefined>>,
  options: Partial<WaffoOptions>,
): WaffoOptions {
  const read = (name: keyof typeof variables): string => {
    const value = options[name] ?? environment[variables[name]];
    return value === undefined || value.trim() === '' ? refuse('S0006', `${variables[name]} is not set`) : value;
  };
  return {
    ...options,
    apiKey: read('apiKey'),
    privateKey: read('privateKey'),
    waffoPublicKey: read('waffoPublicKey'),
    environment: read('environment').trim().toLowerCase() as Environment,
    merchantId: read('merchantId'),
    baseUrl: options.baseUrl ?? (environment.WAFFO_BASE_URL?.trim() || undefined),
  };
}

function textIn(name: 'apiKey' | 'privateKey' | 'waffoPublicKey' | 'merchantId', options: WaffoOptions): string {
  const value: unknown = options[name];
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : refuse('S0006', `${name} is missing`);
}

function apiKeyIn(options: WaffoOptions): string {
  const apiKey = textIn('apiKey', options);
  if (!/^[!-~]+$/.test(apiKey)) refuse('S0006', 'apiKey must be printable ASCII without white space');
  if (apiKey.startsWith('wck_'))
    refuse('S0006', 'apiKey is the client API key, for browsers; take the secret one, wk_…');
  const other = { sandbox: 'wk_live_', production: 'wk_test_' }[options.environment];
  if (apiKey.startsWith(other)) refuse('S0006', `apiKey is not one of the ${options.environment} environment`);
  return apiKey;
}

/** PEM from an environment variable often has its line breaks written as `\n`. */
function keyIn(
  code: ClientCode,
  name: 'privateKey' | 'waffoPublicKey',
  parse: (text: string) => KeyObject,
  options: WaffoOptions,
): KeyObject {
  const text = textIn(name, options).replaceAll('\\n', '\n');
  try {
    return parse(text);
  } catch (cause) {
    return refuse(code, `${name} cannot be used: ${cause instanceof Error ? cause.message : 'it is no key'}`, cause);
  }
}

function baseUrlFrom(given: string): string {
  const url = urlIn(given);
  const isPlain =
    url !== undefined && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  if (!isPlain || !/^https?:$/.test(url.protocol)) {
    return refuse('S0006', 'baseUrl must be a URL like https://pay.example.com or http://127.0.0.1:4010/api/v1');
  }
  return `${given
    .trim()
    .replace(/\/*$/, '')
    .replace(/\/api\/v1$/, '')}/api/v1`;
}

function refuse(code: ClientCode, message: string, cause?: unknown): never {
  throw new WaffoError({ code, message, retry: 'never', cause });
}
