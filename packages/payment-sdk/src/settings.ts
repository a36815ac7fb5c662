/** What a `WaffoSDK` is made with. Everything that a page's other scripts could change later is taken hold of here. */
import type { WebCrypto } from '@waffo/protocol/envelope/seal';
import { type Locale, localeOf } from '@waffo/protocol/locale';
import { ownText, ownValue } from './own-value.ts';

/** `production` is `prod`, and `test` is `sandbox`. */
export type WaffoEnvironment = 'prod' | 'production' | 'sandbox' | 'test';

/**
 * Which gateway a `WaffoSDK` talks to, and how it speaks to the shopper. The constructor throws a TypeError when neither `env`
 * nor `baseUrl` names a gateway, when `baseUrl` is no URL, and when `timeoutMs` is not above 0.
 *
 * @example { env: 'prod', baseUrl: 'https://pay.example', locale: 'zh-HK' } // a gateway of your own, with live cards
 */
export interface WaffoSDKOptions {
  /**
   * Which gateway to talk to, and whether cards are live. Needed unless `baseUrl` is given; next to it `prod` still says that
   * cards are live. With `baseUrl` alone the key says so: `wck_live_...` is live, any other is not.
   *
   * Live: a card is held to its scheme's rules before it is sent, `validateUrl` must be https, and the console is not told
   * the gateway's words.
   */
  readonly env?: WaffoEnvironment | undefined;
  /**
   * Language of the messages, a BCP 47 tag. Known are `en`, `zh-Hans`, `zh-Hant` and `ja`, also by region (`zh-HK` is
   * `zh-Hant`, `zh` is `zh-Hans`). Any other is answered in English.
   */
  readonly locale?: string | undefined;
  /**
   * Address of a gateway of your own, e.g. `https://pay.example` or `http://127.0.0.1:4010/api/v1`; `/api/v1` may be left out.
   * It takes the place of the address that `env` names; give `env: 'prod'` with it when cards are live.
   */
  readonly baseUrl?: string | undefined;
  /** Accepted for compatibility, without effect: a binding has no page of its own to colour. */
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
  const key = keyFrom(clientApiKey);
  const timeoutMs = ownValue(options, 'timeoutMs') ?? defaultTimeoutMs;
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0)) throw new TypeError('WaffoSDK: timeoutMs must be above 0');
  return {
    clientApiKey: key,
    baseUrl,
    isProduction: isLive(key, ownText(options, 'env')),
    locale: localeOf(ownText(options, 'locale')) ?? 'en',
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

const isKnown = (env: string): env is WaffoEnvironment => Object.hasOwn(environments, env);

/** A gateway of one's own may hold live cards too, so its address decides nothing. */
const isLive = (clientApiKey: string, env: string): boolean =>
  isKnown(env) ? environments[env] === production : clientApiKey.startsWith('wck_live_');

function baseUrlFrom(options: unknown): string {
  const given = ownText(options, 'baseUrl');
  if (given !== '') return apiUrl(given);
  const env = ownText(options, 'env');
  if (!isKnown(env)) {
    throw new TypeError('WaffoSDK: env must be "prod", "production", "sandbox" or "test"; or give baseUrl');
  }
  return environments[env];
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
