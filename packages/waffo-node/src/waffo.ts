/** The entrance: one object for one merchant in one environment. It keeps no state but its settings. */
import {
  type MerchantConfig,
  merchantConfigOf,
  type Orders,
  ordersOf,
  type PayMethodConfig,
  payMethodConfigOf,
  type Refunds,
  refundsOf,
  type Tokenization,
  tokenizationOf,
} from './resources.ts';
import { optionsFromEnv, type Settings, settingsFrom, type WaffoOptions } from './settings.ts';
import { type Subscriptions, subscriptionsOf } from './subscriptions.ts';
import { Webhook } from './webhook.ts';

/**
 * A merchant's client. Make one and keep it: the keys are parsed once.
 *
 * @example
 * const waffo = new Waffo({
 *   apiKey: 'wk_test_…', privateKey: 'MIIE…', waffoPublicKey: 'MIIB…',
 *   environment: 'sandbox', merchantId: 'M_SANDBOX_1', baseUrl: 'http://127.0.0.1:4010',
 * });
 */
export class Waffo {
  readonly #settings: Settings;

  /** @throws WaffoError that names the option which is missing or cannot be read (S0002, S0006, S0007) */
  constructor(options: WaffoOptions) {
    this.#settings = settingsFrom(options);
  }

  /**
   * Reads WAFFO_API_KEY, WAFFO_PRIVATE_KEY, WAFFO_PUBLIC_KEY, WAFFO_ENVIRONMENT, WAFFO_MERCHANT_ID and, for a gateway
   * of your own, WAFFO_BASE_URL.
   *
   * @param options - what to add, or to put in the place of a variable
   * @throws WaffoError that names the variable which is not set
   * @example const waffo = Waffo.fromEnv({ timeoutMs: 10_000 });
   */
  static fromEnv(options: Partial<WaffoOptions> = {}): Waffo {
    return new Waffo(optionsFromEnv(process.env, options));
  }

  /** Binds cards, lists and removes tokens. */
  tokenization(): Tokenization {
    return tokenizationOf(this.#settings);
  }

  /** Creates, reads, cancels, captures and refunds orders. */
  order(): Orders {
    return ordersOf(this.#settings);
  }

  /** Reads refunds. */
  refund(): Refunds {
    return refundsOf(this.#settings);
  }

  /** Creates, reads, changes and cancels subscriptions. */
  subscription(): Subscriptions {
    return subscriptionsOf(this.#settings);
  }

  /** Reads the limits of your contract. */
  merchantConfig(): MerchantConfig {
    return merchantConfigOf(this.#settings);
  }

  /** Reads the payment methods of your contract. */
  payMethodConfig(): PayMethodConfig {
    return payMethodConfigOf(this.#settings);
  }

  /** A receiver of notifications; register handlers, then pass it each delivery. */
  webhook(): Webhook {
    return new Webhook(this.#settings);
  }
}
