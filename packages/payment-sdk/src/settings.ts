/** What a `WaffoSDK` is made with. Everything that a page's other scripts could change later is taken hold of here. */
import type { WebCrypto } from '@waffo/protocol/envelope/seal';
import { type Locale, localeOf } from './locale.ts';
import { ownText, ownValue } from './own-value.ts';

/** `production` is `prod`, and `test` is `sandbox`. */
export type WaffoEnvironment = 'prod' | 'production' | 'sandbox' | 'test';

export interface WaffoSDKOptions {
  /** Which gateway to talk to. Needed unless `baseUrl` is given. */
  readonly env?: WaffoEnvironment | undefined;
  /**
   * Language of the messages, a BCP 47 tag. Known are `en`, `zh-Hans`, `zh-Hant` and `ja`, also by region (`zh-HK` is
   * `zh-Hant`, `zh` is `zh-Hans`). Any other is answered in English.
   */
  readonly locale?: string | undefined;
  /** Address of another gateway, e.g. `http://127.0.0.1:4010/api/v1`. Stands above `env`. `/api/v1` may be left out. */
  readonly baseUrl?: string | undefined;
  /** Colours and corners of hosted pages, e.g. `{ variables: { colorPrimary: '#0af' } }`. A binding has none of its own. */
  readonly appearance?: { readonly variables?: Readonly<Record<string, string>> } | undefined;
  /** Takes the place of the page's `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** How long one submission may take in all, repeats included; 30 000 ms unless given. */
  readonly timeoutMs?: number | undefined;
}

/** Options as they are used. */
export interface Settings {
  readonly clientApiKey: string;
  /** Ends in `/api/v1`. */
  readonly baseUrl: string;
  /** Live money: card rules are applied before anything is sent. Elsewhere the gateway knows its own test cards. */
  readonly isProduction: boolean;
  readonly locale: Locale;
  readonly fetch: typeof globalThis.fetch;
  /** Absent where the page was not loaded over HTTPS. */
  readonly crypto: WebCrypto | undefined;
  readonly timeoutMs: number;
}

const production = 'https://api.waffo.com/api/v1';
const sandbox = 'https://api-sandbox.waffo.com/api/v1';
const environments: Readonly<Record<WaffoEnvironment, string>> = {
  prod: production,
  production,
  sandbox,
  test: sandbox,
};

const defaultTimeoutMs = 30_000;

/**
 * @param clientApiKey - see `WaffoSDK`
 * @param options - as the page gave them
 * @throws TypeError for what only a programmer can put right
 */
export function settingsFrom(clientApiKey: unknown, options: unknown): Settings {
  const baseUrl = baseUrlFrom(options);
  const timeoutMs = ownValue(options, 'timeoutMs') ?? defaultTimeoutMs;
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0)) throw new TypeError('WaffoSDK: timeoutMs must be above 0');
  return {
    clientApiKey: keyFrom(clientApiKey),
    baseUrl,
    isProduction: baseUrl === production && ownText(options, 'baseUrl') === '',
    locale: localeOf(ownText(options, 'locale')),
    fetch: fetchFrom(options),
    crypto: cryptoOfPage(),
    timeoutMs,
  };
}

function keyFrom(clientApiKey: unknown): string {
  const key = typeof clientApiKey === 'string' ? clientApiKey.trim() : '';
  if (key === '') throw new TypeError('WaffoSDK: give the client API key, new WaffoSDK("wck_...", { env: "prod" })');
  if (key.startsWith('wk_')) {
    throw new TypeError(
      'WaffoSDK: this is the secret API key; take it off the page and use the client API key, wck_...',
    );
  }
  return key;
}

function baseUrlFrom(options: unknown): string {
  const given = ownText(options, 'baseUrl');
  if (given !== '') return apiUrl(given);
  const env = ownText(options, 'env');
  if (!Object.hasOwn(environments, env)) {
    throw new TypeError('WaffoSDK: env must be "prod", "production", "sandbox" or "test"; or give baseUrl');
  }
  return environments[env as WaffoEnvironment];
}

function apiUrl(given: string): string {
  const url = given.replace(/\/+$/, '');
  if (!/^https?:\/\/[^/?#]+(?:\/[^?#]*)?$/i.test(url)) {
    throw new TypeError('WaffoSDK: baseUrl must be a URL like https://pay.example.com/api/v1');
  }
  return /^https?:\/\/[^/]+$/i.test(url) ? `${url}/api/v1` : url;
}

function fetchFrom(options: unknown): typeof globalThis.fetch {
  const given = ownValue(options, 'fetch') ?? globalThis.fetch;
  if (typeof given !== 'function') throw new TypeError('WaffoSDK: there is no fetch here; give one as options.fetch');
  return given.bind(globalThis) as typeof globalThis.fetch;
}

function cryptoOfPage(): WebCrypto | undefined {
  const { crypto } = globalThis;
  if (!crypto?.subtle) return undefined;
  return { subtle: crypto.subtle, getRandomValues: crypto.getRandomValues.bind(crypto) };
}
