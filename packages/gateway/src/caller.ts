/** Who is calling, once the door has proved it: what an action may rely on. It carries no word of HTTP. */
import type { Merchant } from './merchant/merchant.ts';

/** A merchant's backend, proved by its signature. */
export interface MerchantCaller {
  readonly door: 'merchant';
  readonly merchant: Merchant;
  readonly requestId: string;
}

/** A shopper's page, or a native app, that acts for a merchant. */
export interface BrowserCaller {
  readonly door: 'browser';
  readonly merchant: Merchant;
  /** Absent when no browser sent the request. */
  readonly origin: string | undefined;
  /** Where on the network it comes from, as `networkOf` tells. */
  readonly network: string;
  readonly requestId: string;
  /** BCP 47 tag of the page that the shopper is on, where it does not follow his browser. */
  readonly language?: string | undefined;
  /** Whether the shopper may be sent back to this URL: its origin is registered for the client key. */
  mayReturnTo(url: string): boolean;
}

export type Caller = MerchantCaller | BrowserCaller;
