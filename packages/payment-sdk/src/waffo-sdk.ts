/** `WaffoSDK`, the default export: what a merchant's page calls. */

import type { SubmitInput } from './card-input.ts';
import { ownValue } from './own-value.ts';
import type { SubmitResult } from './result.ts';
import { type Settings, settingsFrom, type WaffoSDKOptions } from './settings.ts';
import { tokenizationSubmit } from './tokenization-submit.ts';

/**
 * Encrypts a card on the shopper's page and submits it to the gateway, so that the merchant's server never touches it.
 *
 * Make it when the page loads: it takes hold of `fetch` and WebCrypto as they then are.
 *
 * @example
 * const sdk = new WaffoSDK('wck_live_...', { env: 'prod', locale: 'en' });
 * const result = await sdk.tokenizationSubmit(tokenSessionId, {
 *   tokenData: { pan: '4111 1111 1111 1111', name: 'Ada Lovelace', expiry: '12/2030', cvv: '123' },
 * });
 * if (!result.success) show(result.error.message);
 * else if (result.data.validateUrl) window.location.href = result.data.validateUrl;
 */
export class WaffoSDK {
  readonly #settings: Settings;
  readonly #underWay = new Map<string, Promise<SubmitResult>>();

  /**
   * @param clientApiKey - the merchant's client API key, `wck_...`. It is public by nature: it can only submit cards to
   *   sessions that the merchant's backend opened, and only from the origins that the merchant registered.
   * @param options - environment and language; see `WaffoSDKOptions`
   * @throws TypeError without a key, with a secret key, without a known `env` or a `baseUrl` that is a URL
   */
  constructor(clientApiKey: string, options: WaffoSDKOptions);
  /** The same with the key among the options. */
  constructor(options: WaffoSDKOptions & { readonly clientApiKey: string });
  constructor(first: string | (WaffoSDKOptions & { readonly clientApiKey: string }), second?: WaffoSDKOptions) {
    this.#settings =
      typeof first === 'string' ? settingsFrom(first, second) : settingsFrom(ownValue(first, 'clientApiKey'), first);
  }

  /**
   * Checks a card, seals it to the session and submits it. The token never comes to the browser: the merchant's backend
   * receives it by webhook.
   *
   * Nothing that the shopper, the network or the gateway does makes this reject; see `SubmitResult`. A card that cannot be
   * one is refused with `A0029` before anything is sent. When no answer comes, the same sealed bytes are sent again, at
   * most twice; the gateway takes them once. While one submission to a session is under way, a second call (a double
   * click) gets the result of the first.
   *
   * @param tokenSessionId - from the merchant's backend, which got it from `POST /tokenization/generate`; good for one
   *   card and 30 minutes. After a refusal with `A0029` or `A0031` it may be used again, five times in all.
   * @param input - the card, and optionally the billing address and where to return to after 3-D Secure
   * @returns `{ success: true, data: { tokenRequestId, validateUrl? } }` or `{ success: false, error: { code, message, field? } }`
   * @throws TypeError (as a rejection) when no session id is given
   */
  async tokenizationSubmit(tokenSessionId: string, input: SubmitInput): Promise<SubmitResult> {
    const sessionId = typeof tokenSessionId === 'string' ? tokenSessionId.trim() : '';
    if (sessionId === '') {
      throw new TypeError(
        'tokenizationSubmit: give the tokenSessionId that your backend got from tokenization/generate',
      );
    }
    const first = this.#underWay.get(sessionId);
    if (first !== undefined) return first;
    const submission = tokenizationSubmit(this.#settings, sessionId, input, new Date());
    this.#underWay.set(sessionId, submission);
    try {
      return await submission;
    } finally {
      this.#underWay.delete(sessionId);
    }
  }
}
